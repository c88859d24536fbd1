//! Masked content is nowhere in the exported bytes of spans, events and metrics. Content that is not masked is under
//! the conventions' keys.

use std::collections::BTreeSet;

use llm_trace::{Capture, Policy, PolicyHandle, Style, scope};
use serde_json::{Map, Value};

use crate::operations;
use crate::support::{ENDINGS, ERROR, Ending, FREE, Got, INPUT, NAMED, NEVER, OUTPUT, export_all, run, seen};

const NONE: Vec<&str> = Vec::new();

fn open() -> Policy {
    Policy::new().capture(Capture::SpanAndEvent)
}

/// The ways to set a mask.
#[derive(Clone, Copy, Debug)]
enum By {
    Policy,
    Scope,
    Call,
    SpanField,
}

/// Calls with each of these endings, with the export guards behind the source gate.
fn masked(by: By, (input, output): (bool, bool), policy: Policy, endings: &[Ending]) -> Got {
    let (policy, call) = match by {
        By::Policy => (policy.mask_input(input).mask_output(output), (false, false)),
        By::Call => (policy, (input, output)),
        By::Scope | By::SpanField => (policy, (false, false)),
    };
    let run = || endings.iter().map(|ending| run(call, *ending)).collect::<Vec<_>>();
    export_all(policy.clone(), Some(PolicyHandle::new(policy)), || match by {
        By::Scope => scope().mask_input(input).mask_output(output).run(run),
        By::SpanField => tracing::info_span!("handler", llm.mask_input = input, llm.mask_output = output).in_scope(run),
        By::Policy | By::Call => run(),
    })
}

fn one(masks: (bool, bool), policy: Policy, ending: Ending) -> Got {
    masked(By::Call, masks, policy, &[ending])
}

#[test]
fn masked_content_is_nowhere() {
    for by in [By::Policy, By::Scope, By::Call, By::SpanField] {
        for style in [Style::Placeholder, Style::Drop, Style::hash("key")] {
            for (input, output) in [(true, false), (false, true), (true, true)] {
                let policy = open().style(style.clone()).mask_metadata(true).hash_identity("key");
                let got = masked(by, (input, output), policy, &ENDINGS);
                let what = format!("{by:?} {style:?} {input} {output}");
                assert_eq!(got.spans().iter().filter(|span| span.span.name == "chat gpt-4o").count(), ENDINGS.len());
                assert!(!got.logs().is_empty() && !got.series().is_empty() && got.log().contains("tries"), "{what}");
                if input {
                    assert_eq!(seen(&got, &INPUT), NONE, "{what}");
                }
                if output {
                    assert_eq!(seen(&got, &OUTPUT), NONE, "{what}");
                }
                if input {
                    assert_eq!(seen(&got, &operations::INPUT), NONE, "{what}");
                }
                if output {
                    assert_eq!(seen(&got, &operations::OUTPUT), NONE, "{what}");
                }
                // These can contain text of either side.
                assert_eq!(seen(&got, &operations::EITHER), NONE, "{what}");
                assert_eq!(seen(&got, &ERROR), NONE, "{what}");
                assert_eq!(seen(&got, &FREE), NONE, "{what}");
                assert_eq!(seen(&got, NAMED.iter().chain(&NEVER)), NONE, "{what}");
            }
        }
    }
}

/// Every location in the spans that contains a text, as `span: location`.
fn places(got: &Got, sentinel: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for received in got.spans() {
        let span = &received.span;
        let mut add = |place: &str, shows: bool| {
            if shows {
                all.insert(format!("{}: {place}", span.name.split(" SENTINEL").next().unwrap_or_default()));
            }
        };
        for (key, value) in received.attributes() {
            add(&key, value.to_string().contains(sentinel));
        }
        for event in &span.events {
            add("event", event.name.contains(sentinel));
            add("event's attribute", format!("{:?}", event.attributes).contains(sentinel));
        }
        add("link", format!("{:?}", span.links).contains(sentinel));
        add("name", span.name.contains(sentinel));
        add("status", received.status_message().contains(sentinel));
    }
    all
}

