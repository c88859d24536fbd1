//! Tools, agents, documents and guardrails, with a sentinel in every content field.

use std::panic::{AssertUnwindSafe, catch_unwind};

use llm_trace::{Capture, Compat, LlmCall, Policy, PolicyHandle, RedactProcessor};
use llm_trace_tests::collector::Collector;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::json;
use tracing_subscriber::prelude::*;

use crate::support::{ENDINGS, Ending, Failed, export, seen};

/// Content that a model will read.
pub(crate) const INPUT: [&str; 5] = [
    "SENTINEL-tooldescription",
    "SENTINEL-toolanswer",
    "SENTINEL-agentdescription",
    "SENTINEL-query",
    "SENTINEL-recall",
];

/// Content that a model wrote, and documents found for it.
pub(crate) const OUTPUT: [&str; 3] = ["SENTINEL-toolarguments", "SENTINEL-document", "SENTINEL-memory"];

/// The input and result of a guardrail and a tool's error: content of both sides.
pub(crate) const EITHER: [&str; 3] = ["SENTINEL-judged", "SENTINEL-decided", "SENTINEL-toolerror"];

/// Runs one call of each kind. The tool ends like `ending`, as far as a function without a stream can.
pub(crate) fn run((input, output): (bool, bool), ending: Ending) {
    let call = |operation: &'static str| LlmCall::builder(operation).mask_input(input).mask_output(output);
    let arguments = json!({"city": "SENTINEL-toolarguments"});
    let tool = call("execute_tool").tool("weather").tool_description("SENTINEL-tooldescription").arguments(&arguments);
    let end = catch_unwind(AssertUnwindSafe(|| {
        tool.try_run(|call| {
            call.result(&json!({"sky": "SENTINEL-toolanswer"}));
            match ending {
                Ending::Error | Ending::NotSent | Ending::StreamError => Err(Failed("SENTINEL-toolerror")),
                Ending::Panic | Ending::StreamPanic => panic!("a tool that panics"),
                _ => Ok(()),
            }
        })
    }));
    assert_eq!(end.is_err(), matches!(ending, Ending::Panic | Ending::StreamPanic));
    call("create_agent").provider("openai").agent("guide").agent_description("SENTINEL-agentdescription").run(|_| ());
    call("retrieval").data_source("handbook").query("SENTINEL-query").run(|call| {
        call.documents(&json!([{"id": "1", "score": 0.5, "content": "SENTINEL-document"}]));
    });
    call("search_memory").memory_query("SENTINEL-recall").run(|call| {
        call.memories(&json!([{"id": "1", "content": "SENTINEL-memory"}]));
    });
    call("apply_guardrail").guardrail("toxic").judged("SENTINEL-judged").run(|call| {
        call.decided(&json!({"why": "SENTINEL-decided"}));
    });
}

/// Calls of each kind, whose spans also have the names of OpenInference, behind the processor alone.
fn compatible(last: Policy) -> Collector {
    let got = Collector::start();
    let guarded = RedactProcessor::new(SimpleSpanProcessor::new(got.exporter()), last);
    let provider = SdkTracerProvider::builder().with_span_processor(guarded).build();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(Capture::Span)).with_compat(Compat::OpenInference);
    let layer = layer.with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        run((false, false), Ending::Answer);
    });
    got
}

#[test]
fn values_of_tools_and_guardrails_belong_to_the_side_of_their_author() {
    let open = || Policy::new().capture(Capture::Span);
    let shown = compatible(open());
    assert_eq!(seen(&shown, &["SENTINEL-toolarguments", "SENTINEL-toolanswer", "SENTINEL-judged"]).len(), 3);
    for (input, output) in [(true, false), (false, true)] {
        let got = compatible(open().mask_input(input).mask_output(output));
        let none = Vec::<&str>::new();
        assert_eq!(seen(&got, &INPUT), if input { none.clone() } else { INPUT.to_vec() }, "{input} {output}");
        assert_eq!(seen(&got, &OUTPUT), if output { none.clone() } else { OUTPUT.to_vec() }, "{input} {output}");
        assert_eq!(seen(&got, &EITHER), none, "{input} {output}");
    }
}

/// A crate that traces its tools may count their input as a model's output, or as input.
#[test]
fn values_of_another_crates_tool_are_masked_with_either_side() {
    for (key, kind) in
        [("openinference.span.kind", "TOOL"), ("traceloop.span.kind", "tool"), ("mlflow.spanType", "TOOL")]
    {
        for (input, output) in [(true, false), (false, true)] {
            let got = Collector::start();
            let policy = Policy::new().capture(Capture::Span).mask_input(input).mask_output(output);
            let guarded = RedactProcessor::new(SimpleSpanProcessor::new(got.exporter()), policy);
            let provider = SdkTracerProvider::builder().with_span_processor(guarded).build();
            let mut span = provider.tracer("client").start("tool");
            span.set_attribute(KeyValue::new(key, kind));
            for value in ["input.value", "output.value", "traceloop.entity.input", "mlflow.spanOutputs"] {
                span.set_attribute(KeyValue::new(value, "SENTINEL"));
            }
            span.end();
            assert!(!got.saw("SENTINEL"), "{kind} {input} {output}: {:?}", got.span("tool"));
        }
    }
}

/// The source gate is open here: every text reaches the processor.
#[test]
fn the_processor_alone_redacts_each_side() {
    let open = || Policy::new().capture(Capture::Span);
    for ending in ENDINGS {
        for (input, output) in [(true, false), (false, true), (true, true)] {
            let closed = PolicyHandle::new(open().mask_input(input).mask_output(output));
            let got = export(open(), Some(closed), || run((false, false), ending));
            let none = Vec::<&str>::new();
            assert_eq!(seen(&got, &INPUT), if input { none.clone() } else { INPUT.to_vec() }, "{ending:?}");
            assert_eq!(seen(&got, &OUTPUT), if output { none.clone() } else { OUTPUT.to_vec() }, "{ending:?}");
            assert_eq!(seen(&got, &EITHER), none, "{ending:?}");
        }
        let got = export(open(), Some(PolicyHandle::default()), || run((false, false), ending));
        for sentinels in [&INPUT[..], &OUTPUT, &EITHER] {
            assert_eq!(seen(&got, sentinels), Vec::<&str>::new(), "{ending:?}");
        }
    }
}
