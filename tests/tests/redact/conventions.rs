//! Spans, events and log records of model calls by every known convention: facts are exported, everything else is
//! content.

use llm_trace::{Capture, Policy, RedactLogProcessor, RedactProcessor, Style, scope};
use llm_trace_tests::collector::Collector;
use opentelemetry::KeyValue;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _};
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::logs::{SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};

const SECRET: &str = "SENTINEL of a prompt";

/// Content keys, with the convention and the file that defines them.
#[rustfmt::skip]
const CONTENT: &[(&str, &[&str])] = &[
    ("OpenTelemetry: open-telemetry/semantic-conventions, model/gen-ai/registry.yaml", &[
        "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
        "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.tool.description", "gen_ai.prompt",
        "gen_ai.completion", "gen_ai.retrieval.documents", "gen_ai.retrieval.query.text", "gen_ai.prompt.variable.city",
    ]),
    ("OpenInference: Arize-ai/openinference, python/openinference-semantic-conventions/src/openinference/semconv/trace", &[
        "input.value", "output.value", "llm.input_messages.0.message.content", "llm.output_messages.0.message.content",
        "llm.prompts.0.prompt.text", "llm.choices.0.completion.text", "llm.prompt_template.template",
        "llm.prompt_template.variables", "llm.invocation_parameters", "llm.tools.0.tool.json_schema",
        "llm.function_call", "embedding.embeddings.0.embedding.text", "retrieval.documents.0.document.content",
        "reranker.query", "reranker.input_documents.0.document.content", "reranker.output_documents.0.document.content",
        "tool.parameters", "tool.description", "message.content",
        "llm.input_messages.0.message.contents.0.message_content.text",
    ]),
    ("OpenLLMetry: traceloop/openllmetry, packages/opentelemetry-semantic-conventions-ai/opentelemetry/semconv_ai", &[
        "traceloop.entity.input", "traceloop.entity.output", "traceloop.prompt.template",
        "traceloop.prompt.template_variables", "gen_ai.prompt.0.content", "gen_ai.completion.0.content",
        "llm.request.functions.0.parameters", "llm.content.completion.chunk", "llm.headers",
        "traceloop.association.properties.note", "mcp.request.argument", "mcp.response.value",
    ]),
    ("The AI SDK: vercel/ai, packages/ai/src/telemetry/open-telemetry-integration.ts", &[
        "ai.prompt", "ai.prompt.messages", "ai.prompt.tools", "ai.prompt.toolChoice", "ai.response.text",
        "ai.response.object", "ai.response.toolCalls", "ai.response.reasoning", "ai.response.providerMetadata",
        "ai.schema", "ai.schema.description", "ai.value", "ai.values", "ai.toolCall.args", "ai.toolCall.result",
        "ai.settings.stopSequences", "ai.telemetry.metadata.note",
    ]),
    ("Langfuse: langfuse/langfuse-python, langfuse/_client/attributes.py", &[
        "langfuse.observation.input", "langfuse.observation.output", "langfuse.observation.status_message",
        "langfuse.observation.metadata.note", "langfuse.observation.model.parameters", "langfuse.trace.metadata",
        "langfuse.trace.tags",
    ]),
    ("LangSmith: langchain-ai/langsmith-sdk, python/langsmith/_internal/otel/_otel_exporter.py", &[
        "gen_ai.request.extra_body", "gen_ai.request.extra_query", "gen_ai.serialized.doc", "langsmith.metadata.note",
        "langsmith.span.tags", "langsmith.span.runtime", "langsmith.request.headers",
    ]),
    ("MLflow: mlflow/mlflow, mlflow/tracing/constant.py", &[
        "mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.traceInputs", "mlflow.traceOutputs", "mlflow.chat.tools",
        "mlflow.spanDescription", "mlflow.trace.intermediate_outputs", "mlflow.linkedPrompts", "mlflow.traceTag.note",
    ]),
    ("Pydantic AI: pydantic/pydantic-ai, pydantic_ai_slim/pydantic_ai/models/instrumented.py", &[
        "events", "model_request_parameters", "logfire.json_schema", "all_messages_events", "final_result",
    ]),
    ("Genkit: firebase/genkit, js/core/src/tracing/instrumentation.ts", &[
        "genkit:input", "genkit:output", "genkit:metadata:context", "genkit:metadata:note",
    ]),
    ("The Agent Development Kit: google/adk-python, src/google/adk/telemetry/tracing.py", &[
        "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_call_args",
        "gcp.vertex.agent.tool_response", "gcp.vertex.agent.data", "gen_ai.agent.description",
    ]),
    ("LiveKit: livekit/agents, livekit-agents/livekit/agents/telemetry/trace_types.py", &[
        "lk.pii.user_input", "lk.pii.instructions", "lk.pii.chat_ctx", "lk.pii.response.text",
        "lk.pii.response.function_calls", "lk.pii.function_tool.arguments", "lk.pii.function_tool.output",
        "lk.pii.input_text", "lk.pii.user_transcript", "lk.session_options",
    ]),
    ("Haystack: deepset-ai/haystack, haystack/core/pipeline", &[
        "haystack.component.input", "haystack.component.output", "haystack.pipeline.input_data",
        "haystack.component.input_spec",
    ]),
    ("OpenLIT: openlit/openlit, sdk/python/src/openlit/semcov/__init__.py", &[
        "gen_ai.content.prompt", "gen_ai.content.completion", "gen_ai.content.revised_prompt",
        "gen_ai.response.tool_calls", "gen_ai.response.image", "gen_ai.tool.args", "gen_ai.agent.goal",
        "gen_ai.agent.context", "gen_ai.agent.task", "gen_ai.agent.instructions", "gen_ai.agent.actual_output",
        "gen_ai.agent.expected_output", "gen_ai.agent.human_input", "guard.explanation", "evals.explanation",
    ]),
    ("No convention: a prefix makes nothing a fact", &[
        "gen_ai.request.prompt", "openai.request.body", "llm_trace.anything", "process.command_line",
        "log.record.original", "body", "question",
    ]),
];

