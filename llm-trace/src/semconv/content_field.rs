//! The table of content: one row for each attribute that requires a permit.

use super::Profile;
use super::names::{Names, both, core_latest};

macro_rules! contents {
    ($($(#[doc = $doc:literal])+ $field:ident: $names:expr;)*) => {
        /// An attribute that holds content.
        #[doc(hidden)]
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum ContentField {
            $($(#[doc = $doc])+ $field,)*
        }

        impl ContentField {
            /// All content fields.
            pub(crate) const ALL: &'static [ContentField] = &[$(ContentField::$field),*];
        }

        const ROWS: &[(Names, &str)] = &[$(($names, concat!($($doc),+))),*];
    };
}

contents! {
    /// The input messages, as JSON.
    InputMessages: both("gen_ai.input.messages");
    /// The output messages, as JSON.
    OutputMessages: both("gen_ai.output.messages");
    /// The system instructions outside of the messages, as JSON.
    SystemInstructions: both("gen_ai.system_instructions");
    /// The tools that the model may call, as JSON.
    ToolDefinitions: both("gen_ai.tool.definitions");
    /// The description of an agent.
    AgentDescription: both("gen_ai.agent.description");
    /// The description of a tool.
    ToolDescription: both("gen_ai.tool.description");
    /// The arguments of a tool call, as JSON.
    ToolArguments: both("gen_ai.tool.call.arguments");
    /// The result of a tool, as JSON.
    ToolResult: both("gen_ai.tool.call.result");
    /// The query of a retrieval.
    Query: both("gen_ai.retrieval.query.text");
    /// The retrieved documents, as JSON.
    Documents: both("gen_ai.retrieval.documents");
    /// The query of a memory search.
    MemoryQuery: core_latest("llm_trace.memory.query.text", "gen_ai.memory.query.text");
    /// The memories that were read or written, as JSON.
    MemoryRecords: core_latest("llm_trace.memory.records", "gen_ai.memory.records");
    /// The text that a guardrail checks.
    Judged: both("llm_trace.guardrail.judged");
    /// The complete decision of a guardrail.
    Decided: both("llm_trace.guardrail.decided");
    /// The message of an error; on its event.
    ExceptionMessage: both("exception.message");
    /// The explanation of an evaluation; on its event.
    EvaluationExplanation: both("gen_ai.evaluation.explanation");
}

impl ContentField {
    const fn names(self) -> Names {
        ROWS[self as usize].0
    }

    /// One sentence for the documentation.
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

    /// The attribute's name, for content with the same name in both profiles.
    pub(crate) const fn key(self) -> &'static str {
        self.names().any()
    }
}
