//! Keys of content, errors, identities and credentials, and the roots of the conventions for model calls.

use super::Class;
use super::entry::Entry;
use crate::policy::content_shape::ContentShape;
use crate::policy::place::TextKind;
use crate::policy::side::Side;

const INPUT: Class = Class::Content(Side::Input, None);
const OUTPUT: Class = Class::Content(Side::Output, None);

const fn shaped(side: Side, shape: ContentShape) -> Class {
    Class::Content(side, Some(shape))
}

const fn text(side: Side) -> Class {
    shaped(side, ContentShape::Value(TextKind::Text))
}

const fn value(side: Side, kind: TextKind) -> Class {
    shaped(side, ContentShape::Value(kind))
}

const fn input(key: &'static str) -> Entry {
    Entry::tree(key, INPUT)
}

const fn output(key: &'static str) -> Entry {
    Entry::tree(key, OUTPUT)
}

/// All classes except facts. The tests name the source of each convention.
#[rustfmt::skip]
pub(super) const TABLE: &[Entry] = &[
    // Roots of conventions.
    Entry::root("gen_ai"), Entry::root("llm"), Entry::root("ai"), Entry::root("openinference"),
    Entry::root("traceloop"), Entry::root("langfuse"), Entry::root("langsmith"), Entry::root("mlflow"),
    Entry::root("braintrust"), Entry::root("pydantic_ai"), Entry::root("genkit"), Entry::root("gcp.vertex.agent"),
    Entry::root("lk"), Entry::root("haystack"), Entry::root("openlit"), Entry::root("openai"), Entry::root("llm_trace"),
    Entry::root("embedding"), Entry::root("reranker"), Entry::root("retrieval"),
    Entry::exact("model_request_parameters", INPUT).of_model_call(),
    Entry::exact("input.value", INPUT).of_model_call(), Entry::exact("output.value", OUTPUT).of_model_call(),

    // OpenTelemetry, current version.
    Entry::exact("gen_ai.agent.description", text(Side::Input)),
    Entry::exact("gen_ai.evaluation.explanation", OUTPUT),
    Entry::exact("gen_ai.input.messages", shaped(Side::Input, ContentShape::Messages)),
    Entry::exact("gen_ai.memory.query.text", text(Side::Input)),
    Entry::exact("gen_ai.memory.records", shaped(Side::Output, ContentShape::Documents)),
    Entry::exact("gen_ai.output.messages", shaped(Side::Output, ContentShape::Messages)),
    Entry::exact("gen_ai.retrieval.documents", shaped(Side::Output, ContentShape::Documents)),
    Entry::exact("gen_ai.retrieval.query.text", text(Side::Input)),
    Entry::exact("gen_ai.skill.description", INPUT), Entry::exact("gen_ai.skill.source.uri", INPUT),
    Entry::exact("gen_ai.system_instructions", shaped(Side::Input, ContentShape::Parts)),
    Entry::exact("gen_ai.tool.call.arguments", value(Side::Output, TextKind::Arguments)),
    Entry::exact("gen_ai.tool.call.result", value(Side::Input, TextKind::ToolResult)),
    Entry::exact("gen_ai.tool.definitions", shaped(Side::Input, ContentShape::Tools)),
    Entry::exact("gen_ai.tool.description", value(Side::Input, TextKind::ToolDefinition)),
    Entry::exact("gen_ai.main_agent.description", INPUT),
    input("gen_ai.memory.query"), input("gen_ai.prompt.variable"),
    // OpenTelemetry, earlier versions; also names of events.
    input("gen_ai.prompt"), output("gen_ai.completion"), input("gen_ai.content.prompt"),
    output("gen_ai.content.completion"), input("gen_ai.content.revised_prompt"), output("gen_ai.event.content"),
    input("gen_ai.message"), output("gen_ai.choice"), input("gen_ai.request.tools"),
    Entry::exact("gen_ai.system.message", INPUT), Entry::exact("gen_ai.user.message", INPUT),
    // A response that is sent back: a model wrote it, and it is part of an input.
    Entry::exact("gen_ai.assistant.message", Class::Content(Side::Either, None)),
    Entry::exact("gen_ai.tool.message", INPUT), Entry::exact("gen_ai.tools.message", INPUT),
    output("gen_ai.response.tool_calls"), output("gen_ai.response.image"), output("gen_ai.tool.args"),
    input("gen_ai.request.extra_body"), input("gen_ai.request.extra_query"),
    // llm-trace.
    Entry::exact("llm_trace.guardrail.decided", text(Side::Either)),
    Entry::exact("llm_trace.guardrail.judged", text(Side::Either)),
    Entry::exact("llm_trace.memory.query.text", text(Side::Input)),
    Entry::exact("llm_trace.memory.records", shaped(Side::Output, ContentShape::Documents)),
    // OpenInference.
    input("llm.input_messages"), output("llm.output_messages"), input("llm.prompts"), output("llm.choices"),
    input("llm.prompt_template"), input("llm.invocation_parameters"), input("llm.tools"), output("llm.function_call"),
    input("embedding.text"), input("embedding.embeddings"), output("embedding.vector"),
    input("embedding.invocation_parameters"), output("retrieval.documents"), input("reranker.query"),
    input("reranker.input_documents"), output("reranker.output_documents"), input("tool.parameters"),
    input("tool.description"), output("document.content"), output("document.metadata"), input("input"),
    output("output"), input("message.content"), input("message.contents"), input("message_content"),
    input("image.url"), input("audio.url"), input("audio.transcript"),
    // OpenLLMetry.
    input("llm.prompt"), output("llm.completions"), output("llm.completion"), input("llm.request.functions"),
    output("llm.content.completion.chunk"), Entry::tree("llm.headers", Class::Secret),
    Entry::exact("traceloop.entity.input", INPUT), Entry::exact("traceloop.entity.output", OUTPUT),
    input("traceloop.prompt.template"), input("traceloop.prompt.template_variables"), input("mcp.request.argument"),
    output("mcp.response.value"),
    // The AI SDK.
    input("ai.prompt"), output("ai.response"), output("ai.stream"), output("ai.embedding"), output("ai.embeddings"),
    output("ai.result"), input("ai.schema"), input("ai.value"), input("ai.values"), input("ai.documents"),
    Entry::exact("ai.toolCall.args", OUTPUT), Entry::exact("ai.toolCall.result", INPUT),
    Entry::tree("ai.request.headers", Class::Secret),
    // Langfuse, LangSmith, MLflow, Braintrust.
    input("langfuse.observation.input"), output("langfuse.observation.output"), input("langfuse.trace.input"),
    output("langfuse.trace.output"), input("langfuse.input"), output("langfuse.output"),
    Entry::exact("langfuse.observation.status_message", Class::Error),
    input("langsmith.input"), output("langsmith.output"), Entry::tree("langsmith.request.headers", Class::Secret),
    input("braintrust.input"), output("braintrust.output"),
    Entry::exact("mlflow.spanInputs", INPUT), Entry::exact("mlflow.spanOutputs", OUTPUT),
    Entry::exact("mlflow.traceInputs", INPUT), Entry::exact("mlflow.traceOutputs", OUTPUT),
    Entry::exact("mlflow.chat.tools", INPUT), output("mlflow.chunk.value"),
    output("mlflow.trace.intermediate_outputs"),
    // Pydantic AI, Logfire.
    Entry::exact("all_messages_events", INPUT), Entry::exact("pydantic_ai.all_messages", INPUT),
    Entry::exact("request_data", INPUT), Entry::exact("response_data", OUTPUT), Entry::exact("final_result", OUTPUT),
    Entry::exact("tool_arguments", OUTPUT), Entry::exact("tool_response", INPUT),
    // Genkit, the Agent Development Kit, LiveKit, Haystack.
    input("genkit:input"), output("genkit:output"), input("genkit:init"), input("genkit:metadata:context"),
    input("gcp.vertex.agent.llm_request"), output("gcp.vertex.agent.llm_response"), input("gcp.vertex.agent.data"),
    output("gcp.vertex.agent.tool_call_args"), input("gcp.vertex.agent.tool_response"),
    input("lk.pii"), output("lk.pii.response"), output("lk.pii.function_tool.arguments"),
    input("lk.user_input"), input("lk.instructions"), input("lk.chat_ctx"), input("lk.function_tools"),
    output("lk.response.text"), output("lk.response.function_calls"), output("lk.function_tool.args"),
    input("lk.function_tool.output"), input("lk.input_text"), input("lk.user_transcript"),
    input("haystack.component.input"), output("haystack.component.output"), input("haystack.pipeline.input_data"),
    output("haystack.pipeline.output_data"),
    // Keys without a namespace.
    Entry::exact("completion", OUTPUT), Entry::exact("completions", OUTPUT), Entry::exact("messages", INPUT),
    Entry::exact("prompt", INPUT), Entry::exact("prompts", INPUT), Entry::exact("raw_input", INPUT),
    Entry::exact("system_prompt", INPUT),

    // Errors.
    Entry::exact("cause", Class::Error), Entry::exact("e", Class::Error),
    Entry::exact("err", Class::Error), Entry::exact("error", Class::Error), Entry::exact("error.details", Class::Error),
    Entry::exact("error.message", Class::Error), Entry::exact("error.stack", Class::Error),
    Entry::exact("exception", Class::Error), Entry::exact("exception.message", Class::Error),
    Entry::exact("exception.stacktrace", Class::Error), Entry::exact("otel.status_message", Class::Error),
    Entry::exact("otel.status_description", Class::Error), Entry::exact("otel.status_code.message", Class::Error),

    // Metadata of callers. Users choose the keys.
    Entry::exact("llm.tags", Class::Metadata), Entry::tree("llm.metadata", Class::Metadata),
    Entry::exact("llm_trace.tags", Class::Metadata), Entry::tree("llm_trace.metadata", Class::Metadata),
    Entry::exact("llm_trace.attributes", Class::Metadata), Entry::exact("metadata", Class::Metadata),
    Entry::exact("tag.tags", Class::Metadata), Entry::tree("traceloop.association.properties", Class::Metadata),
    Entry::tree("ai.telemetry.metadata", Class::Metadata), Entry::tree("langfuse.trace.metadata", Class::Metadata),
    Entry::exact("langfuse.trace.tags", Class::Metadata), Entry::tree("langfuse.observation.metadata", Class::Metadata),
    Entry::tree("langsmith.metadata", Class::Metadata), Entry::exact("langsmith.span.tags", Class::Metadata),

    // Identities.
    Entry::tree("enduser", Class::Identity), Entry::exact("gen_ai.conversation.id", Class::Identity),
    Entry::exact("gen_ai.request.user", Class::Identity), Entry::exact("llm.user", Class::Identity),
    Entry::exact("llm.conversation_id", Class::Identity), Entry::exact("llm.email", Class::Identity),
    Entry::exact("llm.end_user_id", Class::Identity), Entry::exact("llm.key_alias", Class::Identity),
    Entry::exact("llm.key_hash", Class::Identity), Entry::exact("llm.org_id", Class::Identity),
    Entry::exact("llm.session_id", Class::Identity), Entry::exact("llm.team_alias", Class::Identity),
    Entry::exact("llm.team_id", Class::Identity), Entry::exact("llm.user_id", Class::Identity),
    Entry::tree("llm_trace.caller", Class::Identity), Entry::tree("langfuse.user", Class::Identity),
    Entry::tree("langfuse.session", Class::Identity), Entry::exact("langsmith.trace.session_id", Class::Identity),
    Entry::exact("langsmith.trace.session_name", Class::Identity), Entry::exact("mlflow.trace.user", Class::Identity),
    Entry::exact("mlflow.trace.session", Class::Identity), Entry::exact("gcp.vertex.agent.session_id", Class::Identity),
    Entry::exact("genkit:sessionId", Class::Identity), Entry::exact("lk.participant_id", Class::Identity),
    Entry::exact("lk.participant_identity", Class::Identity), Entry::exact("session.id", Class::Identity),
    Entry::exact("session_id", Class::Identity), Entry::exact("user.email", Class::Identity),
    Entry::exact("user.full_name", Class::Identity), Entry::exact("user.hash", Class::Identity),
    Entry::exact("user.id", Class::Identity), Entry::exact("user.name", Class::Identity),
    Entry::exact("user_id", Class::Identity), Entry::exact("ai.telemetry.metadata.userId", Class::Identity),
];
