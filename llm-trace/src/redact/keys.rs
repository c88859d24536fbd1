//! What stands under which key: the one table for spans, events and fields of other crates.
//!
//! Conventions and tools named here: OpenTelemetry (also its older GenAI names), OpenInference,
//! OpenLLMetry, the Vercel AI SDK, Langfuse, LangSmith, MLflow, Braintrust, Logfire.

use super::permit::Side;
use super::place::TextKind;
use super::rewrite::Shape;

/// What stands under a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    /// Content of a side; of a known shape where it is the convention's JSON.
    Content(Side, Option<Shape>),
    /// An error's text: can echo either side.
    Error,
    /// A user's or session's identifier.
    Identity,
    /// A credential: never goes out.
    Secret,
    /// A value some convention defines as no content.
    Fact,
    /// Anything else: free text for all we know.
    Unknown,
}

const INPUT: Class = Class::Content(Side::Input, None);
const OUTPUT: Class = Class::Content(Side::Output, None);

const TEXT: Option<Shape> = Some(Shape::Value(TextKind::Text));

/// Keys that hold one thing, sorted.
const EXACT: &[(&str, Class)] = &[
    ("ai.operationId", Class::Fact),
    ("ai.result.object", OUTPUT),
    ("ai.result.text", OUTPUT),
    ("ai.schema", INPUT),
    ("ai.toolCall.args", OUTPUT),
    ("ai.toolCall.id", Class::Fact),
    ("ai.toolCall.name", Class::Fact),
    ("ai.toolCall.result", INPUT),
    ("ai.value", INPUT),
    ("ai.values", INPUT),
    ("all_messages_events", INPUT),
    ("completion", OUTPUT),
    ("completions", OUTPUT),
    ("document.content", OUTPUT),
    ("enduser.id", Class::Identity),
    ("err", Class::Error),
    ("error", Class::Error),
    ("error.details", Class::Error),
    ("error.message", Class::Error),
    ("error.stack", Class::Error),
    ("error.type", Class::Fact),
    ("exception", Class::Error),
    ("exception.escaped", Class::Fact),
    ("exception.message", Class::Error),
    ("exception.stacktrace", Class::Error),
    ("exception.type", Class::Fact),
    ("gen_ai.agent.description", Class::Content(Side::Input, TEXT)),
    ("gen_ai.agent.id", Class::Fact),
    ("gen_ai.agent.name", Class::Fact),
    ("gen_ai.agent.version", Class::Fact),
    ("gen_ai.assistant.message", INPUT),
    ("gen_ai.conversation.id", Class::Identity),
    ("gen_ai.data_source.id", Class::Fact),
    ("gen_ai.evaluation.explanation", OUTPUT),
    ("gen_ai.evaluation.name", Class::Fact),
    ("gen_ai.event.content", OUTPUT),
    ("gen_ai.input.messages", Class::Content(Side::Input, Some(Shape::Messages))),
    ("gen_ai.main_agent.description", INPUT),
    ("gen_ai.memory.query.text", Class::Content(Side::Input, TEXT)),
    ("gen_ai.memory.records", Class::Content(Side::Output, Some(Shape::Documents))),
    ("gen_ai.operation.name", Class::Fact),
    ("gen_ai.output.messages", Class::Content(Side::Output, Some(Shape::Messages))),
    ("gen_ai.output.type", Class::Fact),
    ("gen_ai.prompt.name", Class::Fact),
    ("gen_ai.prompt.version", Class::Fact),
    ("gen_ai.provider.name", Class::Fact),
    ("gen_ai.retrieval.documents", Class::Content(Side::Output, Some(Shape::Documents))),
    ("gen_ai.retrieval.query.text", Class::Content(Side::Input, TEXT)),
    ("gen_ai.skill.description", INPUT),
    ("gen_ai.skill.name", Class::Fact),
    ("gen_ai.skill.resource.name", Class::Fact),
    ("gen_ai.skill.source.uri", INPUT),
    ("gen_ai.system", Class::Fact),
    ("gen_ai.system.message", INPUT),
    ("gen_ai.system_instructions", Class::Content(Side::Input, Some(Shape::Parts))),
    ("gen_ai.token.type", Class::Fact),
    ("gen_ai.tool.call.arguments", Class::Content(Side::Output, Some(Shape::Value(TextKind::Arguments)))),
    ("gen_ai.tool.call.id", Class::Fact),
    ("gen_ai.tool.call.result", Class::Content(Side::Input, Some(Shape::Value(TextKind::ToolResult)))),
    ("gen_ai.tool.definitions", Class::Content(Side::Input, Some(Shape::Tools))),
    ("gen_ai.tool.description", Class::Content(Side::Input, Some(Shape::Value(TextKind::ToolDefinition)))),
    ("gen_ai.tool.message", INPUT),
    ("gen_ai.tool.name", Class::Fact),
    ("gen_ai.tool.type", Class::Fact),
    ("gen_ai.user.message", INPUT),
    ("gen_ai.workflow.name", Class::Fact),
    ("input", INPUT),
    ("input.mime_type", Class::Fact),
    ("input.value", INPUT),
    ("level", Class::Fact),
    ("llm.conversation_id", Class::Identity),
    ("llm.email", Class::Identity),
    ("llm.end_user_id", Class::Identity),
    ("llm.function_call", OUTPUT),
    ("llm.key_alias", Class::Identity),
    ("llm.key_hash", Class::Identity),
    ("llm.model_name", Class::Fact),
    ("llm.org_id", Class::Identity),
    ("llm.provider", Class::Fact),
    ("llm.request.type", Class::Fact),
    ("llm.session_id", Class::Identity),
    ("llm.system", Class::Fact),
    ("llm.team_alias", Class::Identity),
    ("llm.team_id", Class::Identity),
    ("llm.user_id", Class::Identity),
    ("llm_trace.guardrail.decided", Class::Content(Side::Either, TEXT)),
    ("llm_trace.guardrail.judged", Class::Content(Side::Either, TEXT)),
    ("llm_trace.memory.query.text", Class::Content(Side::Input, TEXT)),
    ("llm_trace.memory.records", Class::Content(Side::Output, Some(Shape::Documents))),
    ("messages", INPUT),
    ("mlflow.spanInputs", INPUT),
    ("mlflow.spanOutputs", OUTPUT),
    ("openinference.span.kind", Class::Fact),
    ("output", OUTPUT),
    ("output.mime_type", Class::Fact),
    ("output.value", OUTPUT),
    ("prompt", INPUT),
    ("prompts", INPUT),
    ("raw_input", INPUT),
    ("request_data", INPUT),
    ("response_data", OUTPUT),
    ("session.id", Class::Identity),
    ("session_id", Class::Identity),
    ("span.kind", Class::Fact),
    ("system_prompt", INPUT),
    ("target", Class::Fact),
    ("tool_arguments", OUTPUT),
    ("tool_response", INPUT),
    ("traceloop.entity.input", INPUT),
    ("traceloop.entity.name", Class::Fact),
    ("traceloop.entity.output", OUTPUT),
    ("traceloop.span.kind", Class::Fact),
    ("traceloop.workflow.name", Class::Fact),
    ("user.email", Class::Identity),
    ("user.full_name", Class::Identity),
    ("user.hash", Class::Identity),
    ("user.id", Class::Identity),
    ("user.name", Class::Identity),
    ("user_id", Class::Identity),
];

