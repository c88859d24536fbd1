use serde_json::json;

use super::{Found, JsonView, Mode, Tree, write_str};
use crate::wire::paths::{PATHS, key, keys};

fn full(doc: &JsonView<'_>) -> serde_json::Value {
    let mut out = String::new();
    doc.root().write_json(&mut out, &mut |out: &mut String, s: &str| write_str(out, s));
    serde_json::from_str(&out).expect("what is written is JSON")
}

#[test]
fn all_three_sources_build_the_same_document() {
    let value =
        json!({"model": "m", "n": 3, "t": 0.7, "messages": [{"role": "user", "content": "a\n\"b\""}, null, true]});
    let text = value.to_string();
    for doc in [
        JsonView::from_slice(text.as_bytes(), Mode::Full),
        JsonView::from_value(&value, Mode::Full),
        JsonView::from_serialize(&value, Mode::Full),
    ] {
        assert!(doc.is_complete());
        assert_eq!(full(&doc), value);
    }
}

/// Checks the facts found in a value, in its text, in a view, and in its serialization.
fn found(value: &serde_json::Value, text: &str, each: &dyn Fn(&Found<'_>)) {
    each(&Found::from_json(&PATHS, text.as_bytes()));
    let view = JsonView::from_slice(text.as_bytes(), Mode::Full);
    each(&Found::from_view(&PATHS, &view).expect("the view has all facts"));
    each(&Found::from_value(&PATHS, value, false));
    each(&Found::from_serialize(&PATHS, value, false));
}

#[test]
fn facts_keep_identifiers_and_the_length_of_other_strings() {
    let value = json!({"model": "m", "messages": [{"role": "user", "content": "SECRET"}], "prompt": "SECRET\n",
        "usage": {"prompt_tokens": 3, "comment": "SECRET"}, "embedding": [0.1, 0.2], "content": null,
        "choices": [{"message": {"content": "", "refusal": "SECRET"}, "finish_reason": "stop"}], "comment": "SECRET",
        "stop": ["a", "b"]});
    found(&value, &value.to_string(), &|found| {
        let root = found.root();
        assert!(!format!("{found:?}").contains("SECRET"));
        assert_eq!(root.get_str(key!("model")), Some("m"));
        assert_eq!(root.get(key!("messages")).map(Tree::len), Some(1));
        assert!(root.get_text(key!("prompt")).is_some());
        assert_eq!(root.path(keys!["usage", "prompt_tokens"]).and_then(Tree::i64), Some(3));
        assert!(root.get(key!("content")).is_none() && root.field(key!("content")).is_some());
        assert_eq!(root.get(key!("stop")).map(Tree::strings), Some(vec!["a".to_owned(), "b".to_owned()]));
        let choice = root.get(key!("choices")).and_then(Tree::first).unwrap();
        assert_eq!(choice.get_str(key!("finish_reason")), Some("stop"));
        let message = choice.get(key!("message")).unwrap();
        assert!(message.get_text(key!("content")).is_none() && message.get(key!("content")).is_some());
        assert!(message.get_text(key!("refusal")).is_some() && message.get_str(key!("refusal")).is_none());
    });
}

#[test]
fn special_keys_of_the_table_do_not_match_document_keys() {
    let value = json!({"choices": {"[]": {"finish_reason": "SECRET"}}, "stop": {"[]": "SECRET"},
        "amazon-bedrock-trace": {"guardrail": {"input": {"g1": {}, "*": "SECRET"}}}});
    found(&value, &value.to_string(), &|found| {
        assert!(!format!("{found:?}").contains("SECRET"), "{found:?}");
        let input = found.root().path(keys!["amazon-bedrock-trace", "guardrail", "input"]).unwrap();
        assert!(input.get_str(key!("*")).is_some());
    });
}

#[test]
fn keys_and_words_with_escapes_are_read() {
    let text = r#"{"\u006dodel":"a\u0062","us\u0061ge":{"prompt_tok\u0065ns":3}}"#;
    let found = Found::from_json(&PATHS, text.as_bytes());
    assert_eq!(found.root().get_str(key!("model")), Some("ab"));
    assert_eq!(found.root().path(keys!["usage", "prompt_tokens"]).and_then(Tree::i64), Some(3));
}

#[test]
fn an_object_that_ends_in_a_number_is_not_read_as_a_number() {
    let value = json!({"data": [{"embedding": [0.1, 0.2], "index": 0}, {"index": 1}], "n": [1, 2]});
    let text = value.to_string();
    for doc in
        [JsonView::from_slice(text.as_bytes(), Mode::Structure), JsonView::from_serialize(&value, Mode::Structure)]
    {
        let data: Vec<_> = doc.root().get("data").into_iter().flat_map(|data| data.items()).collect();
        assert_eq!(data.len(), 2);
        assert_eq!(data[0].get("embedding").map(|vector| vector.len()), Some(2));
        assert_eq!(data[1].get_i64("index"), Some(1));
        assert_eq!(doc.root().get("n").map(|numbers| numbers.len()), Some(2));
    }
    found(&value, &text, &|found| {
        let data = found.root().get(key!("data")).unwrap();
        assert_eq!((data.len(), data.first().unwrap().get(key!("embedding")).map(Tree::len)), (2, Some(2)));
    });
}

#[test]
fn a_truncated_document_is_read_up_to_the_cut() {
    let text = br#"{"id":"x","usage":{"prompt_tokens":7},"choices":[{"message":{"con"#;
    let doc = JsonView::from_slice(text, Mode::Full);
    assert!(!doc.is_complete());
    assert_eq!(doc.root().get_str("id"), Some("x"));
    let found = Found::from_json(&PATHS, text);
    assert_eq!(found.root().get_str(key!("id")), Some("x"));
    assert_eq!(found.root().path(keys!["usage", "prompt_tokens"]).and_then(Tree::i64), Some(7));
    assert_eq!(found.root().each(key!("choices")).count(), 1);
}

#[test]
fn facts_come_only_from_a_view_that_has_them() {
    for (text, mode) in [(r#"{"model":"m"}"#, Mode::Structure), (r#"{"model":"m","x":"\ud800"}"#, Mode::Full)] {
        assert!(Found::from_view(&PATHS, &JsonView::from_slice(text.as_bytes(), mode)).is_none(), "{text}");
    }
}

#[test]
fn depth_bombs_and_garbage_do_not_panic() {
    let bomb = "[".repeat(100_000);
    assert_eq!(Found::from_json(&PATHS, bomb.as_bytes()).root().len(), 1);
    assert!(Found::from_json(&PATHS, b"").root().is_null());
    for mode in [Mode::Structure, Mode::Full] {
        assert!(!JsonView::from_slice(bomb.as_bytes(), mode).is_complete());
        assert!(!JsonView::from_slice(b"\xff\xfe{", mode).is_complete());
        assert!(JsonView::from_slice(b"", mode).root().is_null());
    }
}

proptest::proptest! {
    /// Short keys of few letters, so that many are equal or similar.
    #[test]
    fn a_field_lookup_equals_a_linear_search(
        fields in proptest::collection::vec(("[a-d.]{0,3}", proptest::option::of(0..9_i64)), 0..90),
        asked in "[a-d.]{0,3}",
        nested: bool,
        cut: bool,
    ) {
        let mut text = String::from("{");
        for (at, (key, number)) in fields.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let number = number.map_or("null".to_owned(), |number| number.to_string());
            text += &format!("{comma}\"{key}\":{number}");
        }
        if !cut {
            text += "}";
        }
        if nested {
            text = format!("{{\"x\":{text}}}");
        }
        let doc = JsonView::from_slice(text.as_bytes(), Mode::Full);
        let object = if nested { doc.root().get("x") } else { Some(doc.root()) };
        let found = object.and_then(|object| object.get(&asked)).and_then(|node| node.i64());
        let expected = fields.iter().rev().find(|(key, _)| *key == asked).and_then(|(_, number)| *number);
        proptest::prop_assert_eq!(found, expected);
    }

    #[test]
    fn texts_are_escaped_as_serde_json_does(text in "([ -~]|[\\x00-\\x1f\\x7f\"\\\\]|\\PC|.){0,60}") {
        let mut out = String::new();
        write_str(&mut out, &text);
        proptest::prop_assert_eq!(out, serde_json::to_string(&text).unwrap_or_default());
    }

    #[test]
    fn a_repeated_key_is_written_once_with_its_last_value(
        fields in proptest::collection::vec(("[a-d]{0,2}", 0..9_i64), 0..30),
    ) {
        let all: Vec<_> = fields.iter().map(|(key, number)| format!("\"{key}\":{number}")).collect();
        let text = format!("{{{}}}", all.join(","));
        let doc = JsonView::from_slice(text.as_bytes(), Mode::Full);
        let known: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap_or_default();
        proptest::prop_assert_eq!(doc.root().fields().count(), known.len());
        proptest::prop_assert_eq!(full(&doc), serde_json::Value::Object(known));
    }

    #[test]
    fn a_found_field_is_the_last_of_its_key(
        fields in proptest::collection::vec((0..ROOT_KEYS.len(), 0..9_i64), 0..60),
        nested: bool,
    ) {
        let keys = if nested { USAGE_KEYS } else { ROOT_KEYS };
        let fields: Vec<_> = fields.iter().map(|(key, number)| (key % keys.len(), *number)).collect();
        let body: Vec<_> = fields.iter().map(|(key, number)| format!("\"{}\":{number}", keys[*key])).collect();
        let object = format!("{{{}}}", body.join(","));
        let text = if nested { format!("{{\"usage\":{object}}}") } else { object };
        let found = Found::from_json(&PATHS, text.as_bytes());
        let object = if nested { found.root().get(key!("usage")) } else { Some(found.root()) };
        for (key, name) in keys.iter().enumerate() {
            let expected = fields.iter().rev().find(|(other, _)| *other == key).map(|(_, number)| *number);
            let number = object.and_then(|object| object.get_i64(PATHS.key(name)));
            proptest::prop_assert_eq!(number, expected, "{} in {}", name, text);
        }
    }
}

const ROOT_KEYS: &[&str] = &[
    "model",
    "id",
    "n",
    "seed",
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "stream",
    "dimensions",
    "k",
    "p",
    "status",
    "object",
    "type",
    "service_tier",
    "choices",
    "message",
    "index",
    "output_index",
    "content_index",
    "delta",
    "item",
    "done",
    "eval_count",
    "response",
    "text",
    "content",
    "output",
    "version",
    "event",
    "data",
    "error",
    "code",
];

const USAGE_KEYS: &[&str] = &[
    "prompt_tokens",
    "input_tokens",
    "completion_tokens",
    "output_tokens",
    "cached_tokens",
    "num_cached_tokens",
    "cache_read_input_tokens",
    "reasoning_tokens",
    "num_search_queries",
    "total_tokens",
    "cost",
];
