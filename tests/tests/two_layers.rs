//! Two llm-trace layers in one subscriber.

use llm_trace::{Capture, LlmLayer, Policy, llm_call};
use llm_trace_tests::collector::Collector;
use serde_json::{Value, json};
use tracing::{Subscriber, info, info_span};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

const CALL: &str = "SENTINEL-call";
const EVENT: &str = "SENTINEL-event";
const OTHER: &str = "SENTINEL-other";

#[llm_call(provider = "openai", request = body)]
fn call(body: &Value) -> Value {
    info!(note = EVENT, "said");
    json!({"id": "c", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": CALL}}]})
}

fn everything() {
    call(&json!({"model": "m", "messages": [{"role": "user", "content": CALL}]}));
    // Another crate's span.
    let span = info_span!(
        target: "rig::completions",
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "azure.openai",
        gen_ai.request.model = "r",
        gen_ai.input.messages = tracing::field::Empty,
    );
    span.in_scope(|| {
        span.record(
            "gen_ai.input.messages",
            json!([{"role": "user", "content": [{"type": "text", "text": OTHER}]}]).to_string(),
        );
    });
}

fn layer<S>(collector: &Collector, exports: bool, policy: Policy, normalizes: bool) -> LlmLayer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let layer = llm_trace::layer().with_policy(policy).with_normalization(normalizes);
    if exports { layer.with_tracer_provider(&collector.provider()) } else { layer }
}

/// A call follows the layer that was added last. What other code records follows the layer that exports, which is the
/// first one with a provider.
#[test]
fn calls_follow_the_last_layer_and_other_spans_the_one_that_exports() {
    let both = [true, false];
    for [first_exports, second_exports] in [[true, false], [false, true], [true, true]] {
        for [first_shows, second_shows] in both.map(|first| both.map(|second| [first, second])).concat() {
            for first_normalizes in both {
                let collectors = [Collector::start(), Collector::start()];
                let policy =
                    |shows| if shows { Policy::new().capture(Capture::Span) } else { Policy::new().lock_masked() };
                let subscriber = tracing_subscriber::registry()
                    .with(layer(&collectors[0], first_exports, policy(first_shows), first_normalizes))
                    .with(layer(&collectors[1], second_exports, policy(second_shows), !first_normalizes));
                tracing::subscriber::with_default(subscriber, everything);

                let case =
                    format!("{:?}", (first_exports, second_exports, first_shows, second_shows, first_normalizes));
                let [first, second] = &collectors;
                let (exports, idle) = if first_exports { (first, second) } else { (second, first) };
                assert_eq!(idle.requests().len(), 0, "{case}");
                let shows = if first_exports { first_shows } else { second_shows };
                let seen = [CALL, EVENT, OTHER].map(|sentinel| exports.saw(sentinel));
                assert_eq!(seen, [second_shows, shows, shows], "{case}");
                let spans: Vec<_> = exports.spans().into_iter().map(|span| span.span.name).collect();
                let normalizes = first_exports == first_normalizes;
                assert_eq!(spans, ["chat m", if normalizes { "chat r" } else { "chat" }], "{case}");
            }
        }
    }
}

#[test]
fn a_warning_names_what_calls_follow() {
    let test = "calls_follow_the_last_layer_and_other_spans_the_one_that_exports";
    let program = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(program).args(["--exact", test, "--nocapture"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let warning = "llm-trace: the subscriber has two llm_trace::layer(), and calls follow the one that was added last";
    assert_eq!(said.matches(warning).count(), 1, "{said}");
}
