//! Converts Gemini's parameter schemas to JSON Schema.
//!
//! Google uses a subset of the OpenAPI schema: types in capitals or as numbers, and integers as strings.
//! <https://ai.google.dev/api/caching#Schema>

use crate::json::{Node, write_str};

/// Keywords whose integer ProtoJSON writes as a string.
const COUNTS: &[&str] = &["maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"];

/// Keywords with the user's own values, which are not schemas.
const VALUES: &[&str] = &["default", "enum", "example", "required"];

/// The schema as JSON Schema text.
pub(super) fn json_schema(schema: Node<'_>) -> String {
    let mut out = String::new();
    write_schema(schema, &mut out);
    out
}

fn write_schema(schema: Node<'_>, out: &mut String) {
    if !schema.is_object() {
        out.push_str(&schema.to_json());
        return;
    }
    write_object(schema, out, |field, out| match field.key() {
        "type" => match field.str().map(str::to_ascii_lowercase).or_else(|| type_of(field).map(str::to_owned)) {
            Some(word) => write_str(out, &word),
            None => out.push_str(&field.to_json()),
        },
        "properties" | "defs" | "$defs" if field.is_object() => {
            write_object(field, out, write_schema);
        }
        key if COUNTS.contains(&key) => match field.str().and_then(|text| text.parse::<u64>().ok()) {
            Some(count) => out.push_str(&count.to_string()),
            None => out.push_str(&field.to_json()),
        },
        key if VALUES.contains(&key) => out.push_str(&field.to_json()),
        _ if field.is_array() => {
            out.push('[');
            for (at, schema) in field.items().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_schema(schema, out);
            }
            out.push(']');
        }
        _ => write_schema(field, out),
    });
}

fn write_object(object: Node<'_>, out: &mut String, mut value: impl FnMut(Node<'_>, &mut String)) {
    out.push('{');
    for (at, field) in object.fields().filter(|field| !field.is_null()).enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_str(out, field.key());
        out.push(':');
        value(field, out);
    }
    out.push('}');
}

/// The type for a number of the `Type` enum.
fn type_of(field: Node<'_>) -> Option<&'static str> {
    Some(match field.i64()? {
        1 => "string",
        2 => "number",
        3 => "integer",
        4 => "boolean",
        5 => "array",
        6 => "object",
        7 => "null",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::json_schema;
    use crate::json::{JsonView, Mode};

    fn converted(schema: &str) -> String {
        json_schema(JsonView::from_slice(schema.as_bytes(), Mode::Full).root())
    }

    #[test]
    fn types_and_counts_are_written_as_json_schema_has_them() {
        assert_eq!(
            converted(r#"{"type":"OBJECT","properties":{"a":{"type":"ARRAY","minItems":"2","items":{"type":1}}}}"#),
            r#"{"type":"object","properties":{"a":{"type":"array","minItems":2,"items":{"type":"string"}}}}"#
        );
        assert_eq!(
            converted(r#"{"anyOf":[{"type":"STRING"},{"type":6}],"nullable":true,"items":null}"#),
            r#"{"anyOf":[{"type":"string"},{"type":"object"}],"nullable":true}"#
        );
    }

    #[test]
    fn what_the_user_named_or_allowed_stays_as_it_is() {
        for same in [
            r#"{"properties":{"type":{"type":"string"},"items":{"type":"string"}},"required":["type"]}"#,
            r#"{"type":"string","enum":["A","B"],"default":"A","description":"OBJECT"}"#,
        ] {
            assert_eq!(converted(same), same);
        }
    }
}