/// Beginnings of keys. The first that fits counts, so what is more special comes first.
const PREFIXES: &[(&str, Class)] = &[
    // Content.
    ("gen_ai.prompt", INPUT),
    ("gen_ai.completion", OUTPUT),
    ("gen_ai.memory.query", INPUT),
    ("gen_ai.memory.records", OUTPUT),
    ("gen_ai.content.prompt", INPUT),
    ("gen_ai.content.completion", OUTPUT),
    ("gen_ai.message", INPUT),
    ("gen_ai.request.tools", INPUT),
    ("gen_ai.choice", OUTPUT),
    ("llm.prompt", INPUT),
    ("llm.completions", OUTPUT),
    ("llm.input_messages", INPUT),
    ("llm.output_messages", OUTPUT),
    ("llm.tools", INPUT),
    ("llm.invocation_parameters", INPUT),
    ("llm.request.functions", INPUT),
    ("embedding.text", INPUT),
    ("embedding.vector", OUTPUT),
    ("embedding.embeddings", INPUT),
    ("retrieval.documents", OUTPUT),
    ("reranker.query", INPUT),
    ("reranker.input_documents", INPUT),
    ("reranker.output_documents", OUTPUT),
    ("tool.parameters", INPUT),
    ("tool.description", INPUT),
    ("ai.prompt", INPUT),
    ("ai.response", OUTPUT),
    ("ai.stream", OUTPUT),
    ("ai.embedding", OUTPUT),
    ("langsmith.input", INPUT),
    ("langsmith.output", OUTPUT),
    ("braintrust.input", INPUT),
    ("braintrust.output", OUTPUT),
    // Identity.
    ("enduser.", Class::Identity),
    ("llm_trace.caller.route", Class::Fact),
    ("llm_trace.caller.", Class::Identity),
    ("metadata.user_api_key_request_route", Class::Fact),
    ("metadata.user_api_key_", Class::Identity),
    ("langfuse.user.", Class::Identity),
    ("langfuse.session.", Class::Identity),
    ("ai.telemetry.metadata.userId", Class::Identity),
    // Facts that a convention defines.
    ("gen_ai.request.", Class::Fact),
    ("gen_ai.response.", Class::Fact),
    ("gen_ai.usage.", Class::Fact),
    ("gen_ai.embeddings.", Class::Fact),
    ("gen_ai.evaluation.score", Class::Fact),
    ("gen_ai.openai.", Class::Fact),
    ("gen_ai.main_agent.", Class::Fact),
    ("gen_ai.conversation.", Class::Fact),
    ("gen_ai.memory.", Class::Fact),
    ("gen_ai.retrieval.", Class::Fact),
    ("gen_ai.token.", Class::Fact),
    ("openai.", Class::Fact),
    ("aws.", Class::Fact),
    ("azure.", Class::Fact),
    ("llm_trace.metadata.", Class::Unknown),
    ("llm_trace.tags", Class::Unknown),
    ("llm_trace.", Class::Fact),
    ("llm.token_count", Class::Fact),
    ("llm.usage", Class::Fact),
    ("ai.model.", Class::Fact),
    ("ai.usage.", Class::Fact),
    ("ai.settings.", Class::Fact),
    ("http.request.method", Class::Fact),
    ("http.response.status_code", Class::Fact),
    ("http.method", Class::Fact),
    ("http.status_code", Class::Fact),
    ("http.route", Class::Fact),
    ("http.scheme", Class::Fact),
    ("http.flavor", Class::Fact),
    ("http.request.resend_count", Class::Fact),
    ("url.scheme", Class::Fact),
    ("url.domain", Class::Fact),
    ("url.template", Class::Fact),
    ("server.", Class::Fact),
    ("client.", Class::Fact),
    ("network.", Class::Fact),
    ("net.", Class::Fact),
    ("peer.", Class::Fact),
    ("tls.", Class::Fact),
    ("rpc.", Class::Fact),
    ("jsonrpc.", Class::Fact),
    ("mcp.resource.uri", Class::Unknown),
    ("mcp.", Class::Fact),
    ("code.", Class::Fact),
    ("thread.", Class::Fact),
    ("log.", Class::Fact),
    ("otel.", Class::Fact),
    ("telemetry.", Class::Fact),
    ("service.", Class::Fact),
    ("deployment.", Class::Fact),
    ("process.", Class::Fact),
    ("host.", Class::Fact),
    ("os.", Class::Fact),
    ("cloud.", Class::Fact),
    ("k8s.", Class::Fact),
    ("container.", Class::Fact),
];

