//! Properties of filters and permits over random payloads and policies.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::content_shape::ContentShape;
use super::filter::{CUT, Filter, REDACTED};
use super::keys::{Class, IdentifierKind};
use super::masks::Masks;
use super::permit::{Permit, PolicyState};
use super::place::{Place, TextKind};
use super::policy::{Capture, Policy};
use super::rewrite;
use super::side::Side;
use super::style::Style;
use crate::json::{JsonView, Mode, Node, Text};
use crate::message::{InputContent, Messages, Modality, Part, Payload};

const SENTINEL: &str = "SENTINEL";

/// Writes one part of every kind, with each text created by `text`.
fn every_part(messages: &mut Messages, text: &str, payload: Node<'_>) {
    let plain = Text::Plain(text);
    for part in [
        Part::Text(plain),
        Part::Reasoning(plain),
        Part::Refusal(plain),
        Part::ToolCall { id: Some("call_1"), name: "weather".into(), arguments: Payload::Json(payload) },
        Part::ToolCall { id: None, name: "weather".into(), arguments: Payload::Text(plain) },
        Part::ToolCallResponse { id: Some("call_1"), response: Payload::Str(plain) },
        Part::ServerToolCall { id: None, name: "search".into(), kind: "web_search", call: Payload::Json(payload) },
        Part::ServerToolCallResponse { id: None, kind: "web_search", response: Payload::Json(payload) },
        Part::Blob { modality: Modality::Image, mime_type: Some("image/png".into()), content: plain },
        Part::Uri { modality: Modality::Image, mime_type: None, uri: plain },
        Part::File { modality: Modality::Document, mime_type: None, file_id: text },
        Part::Generic { kind: "other", fields: Payload::Json(payload) },
        Part::Generic { kind: "other", fields: Payload::Text(plain) },
    ] {
        let mut whole = String::new();
        part.write_plain(&mut whole);
        messages.part(part);
        messages.part(Part::Whole(&whole));
    }
}

/// All attributes for a side's content under this permit.
fn content(permit: Permit, text: &str, payload: &Value) -> Vec<String> {
    let Some(filter) = permit.filter() else { return Vec::new() };
    let doc = JsonView::from_value(payload, Mode::Full);
    let mut input = InputContent::new(filter);
    input.system(Part::Text(Text::Plain(text)));
    for role in ["system", "user", "assistant", "tool"] {
        input.messages.begin(role, Some(text));
        every_part(&mut input.messages, text, doc.root());
        input.messages.end(None);
    }
    input.tool("function", "weather", Some(Text::Plain(text)), Some(doc.root()));
    let finished = input.finish();
    [finished.messages, finished.instructions, finished.tools].into_iter().flatten().collect()
}

