//! The table of content: everything that can be recorded of a call only with a permit, one row each.

use super::Profile;
use super::names::{Names, both, core_latest};

macro_rules! contents {
    ($($(#[doc = $doc:literal])+ $field:ident: $names:expr;)*) => {
        /// A place for content.
        #[doc(hidden)]
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum ContentField {
            $($(#[doc = $doc])+ $field,)*
        }

        impl ContentField {
            /// All of them.
            pub(crate) const ALL: &'static [ContentField] = &[$(ContentField::$field),*];
        }

        const ROWS: &[(Names, &str)] = &[$(($names, concat!($($doc),+))),*];
    };
}

contents! {
    /// The messages that were sent, as JSON.
    InputMessages: both("gen_ai.input.messages");
    /// The messages that were answered, as JSON.
    OutputMessages: both("gen_ai.output.messages");
    /// The instructions that stand apart from the messages, as JSON.
    SystemInstructions: both("gen_ai.system_instructions");
    /// The tools that a model may call, as JSON.
    ToolDefinitions: both("gen_ai.tool.definitions");
    /// The purpose of an agent.
    AgentDescription: both("gen_ai.agent.description");
    /// The purpose of a tool.
    ToolDescription: both("gen_ai.tool.description");
    /// The arguments that a model gave a tool, as JSON.
    ToolArguments: both("gen_ai.tool.call.arguments");
    /// The result of a tool, as JSON.
    ToolResult: both("gen_ai.tool.call.result");
    /// The text that is searched for in a data source.
    Query: both("gen_ai.retrieval.query.text");
    /// The documents that were found, as JSON.
    Documents: both("gen_ai.retrieval.documents");
    /// The text that memories are searched for.
    MemoryQuery: core_latest("llm_trace.memory.query.text", "gen_ai.memory.query.text");
    /// The memories that were found or written, as JSON.
    MemoryRecords: core_latest("llm_trace.memory.records", "gen_ai.memory.records");
    /// The text that a guardrail judges.
    Judged: both("llm_trace.guardrail.judged");
    /// The decision of a guardrail in full.
    Decided: both("llm_trace.guardrail.decided");
    /// The text of an error; on the event of a failure.
    ExceptionMessage: both("exception.message");
    /// The reasons for an evaluation's score; on its event.
    EvaluationExplanation: both("gen_ai.evaluation.explanation");
}

impl ContentField {
    const fn names(self) -> Names {
        ROWS[self as usize].0
    }

    /// One sentence for people.
    pub(crate) const fn doc(self) -> &'static str {
        ROWS[self as usize].1
    }

    /// The attribute's name in a profile.
    pub(crate) const fn name(self, profile: Profile) -> &'static str {
        match self.names().of(profile) {
            Some(name) => name,
            None => self.key(),
        }
    }

    /// The attribute's name, for content that has the same one in both profiles.
    pub(crate) const fn key(self) -> &'static str {
        self.names().any()
    }
}