/// Names of headers and fields that carry credentials, as the last part of a key.
const SECRETS: &[&str] = &[
    "api-key",
    "api_key",
    "apikey",
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-amz-security-token",
    "x-api-key",
    "x-goog-api-key",
];

/// What stands under `key`, by the table.
pub(crate) fn class(key: &str) -> Class {
    if let Ok(at) = EXACT.binary_search_by(|(known, _)| (*known).cmp(key)) {
        return EXACT[at].1;
    }
    let last = key.rsplit('.').next().unwrap_or(key);
    if SECRETS.iter().any(|secret| last.eq_ignore_ascii_case(secret)) {
        return Class::Secret;
    }
    if key.starts_with("langfuse.") {
        match last {
            "input" => return INPUT,
            "output" => return OUTPUT,
            _ => {}
        }
    }
    let found = PREFIXES.iter().find(|(prefix, _)| key.starts_with(prefix));
    found.map_or(Class::Unknown, |(_, class)| *class)
}

/// Whether what stands under `key` may be a metric's label.
#[cfg(feature = "metrics")]
pub(crate) fn may_be_label(key: &str) -> bool {
    !matches!(class(key), Class::Content(..) | Class::Error | Class::Secret)
}

/// Whether a key of a flattened message (`llm.input_messages.0.message.role`) holds a word of the
/// structure.
pub(crate) fn is_structure(key: &str) -> bool {
    key.contains(|c: char| c.is_ascii_digit())
        && matches!(key.rsplit('.').next(), Some("role" | "finish_reason" | "mime_type"))
        || key.ends_with(".tool_call.function.name")
        || key.ends_with(".tool_call.id")
}

