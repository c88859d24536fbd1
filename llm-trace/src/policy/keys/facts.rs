//! Keys of facts on other crates' spans: identifiers, numbers and flags. A key that is not listed here is not a fact.

use super::entry::Entry;
use super::{Class, IdentifierKind};

/// An identifier without spaces.
const fn fact(key: &'static str) -> Entry {
    Entry::exact(key, Class::Fact(IdentifierKind::Word))
}

/// A name chosen by the program, which may contain spaces.
const fn name(key: &'static str) -> Entry {
    Entry::exact(key, Class::Fact(IdentifierKind::Name))
}

/// A count of tokens.
const fn count(key: &'static str) -> Entry {
    Entry::exact(key, Class::Fact(IdentifierKind::Count))
}

/// The module that created a span or an event.
const fn target(key: &'static str) -> Entry {
    Entry::exact(key, Class::Fact(IdentifierKind::Target))
}

#[rustfmt::skip]
pub(super) const FACTS: &[Entry] = &[
    // OpenTelemetry GenAI, current and earlier versions, and additions of backends.
    name("gen_ai.agent.id"), name("gen_ai.agent.name"), name("gen_ai.agent.version"), fact("gen_ai.agent.type"),
    name("gen_ai.data_source.id"), name("gen_ai.evaluation.name"), fact("gen_ai.evaluation.score.value"),
    name("gen_ai.operation.name"), fact("gen_ai.output.type"), name("gen_ai.prompt.name"), name("gen_ai.prompt.version"),
    name("gen_ai.provider.name"), name("gen_ai.skill.name"), name("gen_ai.skill.resource.name"), fact("gen_ai.system"),
    fact("gen_ai.token.type"), fact("gen_ai.token.modality"), fact("gen_ai.tool.call.id"), name("gen_ai.tool.name"),
    fact("gen_ai.tool.type"), name("gen_ai.workflow.name"), name("gen_ai.main_agent.name"), name("gen_ai.main_agent.id"),
    name("gen_ai.request.model"), fact("gen_ai.request.encoding_formats"), fact("gen_ai.request.encoding_format"),
    fact("gen_ai.request.reasoning.level"), fact("gen_ai.request.reasoning_effort"),
    fact("gen_ai.request.previous_response.id"), fact("gen_ai.request.service_tier"), fact("gen_ai.request.stream_cursor"),
    fact("gen_ai.request.image_size"), fact("gen_ai.request.image_quality"), fact("gen_ai.request.audio_voice"),
    fact("gen_ai.request.audio_response_format"),
    fact("gen_ai.response.id"), fact("gen_ai.response.model"), fact("gen_ai.response.model_name"),
    fact("gen_ai.response.finish_reason"), fact("gen_ai.response.finish_reasons"), fact("gen_ai.response.status"),
    fact("gen_ai.response.service_tier"), fact("gen_ai.response.system_fingerprint"),
    fact("gen_ai.memory.store.id"), fact("gen_ai.memory.record.id"),
    fact("gen_ai.openai.request.service_tier"), fact("gen_ai.openai.response.service_tier"),
    fact("gen_ai.openai.request.response_format"), fact("gen_ai.openai.response.system_fingerprint"),
    fact("gen_ai.openai.system_fingerprint"), fact("gen_ai.openai.api_version"), fact("gen_ai.openai.api_type"),
    fact("gen_ai.environment"), name("gen_ai.application_name"), fact("gen_ai.sdk.version"),
    fact("openai.api.type"), fact("openai.request.service_tier"), fact("openai.response.service_tier"),
    fact("openai.response.system_fingerprint"), fact("azure.resource_provider.namespace"),
    fact("azure.service.request.id"), fact("aws.bedrock.guardrail.id"), fact("aws.bedrock.knowledge_base.id"),
    fact("aws.request_id"), fact("aws.extended_request_id"),
    // Counts, current and earlier versions.
    count("gen_ai.usage.input_tokens"), count("gen_ai.usage.output_tokens"), count("gen_ai.usage.total_tokens"),
    count("gen_ai.usage.prompt_tokens"), count("gen_ai.usage.completion_tokens"),
    count("gen_ai.usage.cache_read.input_tokens"), count("gen_ai.usage.cache_creation.input_tokens"),
    count("gen_ai.usage.cache_write.input_tokens"), count("gen_ai.usage.reasoning.output_tokens"),
    count("gen_ai.request.max_tokens"), count("llm.usage.total_tokens"), count("llm.token_count.prompt"),
    count("llm.token_count.completion"), count("llm.token_count.total"), count("ai.usage.promptTokens"),
    count("ai.usage.completionTokens"), count("ai.usage.inputTokens"), count("ai.usage.outputTokens"),
    count("ai.usage.totalTokens"),
    // llm-trace.
    fact("llm_trace.outcome"), fact("llm_trace.error.code"), fact("llm_trace.redaction"), fact("llm_trace.cost.source"),
    fact("llm_trace.caller.route"), fact("llm_trace.attempt"), fact("llm_trace.memory.store.id"),
    fact("llm_trace.memory.record.id"), name("llm_trace.guardrail.name"), fact("llm_trace.guardrail.decision"),
    fact("llm_trace.request.stream_cursor"), fact("llm_trace.internal.redacted"),
    name("llm_trace.prompt.version"),
    // OpenInference.
    fact("openinference.span.kind"), fact("llm.model_name"), fact("llm.request.model_name"),
    fact("llm.response.model_name"), fact("llm.provider"), fact("llm.system"), fact("llm.finish_reason"),
    fact("llm.prompt_template.version"), fact("embedding.model_name"), fact("reranker.model_name"),
    fact("input.mime_type"), fact("output.mime_type"), name("tool.name"), fact("tool.id"), name("agent.name"),
    name("graph.node.id"), name("graph.node.name"), name("graph.node.parent_id"), name("prompt.vendor"),
    name("prompt.id"), fact("document.id"), fact("message.role"), name("message.name"),
    name("message.function_call_name"), fact("message.tool_call_id"), fact("audio.mime_type"),
    // OpenLLMetry.
    fact("llm.request.type"), fact("llm.usage.token_type"), fact("llm.response.finish_reason"),
    fact("llm.response.stop_reason"), fact("traceloop.span.kind"), name("traceloop.workflow.name"),
    name("traceloop.entity.name"), name("traceloop.entity.path"), fact("traceloop.entity.version"),
    name("traceloop.prompt.key"), fact("traceloop.prompt.version"), name("traceloop.prompt.version_name"),
    fact("traceloop.prompt.version_hash"), fact("traceloop.correlation.id"),
    // The AI SDK.
    fact("ai.operationId"), fact("ai.model.id"), fact("ai.model.provider"), name("ai.telemetry.functionId"),
    fact("ai.settings.output"), fact("ai.response.finishReason"), fact("ai.response.id"), fact("ai.response.model"),
    fact("ai.response.timestamp"), fact("ai.response.msToFirstChunk"), fact("ai.response.msToFinish"),
    fact("ai.response.avgCompletionTokensPerSecond"), fact("ai.response.avgOutputTokensPerSecond"),
    fact("ai.stream.msToFirstChunk"), fact("ai.toolCall.id"), name("ai.toolCall.name"), name("ai.schema.name"),
    // Langfuse, LangSmith, MLflow.
    fact("langfuse.observation.type"), fact("langfuse.observation.level"), fact("langfuse.observation.model.name"),
    fact("langfuse.observation.completion_start_time"), name("langfuse.observation.prompt.name"),
    fact("langfuse.observation.prompt.version"), name("langfuse.trace.name"), fact("langfuse.environment"),
    fact("langfuse.release"), fact("langfuse.version"),
    fact("langsmith.span.id"), fact("langsmith.trace.id"), fact("langsmith.span.dotted_order"),
    fact("langsmith.span.parent_id"), fact("langsmith.span.kind"), name("langsmith.trace.name"),
    fact("mlflow.experimentId"), fact("mlflow.traceRequestId"), fact("mlflow.spanType"), fact("mlflow.spanLogLevel"),
    name("mlflow.spanFunctionName"), fact("mlflow.llm.model"), fact("mlflow.llm.provider"), fact("mlflow.message.format"),
    fact("mlflow.modelId"), fact("mlflow.sourceRun"),
    // Genkit, the Agent Development Kit, LiveKit, Haystack.
    name("genkit:name"), fact("genkit:type"), fact("genkit:metadata:subtype"), fact("genkit:state"),
    name("genkit:path"), fact("genkit:modelName"),
    fact("gcp.vertex.agent.invocation_id"), fact("gcp.vertex.agent.event_id"),
    fact("lk.speech_id"), name("lk.agent_label"), name("lk.agent_name"), fact("lk.job_id"), fact("lk.room_sid"),
    fact("lk.generation_id"), fact("lk.parent_generation_id"), fact("lk.function_tool.id"),
    name("lk.function_tool.name"), fact("lk.tts.label"), fact("lk.provider_request_ids"), fact("lk.participant_kind"),
    name("haystack.component.name"), fact("haystack.component.type"), fact("haystack.component.fully_qualified_type"),
    // OpenTelemetry, any span.
    fact("error.type"), fact("event.name"), fact("exception.type"), fact("exception.escaped"), fact("level"),
    fact("span.kind"), fact("otel.kind"), fact("otel.status_code"), fact("otel.scope.name"), fact("otel.scope.version"),
    fact("code.function.name"), fact("code.function"), fact("code.file.path"), fact("code.filepath"),
    fact("code.line.number"), fact("code.lineno"), target("target"), target("code.module.name"),
    target("code.namespace"),
    name("thread.name"), fact("thread.id"), fact("busy_ns"), fact("idle_ns"),
    fact("http.request.method"), fact("http.response.status_code"), fact("http.method"), fact("http.status_code"),
    fact("http.route"), fact("http.scheme"), fact("http.flavor"), fact("http.request.resend_count"),
    fact("url.scheme"), fact("url.domain"), fact("url.template"), fact("server.address"), fact("server.port"),
    fact("client.address"), fact("client.port"), fact("network.peer.address"), fact("network.peer.port"),
    fact("network.protocol.name"), fact("network.protocol.version"), fact("network.transport"), fact("network.type"),
    fact("net.peer.name"), fact("net.peer.port"), fact("net.peer.ip"), fact("net.host.name"), fact("net.host.port"),
    fact("net.protocol.name"), fact("net.protocol.version"), fact("net.transport"), fact("peer.service"),
    fact("tls.protocol.name"), fact("tls.protocol.version"), fact("tls.cipher"),
    fact("rpc.system"), fact("rpc.system.name"), fact("rpc.service"), fact("rpc.method"),
    fact("rpc.grpc.status_code"), fact("rpc.response.status_code"), fact("jsonrpc.protocol.version"),
    fact("jsonrpc.request.id"), fact("mcp.method.name"), fact("mcp.protocol.version"), fact("mcp.session.id"),
    fact("mcp.request.id"), fact("db.system"), fact("db.system.name"), fact("db.operation"), fact("db.operation.name"),
    fact("messaging.system"), fact("service.name"), fact("service.version"), fact("service.namespace"),
    fact("service.instance.id"), fact("deployment.environment"), fact("deployment.environment.name"),
    fact("telemetry.sdk.name"), fact("telemetry.sdk.language"), fact("telemetry.sdk.version"), fact("host.name"),
    fact("host.id"), fact("host.arch"), fact("os.type"), fact("process.pid"), fact("cloud.provider"),
    fact("cloud.region"), fact("cloud.account.id"), fact("k8s.pod.name"), fact("k8s.namespace.name"),
    fact("k8s.node.name"), fact("k8s.cluster.name"), fact("k8s.deployment.name"), fact("k8s.container.name"),
    fact("container.id"), fact("container.name"),
    // Source location fields of the `log` bridge.
    fact("log.target"), fact("log.module_path"), fact("log.file"), fact("log.line"),
    fact("metadata.user_api_key_request_route"),
];