#[test]
fn unmasked_content_is_under_the_conventions_keys() {
    let got = one((false, false), open(), Ending::Answer);
    let at = |sentinel: &str| -> Vec<String> { places(&got, sentinel).into_iter().collect() };
    for sentinel in INPUT {
        let key = match sentinel {
            "SENTINEL-schema" | "SENTINEL-description" => "gen_ai.tool.definitions",
            _ => "gen_ai.input.messages",
        };
        assert_eq!(at(sentinel), [format!("chat gpt-4o: {key}")], "{sentinel}");
    }
    for sentinel in OUTPUT {
        assert_eq!(at(sentinel), ["chat gpt-4o: gen_ai.output.messages"], "{sentinel}");
    }
    // Every span of llm-trace has the caller's identity.
    for (sentinel, key) in [
        ("SENTINEL-identity", "user.id"),
        ("SENTINEL-team", "llm_trace.caller.team_id"),
        ("SENTINEL-session", "session.id"),
        ("SENTINEL-metadata", "llm_trace.metadata.note"),
        ("SENTINEL-tag", "llm_trace.tags"),
    ] {
        let places = at(sentinel);
        assert!(places.len() > 6 && places.iter().all(|place| place.ends_with(&format!(": {key}"))), "{places:?}");
    }
    for (sentinel, places) in [
        ("SENTINEL-eventtext", &["client: event"][..]),
        ("SENTINEL-spanfield", &["client: body"]),
        ("SENTINEL-debugged", &["client: opaque"]),
        ("SENTINEL-opaque", &["client: opaque"]),
        ("SENTINEL-otelevent", &["client: event", "client: event's attribute"]),
        ("SENTINEL-link", &["client: link"]),
        ("SENTINEL-spanname", &["ask: name"]),
        ("SENTINEL-ownname", &["embed: name"]),
        ("SENTINEL-attribute", &["chat gpt-4o: plan"]),
        ("SENTINEL-tooldescription", &["execute_tool weather: gen_ai.tool.description"]),
        ("SENTINEL-toolarguments", &["execute_tool weather: gen_ai.tool.call.arguments"]),
        ("SENTINEL-toolanswer", &["execute_tool weather: gen_ai.tool.call.result"]),
        ("SENTINEL-agentdescription", &["create_agent guide: gen_ai.agent.description"]),
        ("SENTINEL-query", &["retrieval handbook: gen_ai.retrieval.query.text"]),
        ("SENTINEL-document", &["retrieval handbook: gen_ai.retrieval.documents"]),
        ("SENTINEL-recall", &["search_memory: llm_trace.memory.query.text"]),
        ("SENTINEL-memory", &["search_memory: llm_trace.memory.records"]),
        ("SENTINEL-judged", &["apply_guardrail toxic: llm_trace.guardrail.judged"]),
        ("SENTINEL-decided", &["apply_guardrail toxic: llm_trace.guardrail.decided"]),
    ] {
        assert_eq!(at(sentinel), places, "{sentinel}");
    }
    assert_eq!(seen(&got, &NEVER), NONE);
    // The wrapped log contains the text of other crates, but never the content of our calls.
    let log = got.log();
    for sentinel in &FREE[..4] {
        assert!(log.contains(sentinel), "{sentinel}: {log}");
    }
    assert!(!INPUT.iter().chain(&OUTPUT).any(|sentinel| log.contains(sentinel)), "{log}");
}

#[test]
fn texts_of_streams_and_errors_are_under_the_conventions_keys() {
    for ending in [Ending::Stream, Ending::Truncated, Ending::Dropped, Ending::StreamError, Ending::Unfinished] {
        let got = one((false, false), open(), ending);
        for sentinel in OUTPUT {
            let places: Vec<_> = places(&got, sentinel).into_iter().collect();
            assert_eq!(places, ["chat gpt-4o: gen_ai.output.messages"], "{ending:?} {sentinel}");
        }
    }
    for (ending, sentinel) in [
        (Ending::Error, "SENTINEL-errortext"),
        (Ending::ErrorBody, "SENTINEL-errorbody"),
        (Ending::NotSent, "SENTINEL-refused"),
        (Ending::StreamErrorBody, "SENTINEL-errorbody"),
        (Ending::StreamError, "SENTINEL-streamerror"),
    ] {
        let got = one((false, false), open(), ending);
        let places: Vec<_> = places(&got, sentinel).into_iter().collect();
        assert_eq!(places, ["chat gpt-4o: status"], "{ending:?}");
        assert_eq!(seen(&got, &NEVER), NONE, "{ending:?}");
    }
}

#[test]
fn a_masked_call_agrees_with_an_open_one_in_everything_but_content() {
    let without_content = |got: &Got| -> Map<String, Value> {
        let mut attributes = got.span("chat gpt-4o").attributes();
        for key in [
            "gen_ai.input.messages",
            "gen_ai.output.messages",
            "gen_ai.tool.definitions",
            "llm_trace.redaction",
            "gen_ai.response.time_to_first_chunk",
        ] {
            attributes.remove(key);
        }
        attributes
    };
    for ending in ENDINGS {
        let open_call = without_content(&one((false, false), open(), ending));
        for style in [Style::Placeholder, Style::Drop] {
            let masked = without_content(&one((true, true), open().style(style), ending));
            assert_eq!(open_call, masked, "{ending:?}");
        }
    }
}

#[test]
fn redaction_is_reported() {
    let got = one((true, true), open().style(Style::Drop), Ending::Answer);
    let report = got.span("chat gpt-4o").attribute("llm_trace.redaction").expect("a report").to_string();
    for word in ["masked:input=1", "masked:output=1"] {
        assert!(report.contains(word), "{report}");
    }
    let changes = open().scrub(|text, _| text.contains("answer").then(|| "scrubbed".to_owned())).text_limit(11);
    let got = one((false, false), changes, Ending::Answer);
    let report = got.span("chat gpt-4o").attribute("llm_trace.redaction").expect("a report").to_string();
    for word in ["scrubbed:", "cut:text="] {
        assert!(report.contains(word) && !report.contains("SENTINEL"), "{report}");
    }
}

#[test]
fn the_default_policy_exports_no_content() {
    for ending in ENDINGS {
        let got = export_all(Policy::new(), Some(PolicyHandle::default()), || run((false, false), ending));
        for sentinels in [&INPUT[..], &OUTPUT, &ERROR, &NEVER] {
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