fn payloads() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        "\\PC{0,5}".prop_map(|s| Value::from(format!("{s}{SENTINEL}{s}"))),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("\\PC{0,6}|SENTINEL|type|name|content|parts|role|id", inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn styles() -> impl Strategy<Value = Style> {
    prop_oneof![Just(Style::Placeholder), Just(Style::Drop), Just(Style::hash("key"))]
}

fn captures() -> impl Strategy<Value = Capture> {
    prop::sample::select(vec![Capture::Off, Capture::Span, Capture::Event, Capture::SpanAndEvent])
}

fn masks() -> impl Strategy<Value = Masks> {
    (any::<bool>(), any::<bool>()).prop_map(|(input, output)| Masks::new().mask_input(input).mask_output(output))
}

prop_compose! {
    fn policies()(capture in captures(), masks in masks(), default_mask: bool, style in styles(), error_text: bool)
        -> Policy
    {
        Policy::new()
            .capture(capture)
            .mask_input(masks.input())
            .mask_output(masks.output())
            .default_mask(default_mask)
            .style(style)
            .error_text(error_text)
    }
}

fn state(policy: Policy) -> PolicyState {
    PolicyState::new(arc_swap::Guard::from_inner(Arc::new(policy)))
}

/// Whether input, output and error texts are exported unmasked.
fn open(policy: &Policy, masks: Masks) -> [bool; 3] {
    let state = state(policy.clone());
    [state.permit(Side::Input, masks), state.permit(Side::Output, masks), state.error_text(masks)]
        .map(|permit| permit.is_open())
}

proptest! {
    #[test]
    fn under_a_mask_no_text_gets_out_and_json_stays_json(
        policy in policies(), text in "\\PC{0,10}", payload in payloads(),
    ) {
        let state = state(policy.capture(Capture::Span));
        let text = format!("{text}{SENTINEL}{text}");
        for attribute in content(state.permit(Side::Input, Masks::all()), &text, &payload) {
            prop_assert!(!attribute.contains(SENTINEL), "{attribute}");
            prop_assert!(serde_json::from_str::<Value>(&attribute).is_ok(), "{attribute}");
        }
    }

    #[test]
    fn scrubbed_and_cut_content_is_json_that_fits_and_holds_no_secret(
        text in "\\PC{0,40}", payload in payloads(),
        longest in 0usize..200, attribute in 2usize..4000, span in 8usize..8000,
    ) {
        let policy = Policy::new()
            .capture(Capture::Span)
            .scrub(|text, _| text.contains(SENTINEL).then(|| text.replace(SENTINEL, "")))
            .text_limit(longest).attribute_limit(attribute).span_limit(span).media_limit(longest);
        let text = format!("{text}{SENTINEL}{text}");
        let attributes = content(state(policy).permit(Side::Input, Masks::new()), &text, &payload);
        for json in &attributes {
            prop_assert!(!json.contains(SENTINEL), "{json}");
            prop_assert!(json.len() <= attribute, "{} > {attribute}: {json}", json.len());
            prop_assert!(serde_json::from_str::<Value>(json).is_ok(), "{json}");
        }
        prop_assert!(attributes.iter().map(String::len).sum::<usize>() <= span);
    }

    #[test]
    fn any_json_can_be_masked_after_it_was_written(payload in payloads(), style in styles()) {
        // A single word in the position of a structural word counts as structure, so the sentinel contains a space.
        let with_space = payload.to_string().replace(SENTINEL, "SENTI NEL");
        for shape in [ContentShape::Messages, ContentShape::Parts, ContentShape::Tools] {
            for json in [with_space.clone(), format!("[{with_space}]"), format!("[{{\"parts\":[{with_space}]}}]")] {
                let mut filter = Filter::masked(&Arc::new(Policy::new().style(style.clone())));
                let out = rewrite::attribute(&json, shape, &mut filter).unwrap_or_default();
                prop_assert!(!out.contains("SENTI NEL"), "{json} -> {out}");
                let json = serde_json::from_str::<Value>(&out).is_ok();
                prop_assert!(json || out == REDACTED || out.is_empty() || out.starts_with("hmac-sha256:"), "{out}");
            }
        }
    }

    #[test]
    fn no_narrower_setting_lets_more_out(policy in policies(), scope in masks(), call in masks(), more in masks()) {
        let before = open(&policy, scope.union(call));
        let tighter = [
            open(&policy, scope.union(call).union(more)),
            open(&policy.clone().mask_input(true), scope.union(call)),
            open(&policy.clone().mask_output(true), scope.union(call)),
            open(&policy.clone().default_mask(true), scope.union(call)),
            open(&policy.clone().lock_masked(), scope.union(call)),
            open(&policy.clone().error_text(false), scope.union(call)),
            open(&policy.clone().capture(Capture::Off), scope.union(call)),
        ];
        for after in tighter {
            for (before, after) in before.into_iter().zip(after) {
                prop_assert!(before || !after, "{policy:?}");
            }
        }
    }

    #[test]
    fn a_locked_policy_is_not_loosened(locked in policies(), other in policies(), call in masks()) {
        let handle = super::PolicyHandle::new(locked.lock_masked());
        handle.set(other);
        handle.update(|policy| policy.mask_input(false).mask_output(false).default_mask(false).error_text(true));
        prop_assert_eq!(open(&handle.get(), call.clear_default()), [false; 3]);
    }
}

#[test]
fn a_locked_policy_takes_no_exemption() {
    let class = |policy: &Policy, key| policy.known(key).class;
    let locked = Policy::new().plain_key("before").lock_masked().plain_key("after").plain_target("rig");
    assert_eq!(class(&locked, "before"), Class::Fact(IdentifierKind::Any));
    assert_eq!(class(&locked, "after"), Class::Unknown);
    assert!(locked.is_content_target("rig") && !Policy::new().plain_target("rig").is_content_target("rig"));
}

fn one(filter: Filter) -> (Value, Vec<String>) {
    let mut messages = Messages::input(filter);
    messages.begin("user", None);
    messages.part(Part::Text(Text::Plain("a question")));
    messages.part(Part::ToolCall {
        id: Some("call_1"),
        name: "weather".into(),
        arguments: Payload::Text(Text::Plain("{\"city\": \"Paris\"}")),
    });
    messages.end(None);
    let (json, filter) = messages.finish();
    (serde_json::from_str(&json.expect("a message")).expect("JSON"), filter.into_report().values())
}

#[test]
fn a_placeholder_keeps_the_structure() {
    let masked = json!([{"role": "user", "parts": [
        {"type": "text", "content": "[REDACTED]"},
        {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": "[REDACTED]"},
    ]}]);
    let report = ["masked:arguments=1", "masked:text=1"].map(str::to_owned).to_vec();
    assert_eq!(one(Filter::placeholder()), (masked, report));
}

#[test]
fn what_is_masked_late_is_masked_alike() {
    let (open, _) = one(Filter::plain());
    for style in [Style::Placeholder, Style::hash("key")] {
        let policy = Arc::new(Policy::new().style(style));
        let mut late = Filter::masked(&policy);
        let masked = rewrite::attribute(&open.to_string(), ContentShape::Messages, &mut late).expect("room");
        let masked = serde_json::from_str::<Value>(&masked).expect("JSON");
        assert_eq!((masked, late.into_report().values()), one(Filter::masked(&policy)));
    }
}

#[test]
fn equal_texts_have_equal_hashes() {
    let policy = Arc::new(Policy::new().style(Style::hash("key")));
    let hash = |text: &str| Filter::masked(&policy).clean(text, Place::of(TextKind::Text)).into_owned();
    assert_eq!(hash("a"), hash("a"));
    assert_ne!(hash("a"), hash("b"));
}

#[test]
fn large_media_are_replaced_by_their_size_and_hash() {
    let policy = Arc::new(Policy::new().media_limit(4));
    let mut messages = Messages::input(Filter::open(&policy));
    messages.begin("user", None);
    messages.part(Part::Blob {
        modality: Modality::Image,
        mime_type: Some("image/png".into()),
        content: Text::Plain("aGVsbG8="),
    });
    let (json, filter) = messages.finish();
    let json: Value = serde_json::from_str(&json.expect("a message")).expect("JSON");
    assert_eq!(
        json[0]["parts"][0],
        json!({
            "type": "blob", "modality": "image", "mime_type": "image/png", "content": CUT, "bytes": 5,
            "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        })
    );
    assert_eq!(filter.into_report().values(), ["cut:bytes=8", "cut:media=1"]);
}

#[test]
fn keys_and_numbers_of_arguments_are_scrubbed() {
    let policy = Policy::new().scrub(|text, place| {
        assert_eq!(place.kind(), TextKind::Arguments);
        text.contains("42").then(|| "*".to_owned())
    });
    let mut messages = Messages::input(Filter::open(&Arc::new(policy)));
    messages.begin("assistant", None);
    let arguments = Payload::Text(Text::Plain("{\"key 42\": 4242, \"n\": [1, \"42\"]}"));
    messages.part(Part::ToolCall { id: None, name: "f".into(), arguments });
    let (json, _) = messages.finish();
    let json: Value = serde_json::from_str(&json.expect("a message")).expect("JSON");
    assert_eq!(json[0]["parts"][0]["arguments"], json!({"*": "*", "n": [1, "*"]}));
}
