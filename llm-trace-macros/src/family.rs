//! The macros, their operations and the arguments each one accepts.

/// The description of one macro.
pub(crate) struct Family {
    /// The macro's name.
    pub(crate) name: &'static str,
    /// The operation, if it is fixed.
    pub(crate) operation: Option<&'static str>,
    /// The fact that defaults to the function's name.
    pub(crate) named: Option<&'static str>,
    /// Default values of facts.
    pub(crate) defaults: &'static [(&'static str, &'static str)],
    /// Arguments that several macros share.
    shared: &'static [&'static str],
    /// Arguments that only this macro accepts.
    also: &'static [(&'static str, Also)],
}

/// An argument that only some macros accept. It holds the library's `Fact` or `ContentField` name and an example.
#[derive(Clone, Copy)]
pub(crate) enum Also {
    Word(&'static str, &'static str),
    Number(&'static str, &'static str),
    Content(&'static str, &'static str),
    /// A closure that selects the response from the return value. Without it the whole value is the response.
    Answer(&'static str),
    Decision(&'static str),
    /// A closure that finds out whether the returned value reports a failure.
    Failed(&'static str),
    MaskInput,
    MaskOutput,
    Create,
}

use Also::{Answer, Content, Create, Decision, Failed, MaskInput, MaskOutput, Number, Word};

pub(crate) static CALL: Family = Family {
    name: "llm_call",
    operation: None,
    named: None,
    defaults: &[],
    shared: &[
        "operation",
        "provider",
        "model",
        "request",
        "input",
        "system",
        "tools",
        "response",
        "output",
        "server",
        "conversation",
        "mask_input",
        "mask_output",
        "error_type",
        "attributes",
        "parent",
        "name",
        "remote",
        "nested",
        "level",
        "target",
        "crate",
    ],
    also: &[],
};

pub(crate) static TOOL: Family = Family {
    name: "llm_tool",
    operation: Some("ExecuteTool"),
    named: Some("ToolName"),
    defaults: &[("ToolType", "function")],
    shared: &[
        "conversation",
        "mask_input",
        "mask_output",
        "error_type",
        "attributes",
        "parent",
        "level",
        "target",
        "crate",
    ],
    also: &[
        ("name", Word("ToolName", "`&call.name`")),
        ("call_id", Word("ToolCallId", "`&call.id`")),
        ("type", Word("ToolType", "`\"datastore\"`")),
        ("description", Content("ToolDescription", "`\"Tells the weather\"`")),
        ("arguments", Content("ToolArguments", "`&call.arguments`")),
        ("result", Answer("`|answer| &answer.body`")),
        ("failed", Failed("`|answer| answer.is_error`")),
        ("mask_arguments", MaskOutput),
        ("mask_result", MaskInput),
    ],
};

pub(crate) static AGENT: Family = Family {
    name: "llm_agent",
    operation: Some("InvokeAgent"),
    named: Some("AgentName"),
    defaults: &[],
    shared: &[
        "provider",
        "model",
        "request",
        "input",
        "system",
        "tools",
        "response",
        "output",
        "server",
        "conversation",
        "mask_input",
        "mask_output",
        "error_type",
        "attributes",
        "parent",
        "remote",
        "level",
        "target",
        "crate",
    ],
    also: &[
        ("name", Word("AgentName", "`\"researcher\"`")),
        ("id", Word("AgentId", "`&agent.id`")),
        ("version", Word("AgentVersion", "`\"1.2\"`")),
        ("description", Content("AgentDescription", "`\"Answers questions\"`")),
        ("data_source", Word("DataSourceId", "`\"handbook\"`")),
        ("create", Create),
    ],
};

pub(crate) static WORKFLOW: Family = Family {
    name: "llm_workflow",
    operation: Some("InvokeWorkflow"),
    named: Some("WorkflowName"),
    defaults: &[],
    shared: &[
        "input",
        "output",
        "conversation",
        "mask_input",
        "mask_output",
        "error_type",
        "attributes",
        "parent",
        "level",
        "target",
        "crate",
    ],
    also: &[("name", Word("WorkflowName", "`\"triage\"`"))],
};

pub(crate) static RETRIEVAL: Family = Family {
    name: "llm_retrieval",
    operation: Some("Retrieval"),
    named: None,
    defaults: &[],
    shared: &[
        "provider",
        "model",
        "server",
        "conversation",
        "mask_input",
        "mask_output",
        "error_type",
        "attributes",
        "parent",
        "remote",
        "level",
        "target",
        "crate",
    ],
    also: &[
        ("query", Content("Query", "`question`")),
        ("data_source", Word("DataSourceId", "`\"handbook\"`")),
        ("top_k", Number("RetrievalTopK", "`3`")),
        ("documents", Answer("`|found| &found.documents`")),
        ("mask_query", MaskInput),
        ("mask_documents", MaskOutput),
    ],
};

pub(crate) static GUARDRAIL: Family = Family {
    name: "llm_guardrail",
    operation: Some("ApplyGuardrail"),
    named: Some("GuardrailName"),
    defaults: &[],
    shared: &[
        "provider",
        "model",
        "server",
        "conversation",
        "mask_input",
        "mask_output",
        "error_type",
        "attributes",
        "parent",
        "remote",
        "level",
        "target",
        "crate",
    ],
    also: &[
        ("name", Word("GuardrailName", "`\"no-secrets\"`")),
        ("judged", Content("Judged", "`text`")),
        ("decided", Answer("`|verdict| &verdict.reasons`")),
        ("decision", Decision("`|verdict| verdict.word()`")),
    ],
};

impl Family {
    /// Looks up an argument that only this macro accepts.
    pub(crate) fn also(&self, name: &str) -> Option<&'static Also> {
        self.also.iter().find(|(known, _)| *known == name).map(|(_, also)| also)
    }

    /// Looks up a shared argument.
    pub(crate) fn shared(&self, name: &str) -> Option<&'static str> {
        self.shared.iter().find(|known| **known == name).copied()
    }

    /// The error message that lists the accepted arguments.
    pub(crate) fn expected(&self, what: &str) -> String {
        let what = if what.starts_with("unknown") { what } else { "" };
        let own = self.also.iter().map(|(name, _)| *name);
        let list: Vec<String> = own.chain(self.shared.iter().copied()).map(|name| format!("`{name}`")).collect();
        format!("{what}expected one of {}", list.join(", "))
    }
}