/// Keys of facts in the same conventions.
const FACTS: &[(&str, &str)] = &[
    ("gen_ai.request.model", "gpt-4o"),
    ("gen_ai.system", "openai"),
    ("llm.model_name", "gpt-4o"),
    ("openinference.span.kind", "LLM"),
    ("traceloop.span.kind", "workflow"),
    ("traceloop.workflow.name", "joke creation"),
    ("ai.model.id", "gpt-4o"),
    ("ai.response.finishReason", "stop"),
    ("langfuse.observation.type", "generation"),
    ("langsmith.span.kind", "llm"),
    ("mlflow.spanType", "CHAT_MODEL"),
    ("genkit:type", "action"),
    ("gcp.vertex.agent.invocation_id", "e-1"),
    ("lk.job_id", "AJ_1"),
    ("haystack.component.type", "OpenAIGenerator"),
    ("http.request.method", "POST"),
    ("server.address", "api.openai.com"),
];

fn spans(policy: Policy, mask: bool, run: impl FnOnce(&SdkTracerProvider)) -> Collector {
    let collector = Collector::start();
    let processor = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy);
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    scope().mask_input(mask).mask_output(mask).run(|| run(&provider));
    collector
}

#[test]
fn the_table_has_a_hundred_keys_of_a_dozen_tools() {
    let count: usize = CONTENT.iter().map(|(_, keys)| keys.len()).sum();
    assert!(count >= 100 && CONTENT.len() >= 12, "{count}");
}

#[test]
fn everything_but_facts_on_a_model_calls_span_is_content() {
    let open = Policy::new().capture(Capture::SpanAndEvent);
    for (policy, mask) in [(open.clone().mask_input(true).mask_output(true), false), (open, true)] {
        let got = spans(policy, mask, |provider| {
            for (source, keys) in CONTENT {
                for key in *keys {
                    let mut span = provider.tracer("client").start(*source);
                    span.set_attribute(KeyValue::new("gen_ai.operation.name", "chat"));
                    span.set_attribute(KeyValue::new(*key, SECRET));
                    span.set_attribute(KeyValue::new("count", 7));
                    span.end();
                }
            }
        });
        let shown: Vec<_> = got.spans().into_iter().filter(|span| format!("{span:?}").contains(SECRET)).collect();
        assert!(!got.saw(SECRET), "{shown:?}");
        assert!(got.spans().iter().all(|span| span.attribute("count") == Some(7.into())));
    }
}

#[test]
fn by_default_only_facts_of_a_model_calls_span_are_exported() {
    for (source, keys) in CONTENT {
        for key in *keys {
            let got = spans(Policy::new(), false, |provider| {
                let mut span = provider.tracer("client").start("chat");
                span.set_attribute(KeyValue::new("gen_ai.request.model", "m"));
                span.set_attribute(KeyValue::new(*key, SECRET));
                span.end();
            });
            assert!(!got.saw(SECRET), "{source}: {key}");
        }
    }
}

#[test]
fn facts_of_known_conventions_stay() {
    let got = spans(Policy::new().lock_masked(), true, |provider| {
        let mut span = provider.tracer("client").start("chat");
        FACTS.iter().for_each(|(key, value)| span.set_attribute(KeyValue::new(*key, *value)));
        span.set_attribute(KeyValue::new("gen_ai.response.id", SECRET));
        span.set_attribute(KeyValue::new("gen_ai.response.finish_reasons", format!("{SECRET}\n")));
        span.set_attribute(KeyValue::new(format!("asked: {SECRET}"), 1));
        span.end();
    });
    let span = got.span("chat");
    for (key, value) in FACTS {
        assert_eq!(span.attribute(key), Some((*value).into()), "{key}");
    }
    assert!(!got.saw(SECRET), "{span:?}");
}

