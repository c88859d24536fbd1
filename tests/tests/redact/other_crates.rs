//! Spans of other crates, behind the export guard.

use llm_trace::{Capture, Policy, PolicyHandle, RedactProcessor, scope};
use llm_trace_tests::collector::Collector;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};

const SECRET: &str = "SENTINEL";

/// Content keys of known clients and SDKs.
const KEYS: [&str; 24] = [
    // rig
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    // genai, OpenLLMetry
    "gen_ai.prompt.0.content",
    "gen_ai.completion.0.content",
    "llm.prompts.0.content",
    "llm.completions.0.content",
    "traceloop.entity.input",
    "traceloop.entity.output",
    // OpenInference
    "input.value",
    "output.value",
    "llm.input_messages.0.message.content",
    "llm.output_messages.0.message.content",
    "retrieval.documents.0.document.content",
    // Langfuse, the AI SDK
    "langfuse.observation.input",
    "langfuse.trace.output",
    "ai.prompt.messages",
    "ai.response.text",
    "ai.toolCall.args",
    // without a namespace
    "prompt",
];

fn export(policy: Policy, mask: bool) -> Collector {
    let collector = Collector::start();
    let exporting = SimpleSpanProcessor::new(collector.exporter());
    let processor = RedactProcessor::new(exporting, PolicyHandle::new(policy));
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    scope().mask_input(mask).mask_output(mask).run(|| {
        for key in KEYS {
            let mut span = provider.tracer("client").start(key);
            span.set_attribute(KeyValue::new(key, SECRET));
            span.set_attribute(KeyValue::new("gen_ai.request.model", "m"));
            span.end();
        }
    });
    collector
}

#[test]
fn content_of_known_clients_is_not_exported_without_capture() {
    let got = export(Policy::new(), false);
    assert!(!got.saw(SECRET));
    for span in got.spans() {
        assert_eq!(span.attribute(&span.span.name), None, "{}", span.span.name);
        assert_eq!(span.attribute("gen_ai.request.model"), Some("m".into()));
    }
}

#[test]
fn content_of_known_clients_is_not_exported_in_a_masked_scope() {
    let got = export(Policy::new().capture(Capture::Span), true);
    assert!(!got.saw(SECRET));
    for span in got.spans() {
        assert_eq!(span.attribute(&span.span.name), Some("[REDACTED]".into()), "{}", span.span.name);
    }
}

#[test]
fn content_of_known_clients_is_exported_with_capture_and_without_masks() {
    for span in export(Policy::new().capture(Capture::Span), false).spans() {
        assert_eq!(span.attribute(&span.span.name), Some(SECRET.into()), "{}", span.span.name);
    }
}
