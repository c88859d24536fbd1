//! Arguments of a function call that Vertex AI streams value by value.
//!
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc>

use serde_json::{Map, Value};

use crate::json::Node;

/// Limits on the depth of arguments and the length of their lists.
const MAX_DEPTH: usize = 32;
const MAX_ITEMS: usize = 1024;

/// Maximum number of list elements that the paths of one call may skip.
const MAX_GAPS: usize = 4096;

/// The arguments received so far.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    root: Value,
    gaps: usize,
}

impl Arguments {
    /// Adds one `partialArgs` entry: a value or a piece of a string, with its path.
    pub(super) fn add(&mut self, entry: Node<'_>) {
        let Some(path) = entry.any(&["jsonPath", "json_path"]).and_then(Node::str) else { return };
        let Some(slot) = slot(&mut self.root, path, &mut self.gaps) else { return };
        if let Some(more) = entry.any(&["stringValue", "string_value"]).and_then(Node::str) {
            match slot {
                Value::String(text) => text.push_str(more),
                other => *other = Value::from(more),
            }
        } else if let Some(number) = entry.any(&["numberValue", "number_value"]) {
            *slot = number.i64().map(Value::from).or_else(|| number.f64().map(Value::from)).unwrap_or_default();
        } else if let Some(truth) = entry.any(&["boolValue", "bool_value"]).and_then(Node::bool) {
            *slot = Value::from(truth);
        }
    }

    /// The arguments as JSON text, if any were received.
    pub(super) fn json(&self) -> Option<String> {
        self.root.is_object().then(|| self.root.to_string())
    }
}

/// The value at a path such as `$.a.b[0]['c']`, created if missing.
fn slot<'v>(root: &'v mut Value, path: &str, gaps: &mut usize) -> Option<&'v mut Value> {
    let mut rest = path.strip_prefix('$')?;
    let mut value = root;
    for _ in 0..MAX_DEPTH {
        if rest.is_empty() {
            return Some(value);
        }
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, after) = after.split_at_checked(end)?;
            value = field(value, name);
            rest = after;
            continue;
        }
        let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
        rest = after;
        value = match inside.parse::<usize>() {
            Ok(at) => item(value, at, gaps)?,
            Err(_) => field(value, inside.trim_matches(['\'', '"'])),
        };
    }
    None
}

fn field<'v>(value: &'v mut Value, name: &str) -> &'v mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    &mut value[name]
}

fn item<'v>(value: &'v mut Value, at: usize, gaps: &mut usize) -> Option<&'v mut Value> {
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    let list = value.as_array_mut().filter(|_| at < MAX_ITEMS)?;
    if let Some(gap) = at.checked_sub(list.len()) {
        *gaps = gaps.saturating_add(gap);
        if *gaps > MAX_GAPS {
            return None;
        }
        list.resize(at.saturating_add(1), Value::Null);
    }
    list.get_mut(at)
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use crate::json::{JsonView, Mode};

    fn joined(entries: &str) -> Option<String> {
        let mut arguments = Arguments::default();
        JsonView::from_slice(entries.as_bytes(), Mode::Full).root().items().for_each(|entry| arguments.add(entry));
        arguments.json()
    }

    #[test]
    fn values_are_put_where_their_paths_say() {
        let entries = r#"[
            {"jsonPath":"$.place","stringValue":"New ","willContinue":true},
            {"jsonPath":"$.place","stringValue":"Delhi"},
            {"jsonPath":"$.days[1].n","numberValue":3},
            {"jsonPath":"$['a b']","boolValue":true},
            {"jsonPath":"$.none","nullValue":"NULL_VALUE"}
        ]"#;
        let joined = joined(entries).and_then(|json| serde_json::from_str::<serde_json::Value>(&json).ok());
        let known = serde_json::json!({"a b": true, "days": [null, {"n": 3}], "none": null, "place": "New Delhi"});
        assert_eq!(joined, Some(known));
    }

    #[test]
    fn a_path_that_is_none_is_left_out() {
        for path in ["", "x", "$[", "$[99999999999]", "$x", "$[5000]"] {
            assert_eq!(joined(&format!(r#"[{{"jsonPath":"{path}","stringValue":"v"}}]"#)), None, "{path}");
        }
        let deep = joined(&format!(r#"[{{"jsonPath":"${}","stringValue":"v"}}]"#, ".a".repeat(40)));
        assert!(deep.is_some_and(|json| !json.contains('v')));
    }
}