/// A key, or the beginning of keys where it ends in `*`, of the user's own.
#[derive(Clone, Debug)]
pub(crate) struct KeyPattern {
    text: String,
    prefix: bool,
}

impl KeyPattern {
    pub(crate) fn new(pattern: &str) -> Self {
        match pattern.strip_suffix('*') {
            Some(prefix) => Self { text: prefix.to_owned(), prefix: true },
            None => Self { text: pattern.to_owned(), prefix: false },
        }
    }

    pub(crate) fn fits(&self, key: &str) -> bool {
        if self.prefix { key.starts_with(&self.text) } else { key == self.text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(EXACT.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn content_of_known_tools_is_content() {
        for (key, class) in [
            ("gen_ai.prompt", INPUT),
            ("gen_ai.prompt.0.content", INPUT),
            ("gen_ai.prompt.name", Class::Fact),
            ("gen_ai.prompt.variable.city", INPUT),
            ("gen_ai.completion.0.content", OUTPUT),
            ("llm.prompts.0.content", INPUT),
            ("llm.prompt_template.variables", INPUT),
            ("llm.output_messages.0.message.content", OUTPUT),
            ("langfuse.observation.input", INPUT),
            ("langfuse.trace.output", OUTPUT),
            ("langfuse.user.id", Class::Identity),
            ("ai.prompt.messages", INPUT),
            ("ai.response.text", OUTPUT),
            ("http.request.header.authorization", Class::Secret),
            ("http.request.header.x-request-id", Class::Unknown),
            ("gen_ai.request.model", Class::Fact),
            ("gen_ai.request.tools.0.description", INPUT),
            ("message", Class::Unknown),
            ("url.full", Class::Unknown),
            ("db.query.text", Class::Unknown),
        ] {
            assert_eq!(super::class(key), class, "{key}");
        }
    }
}
