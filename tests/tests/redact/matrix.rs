//! The promise: what is masked is nowhere in the bytes of spans, events and metrics, what is not is where the conventions say.

use llm_trace::{Capture, Policy, PolicyHandle, Style, scope};
use llm_trace_tests::collector::Collector;
use serde_json::{Map, Value};

use crate::support::{ENDINGS, ERROR, Ending, FREE, INPUT, OUTPUT, export_all, run, seen};

const NONE: Vec<&str> = Vec::new();

fn open() -> Policy {
    Policy::new().capture(Capture::SpanAndEvent)
}

/// Where a mask can be set.
#[derive(Clone, Copy, Debug)]
enum By {
    Policy,
    Scope,
    Call,
    SpanField,
}

fn masked(by: By, input: bool, output: bool, style: Style, ending: Ending) -> Collector {
    let policy = open().style(style);
    let (policy, call) = match by {
        By::Policy => (policy.mask_input(input).mask_output(output), (false, false)),
        By::Call => (policy, (input, output)),
        By::Scope | By::SpanField => (policy, (false, false)),
    };
    export_all(policy.clone(), Some(PolicyHandle::new(policy)), || match by {
        By::Scope => scope().mask_input(input).mask_output(output).run(|| run(call, ending)),
        By::SpanField => tracing::info_span!("handler", llm.mask_input = input, llm.mask_output = output)
            .in_scope(|| run(call, ending)),
        By::Policy | By::Call => run(call, ending),
    })
}

#[test]
fn what_is_masked_is_nowhere() {
    for by in [By::Policy, By::Scope, By::Call, By::SpanField] {
        for style in [Style::Placeholder, Style::Drop, Style::hash("key")] {
            for ending in ENDINGS {
                for (input, output) in [(true, false), (false, true), (true, true)] {
                    let got = masked(by, input, output, style.clone(), ending);
                    let what = format!("{by:?} {style:?} {ending:?} {input} {output}");
                    if input {
                        assert_eq!(seen(&got, &INPUT), NONE, "{what}");
                    }
                    if output {
                        assert_eq!(seen(&got, &OUTPUT), NONE, "{what}");
                    }
                    // These can echo either side.
                    assert_eq!(seen(&got, &ERROR), NONE, "{what}");
                    assert_eq!(seen(&got, &FREE), NONE, "{what}");
                }
            }
        }
    }
}

#[test]
fn what_is_not_masked_is_where_the_conventions_say() {
    let got = masked(By::Call, false, false, Style::Placeholder, Ending::Answer);
    let call = got.span("chat gpt-4o").attributes();
    let holders = |sentinel: &str| -> Vec<String> {
        call.iter().filter(|(_, value)| value.to_string().contains(sentinel)).map(|(key, _)| key.clone()).collect()
    };
    for (sentinel, key) in INPUT
        .iter()
        .map(|s| match *s {
            "SENTINEL-schema" | "SENTINEL-description" => (s, "gen_ai.tool.definitions"),
            _ => (s, "gen_ai.input.messages"),
        })
        .chain(OUTPUT.iter().map(|s| (s, "gen_ai.output.messages")))
    {
        assert_eq!(holders(sentinel), [key], "{sentinel}");
    }
    // A credential goes out under no policy.
    assert_eq!(seen(&got, &["SENTINEL-header"]), NONE);
}

#[test]
fn a_masked_call_agrees_with_an_open_one_in_everything_but_content() {
    let without_content = |got: &Collector| -> Map<String, Value> {
        let mut attributes = got.span("chat gpt-4o").attributes();
        for key in ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions", "llm_trace.redaction"]
        {
            attributes.remove(key);
        }
        attributes
    };
    for ending in ENDINGS {
        let open = without_content(&masked(By::Call, false, false, Style::Placeholder, ending));
        for style in [Style::Placeholder, Style::Drop] {
            let masked = without_content(&masked(By::Call, true, true, style, ending));
            assert_eq!(open, masked, "{ending:?}");
        }
    }
}

#[test]
fn what_was_masked_is_said() {
    let got = masked(By::Call, true, true, Style::Drop, Ending::Answer);
    let report = got.span("chat gpt-4o").attribute("llm_trace.redaction").expect("a report").to_string();
    for word in ["masked:input=1", "masked:output=1"] {
        assert!(report.contains(word), "{report}");
    }
}

#[test]
fn a_policy_that_nobody_configured_lets_no_content_out() {
    for ending in ENDINGS {
        let got = export_all(Policy::new(), Some(PolicyHandle::default()), || run((false, false), ending));
        for sentinels in [&INPUT[..], &OUTPUT, &ERROR] {
            assert_eq!(seen(&got, sentinels), NONE, "{ending:?}");
        }
    }
}

#[test]
fn error_texts_stay_where_the_policy_keeps_them_and_nothing_is_masked() {
    let kept = Policy::new().error_text(true);
    let got = export_all(kept.clone(), Some(PolicyHandle::new(kept.clone())), || run((false, false), Ending::Error));
    assert_eq!(seen(&got, &["SENTINEL-errortext"]), ["SENTINEL-errortext"]);
    let got = export_all(kept.clone(), Some(PolicyHandle::new(kept)), || run((false, true), Ending::Error));
    assert_eq!(seen(&got, &["SENTINEL-errortext"]), NONE);
}
