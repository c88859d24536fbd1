use serde_json::json;

use super::{Doc, Mode, write_str};

fn full(doc: &Doc<'_>) -> serde_json::Value {
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
        Doc::from_slice(text.as_bytes(), Mode::Full),
        Doc::from_value(&value, Mode::Full),
        Doc::from_serialize(&value, Mode::Full),
    ] {
        assert!(doc.is_complete());
        assert_eq!(full(&doc), value);
    }
}

#[test]
fn facts_keep_identifiers_and_measure_the_rest() {
    let value = json!({"model": "m", "messages": [{"role": "user", "content": "SECRET"}], "prompt": "SECRET\n",
        "usage": {"prompt_tokens": 3}, "embedding": [0.1, 0.2], "content": null, "choices": [{"message": {"content": ""}}]});
    let text = value.to_string();
    for doc in [
        Doc::from_slice(text.as_bytes(), Mode::Facts),
        Doc::from_value(&value, Mode::Facts),
        Doc::from_serialize(&value, Mode::Facts),
    ] {
        let root = doc.root();
        assert!(!format!("{doc:?}").contains("SECRET"));
        assert_eq!(root.get_str("model"), Some("m"));
        assert_eq!(root.get("messages").map(|n| n.len()), Some(1));
        assert!(root.get_text("prompt").is_some());
        assert_eq!(root.get("usage").and_then(|u| u.get_i64("prompt_tokens")), Some(3));
        assert!(root.get("content").is_none());
        let message = root.get("choices").and_then(|c| c.first()).and_then(|c| c.get("message"));
        assert!(message.is_some_and(|m| m.get_text("content").is_none() && m.get("content").is_some()));
    }
}

#[test]
fn an_object_that_ends_in_a_number_is_not_taken_for_one() {
    let value = json!({"data": [{"embedding": [0.1, 0.2], "index": 0}, {"index": 1}], "n": [1, 2]});
    let text = value.to_string();
    for doc in [Doc::from_slice(text.as_bytes(), Mode::Facts), Doc::from_serialize(&value, Mode::Facts)] {
        let data: Vec<_> = doc.root().get("data").into_iter().flat_map(|data| data.items()).collect();
        assert_eq!(data.len(), 2);
        assert_eq!(data[0].get("embedding").map(|vector| vector.len()), Some(2));
        assert_eq!(data[1].get_i64("index"), Some(1));
        assert_eq!(doc.root().get("n").map(|numbers| numbers.len()), Some(2));
    }
}

#[test]
fn a_cut_document_tells_what_stands_before_the_cut() {
    let doc = Doc::from_slice(br#"{"id":"x","usage":{"prompt_tokens":7},"choices":[{"message":{"con"#, Mode::Facts);
    assert!(!doc.is_complete());
    assert_eq!(doc.root().get_str("id"), Some("x"));
    assert_eq!(doc.root().path(&["usage", "prompt_tokens"]).and_then(|n| n.i64()), Some(7));
    assert_eq!(doc.root().get("choices").map(|n| n.items().count()), Some(1));
}

#[test]
fn depth_bombs_and_garbage_are_survived() {
    let bomb = "[".repeat(100_000);
    for mode in [Mode::Facts, Mode::Structure, Mode::Full] {
        assert!(!Doc::from_slice(bomb.as_bytes(), mode).is_complete());
        assert!(!Doc::from_slice(b"\xff\xfe{", mode).is_complete());
        assert!(Doc::from_slice(b"", mode).root().is_null());
    }
}

proptest::proptest! {
    /// Short keys of few letters: many are equal, and many that are not look alike.
    #[test]
    fn a_field_is_found_as_if_every_one_was_looked_at(
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
        let doc = Doc::from_slice(text.as_bytes(), Mode::Facts);
        let object = if nested { doc.root().get("x") } else { Some(doc.root()) };
        let found = object.and_then(|object| object.get(&asked)).and_then(|node| node.i64());
        let expected = fields.iter().rev().find(|(key, _)| *key == asked).and_then(|(_, number)| *number);
        proptest::prop_assert_eq!(found, expected);
        for first in ["a", "ab", &asked] {
            let there = object.is_some_and(|object| object.get(first).is_some());
            let may = object.is_some_and(|object| object.may_have(super::Bits::of(&[first])));
            proptest::prop_assert!(may || !there || first.contains('.'));
        }
    }
}
