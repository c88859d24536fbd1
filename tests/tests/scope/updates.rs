//! The input and output of a whole trace.

use llm_trace::{LlmCall, Scope, TraceBackend, TraceUpdate, llm_call, scope};
use llm_trace_tests::collector::attribute;
use serde_json::json;

use crate::support::{ANSWER, QUESTION, ask, holds, text, traced};

const BOTH: TraceUpdate = TraceUpdate::INPUT.union(TraceUpdate::OUTPUT);
const REDACTED: &str = "[REDACTED]";

/// The values allowed under a key.
#[derive(Debug, PartialEq)]
enum Shown {
    Nothing,
    Plain,
    Mark,
}

#[test]
fn each_side_is_written_plain_or_as_the_mark_for_each_backend() {
    use TraceBackend::{Langfuse, MlFlow, Phoenix};
    for (backend, input, output) in [
        (Langfuse, "langfuse.trace.input", "langfuse.trace.output"),
        (Phoenix, "input.value", "output.value"),
        (MlFlow, "input.value", "output.value"),
    ] {
        for update in [TraceUpdate::NONE, TraceUpdate::INPUT, TraceUpdate::OUTPUT, BOTH] {
            for (mask_input, mask_output) in [(false, false), (true, false), (false, true), (true, true)] {
                let traced = traced(|layer| layer.with_trace_backend(backend));
                let masked = scope().mask_input(mask_input).mask_output(mask_output);
                masked.update_trace(update).run(|| ask(QUESTION));
                let span = &traced.collector.spans()[0];
                let shown = |key, word| match text(span, key) {
                    None => Shown::Nothing,
                    Some(text) if text == REDACTED => Shown::Mark,
                    Some(text) if text.contains(word) => Shown::Plain,
                    Some(text) => panic!("{key}: {text}"),
                };
                let wanted = |side, masked| match (update.contains(side), masked) {
                    (false, _) => Shown::Nothing,
                    (true, true) => Shown::Mark,
                    (true, false) => Shown::Plain,
                };
                let case = format!("{backend:?} {update:?} masked: {mask_input} {mask_output}");
                assert_eq!(shown(input, QUESTION), wanted(TraceUpdate::INPUT, mask_input), "{case}");
                assert_eq!(shown(output, ANSWER), wanted(TraceUpdate::OUTPUT, mask_output), "{case}");
                assert_eq!(traced.collector.saw(QUESTION), !mask_input, "{case}");
                assert_eq!(traced.collector.saw(ANSWER), !mask_output, "{case}");
            }
        }
    }
}

#[test]
fn the_mark_is_written_whatever_the_style_and_though_nothing_is_captured() {
    use llm_trace::{Capture, Policy, Style};
    for policy in [
        Policy::new().capture(Capture::Span).style(Style::Drop),
        Policy::new().capture(Capture::Span).style(Style::hash(*b"key")),
        Policy::new(),
        Policy::new().capture(Capture::Span).lock_masked(),
    ] {
        let traced = traced(|layer| layer.with_policy(policy));
        scope().mask_input(true).mask_output(true).update_trace(BOTH).run(|| ask(QUESTION));
        let span = &traced.collector.spans()[0];
        assert_eq!(text(span, "langfuse.trace.input").as_deref(), Some(REDACTED));
        assert_eq!(text(span, "langfuse.trace.output").as_deref(), Some(REDACTED));
        assert!(!traced.collector.saw(QUESTION) && !traced.collector.saw(ANSWER));
    }
}

#[llm_call(operation = "invoke_agent", name = "agent")]
fn agent(masked_later: bool) {
    search();
    ask(QUESTION);
    ask("a second question");
    LlmCall::current().mask_input(masked_later);
}

#[llm_call(operation = "execute_tool", name = "tool", input = "tool input")]
fn search() -> &'static str {
    "tool output"
}

#[test]
fn an_open_agent_span_of_ours_shows_the_first_input_and_the_last_output() {
    let traced = traced(|layer| layer);
    scope().update_trace(BOTH).run(|| agent(false));
    let span = traced.collector.span("agent");
    assert!(holds(&span, "input.value", QUESTION) && !holds(&span, "input.value", "second"));
    assert!(holds(&span, "output.value", ANSWER));
    // A tool sets only its own input and output.
    let tool = traced.collector.span("tool");
    assert_eq!((text(&tool, "langfuse.trace.input"), text(&tool, "input.value")), (None, None));
}

#[test]
fn a_later_mask_on_the_agent_covers_its_recorded_content() {
    let traced = traced(|layer| layer);
    scope().update_trace(BOTH).run(|| agent(true));
    let span = traced.collector.span("agent");
    assert_eq!(text(&span, "input.value").as_deref(), Some(REDACTED));
}

#[test]
fn a_call_asks_for_it_by_its_handle_or_a_gateways_metadata() {
    #[llm_call(provider = "openai", model = "m", input = QUESTION)]
    fn call() -> String {
        LlmCall::current().apply(&scope().update_trace(TraceUpdate::INPUT)).expect("no trace in it");
        ANSWER.to_owned()
    }
    let traced = traced(|layer| layer);
    call();
    let metadata = json!({"update_trace_keys": ["output"], "mask_output": true});
    Scope::from_metadata(&metadata).expect("no ids in it").run(|| ask(QUESTION));
    let spans = traced.collector.spans();
    let shown = |at: usize, key| attribute(&spans[at].span.attributes, key);
    assert!(holds(&spans[0], "langfuse.trace.input", QUESTION));
    assert_eq!(shown(0, "langfuse.trace.output"), None);
    assert_eq!(shown(1, "langfuse.trace.input"), None);
    assert_eq!(shown(1, "langfuse.trace.output"), Some(json!(REDACTED)));
}
