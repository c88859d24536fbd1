//! Masked, hashed and truncated attributes are valid by the conventions' schemas.

use llm_trace::{Capture, Policy, PolicyHandle, Style};
use llm_trace_tests::corpus::schemas::{ATTRIBUTES, Schemas};

use crate::support::{Ending, export, run};

fn open() -> Policy {
    Policy::new().capture(Capture::Span)
}

fn check(gate: Policy, last: Option<PolicyHandle>) {
    let schemas = Schemas::load();
    let what = format!("{gate:?} {last:?}");
    let got = export(gate, last, || run((false, false), Ending::Answer));
    let attributes = got.span("chat gpt-4o").attributes();
    assert!(attributes.contains_key("gen_ai.output.messages"), "{what}");
    for name in ATTRIBUTES {
        assert_eq!(schemas.invalid(&attributes, name), None, "{what}");
    }
}

#[test]
fn masked_at_the_source() {
    for style in [Style::Placeholder, Style::hash("key")] {
        check(open().style(style).mask_input(true).mask_output(true), None);
    }
}

#[test]
fn masked_by_the_processor() {
    for style in [Style::Placeholder, Style::hash("key")] {
        check(open(), Some(PolicyHandle::new(open().style(style).mask_input(true).mask_output(true))));
    }
}

#[test]
fn scrubbed() {
    let scrubbed = open().scrub(|text, _| Some(text.replace("SENTINEL", "*")));
    check(scrubbed.clone(), Some(PolicyHandle::new(scrubbed)));
}

#[test]
fn cut_in_every_way() {
    for limit in [600, 700, 900, 1200] {
        check(open().attribute_limit(limit), None);
        check(open(), Some(PolicyHandle::new(open().attribute_limit(limit))));
    }
    check(open().text_limit(10), None);
    check(open().media_limit(3), Some(PolicyHandle::new(open().media_limit(3))));
}