#[test]
fn prose_is_neither_a_role_nor_a_key_nor_a_count() {
    let masked = Policy::new().capture(Capture::SpanAndEvent).lock_masked();
    for policy in [masked.clone(), masked.style(Style::hash("key")), Policy::new()] {
        let put = |key: &str, value: opentelemetry::Value| {
            let got = spans(policy.clone(), false, |provider| {
                let mut span = provider.tracer("client").start("chat");
                span.set_attribute(KeyValue::new("gen_ai.request.model", "m"));
                span.set_attribute(KeyValue::new(key.to_owned(), value));
                span.end();
            });
            assert!(!got.saw("SENTINEL"), "{key}: {:?}", got.span("chat"));
        };
        for key in ["gen_ai.prompt.0.role", "gen_ai.prompt.0.finish_reason", "llm.input_messages.0.tool_call.id"] {
            put(key, SECRET.into());
        }
        for prefix in ["gen_ai.prompt.variable", "ai.prompt", "enduser", "llm.headers", "my.password"] {
            put(&format!("{prefix}.{SECRET}"), "x".into());
        }
        let collector = Collector::start();
        let exporting = SimpleLogProcessor::new(collector.log_exporter());
        let logs = RedactLogProcessor::new(exporting, policy.clone());
        let provider = SdkLoggerProvider::builder().with_log_processor(logs).build();
        let mut record = provider.logger("client").create_log_record();
        record.add_attribute("gen_ai.request.model", "m");
        record.add_attribute(format!("gen_ai.prompt.variable.{SECRET}"), "x");
        let count: AnyValue = [format!("masked:{SECRET}=1")].into_iter().collect();
        record.add_attribute("llm_trace.redaction", count);
        provider.logger("client").emit(record);
        assert!(!collector.saw("SENTINEL"), "{:?}", collector.logs());
    }
}

#[test]
fn events_of_a_span_count_by_their_names() {
    for (policy, mask) in [(Policy::new(), false), (Policy::new().capture(Capture::Span), true)] {
        let got = spans(policy, mask, |provider| {
            let mut span = provider.tracer("client").start("work");
            span.add_event("gen_ai.user.message", vec![KeyValue::new("content", SECRET)]);
            span.add_event("gen_ai.choice", vec![KeyValue::new("message", SECRET), KeyValue::new("index", 0)]);
            span.end();
        });
        let span = got.span("work");
        assert!(!got.saw(SECRET), "{span:?}");
        assert_eq!(span.span.events.len(), 2);
        assert!(got.saw("gen_ai.choice") && got.saw("gen_ai.user.message"));
    }
}

#[test]
fn log_records_count_by_their_names_and_show_no_text_in_other_places() {
    for (policy, mask) in [(Policy::new(), false), (Policy::new().capture(Capture::SpanAndEvent), true)] {
        let collector = Collector::start();
        let exporting = SimpleLogProcessor::new(collector.log_exporter());
        let provider =
            SdkLoggerProvider::builder().with_log_processor(RedactLogProcessor::new(exporting, policy)).build();
        scope().mask_input(mask).mask_output(mask).run(|| {
            let logger = provider.logger("client");
            for name in ["gen_ai.user.message", "gen_ai.choice", "gen_ai.anything"] {
                let mut record = logger.create_log_record();
                record.set_event_name(name);
                record.set_body(AnyValue::String(SECRET.into()));
                record.add_attribute("content", SECRET);
                record.add_attribute("message", SECRET);
                record.add_attribute(format!("asked: {SECRET}"), 1);
                record.set_target(SECRET);
                record.set_severity_text("SENTINEL of a severity");
                logger.emit(record);
            }
        });
        let logs = collector.logs();
        assert_eq!(logs.len(), 3);
        assert!(!collector.saw("SENTINEL"), "{logs:?}");
    }
}

#[test]
fn a_span_of_no_convention_outside_of_every_call_keeps_its_text() {
    let got = spans(Policy::new(), false, |provider| {
        let mut span = provider.tracer("app").start("work");
        span.set_attribute(KeyValue::new("note", SECRET));
        span.end();
    });
    assert_eq!(got.span("work").attribute("note"), Some(SECRET.into()));
}

#[test]
fn a_text_of_at_most_ten_digits_is_a_count_under_a_counts_key() {
    for (text, is_count) in [("1234567890", true), ("12345678901", false), ("twelve", false), ("12 ", false)] {
        let got = spans(Policy::new(), false, |provider| {
            let mut span = provider.tracer("client").start("chat");
            span.set_attribute(KeyValue::new("gen_ai.usage.input_tokens", text));
            span.end();
        });
        let shown = got.span("chat").attribute("gen_ai.usage.input_tokens");
        assert_eq!(shown == Some(text.into()), is_count, "{text}: {shown:?}");
    }
}
