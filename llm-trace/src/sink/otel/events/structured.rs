//! Structured values: maps and lists in place of JSON text.

use std::collections::HashMap;
use std::fmt;

use opentelemetry::logs::AnyValue;
use opentelemetry::{Array, Key, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Converts the value of a span attribute.
pub(crate) fn value(value: Value) -> AnyValue {
    match value {
        Value::Bool(flag) => AnyValue::Boolean(flag),
        Value::I64(number) => AnyValue::Int(number),
        Value::F64(number) => AnyValue::Double(number),
        Value::String(text) => AnyValue::String(text),
        Value::Array(Array::Bool(list)) => list.into_iter().collect(),
        Value::Array(Array::I64(list)) => list.into_iter().collect(),
        Value::Array(Array::F64(list)) => list.into_iter().collect(),
        Value::Array(Array::String(list)) => list.into_iter().collect(),
        other => AnyValue::String(other.to_string().into()),
    }
}

/// Parses JSON text. Returns `None` if it is invalid or too deep.
pub(crate) fn json(text: &str) -> Option<AnyValue> {
    serde_json::from_str::<Json>(text).ok().map(|json| json.0.unwrap_or_else(empty))
}

/// Converts a value to JSON, for use as text or for parsing. Bytes become base64.
pub(crate) fn to_json(value: &AnyValue) -> serde_json::Value {
    match value {
        AnyValue::Int(number) => (*number).into(),
        AnyValue::Double(number) => (*number).into(),
        AnyValue::String(text) => text.as_str().into(),
        AnyValue::Boolean(flag) => (*flag).into(),
        AnyValue::Bytes(bytes) => {
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes.as_slice()).into()
        }
        AnyValue::ListAny(list) => list.iter().map(to_json).collect(),
        AnyValue::Map(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.to_string(), to_json(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            serde_json::Value::Object(entries.into_iter().collect())
        }
        other => format!("{other:?}").into(),
    }
}

/// A JSON value. OpenTelemetry has no null value.
struct Json(Option<AnyValue>);

/// Replaces null in lists, and under keys that the schemas require.
fn empty() -> AnyValue {
    AnyValue::String("".into())
}

const REQUIRED: [&str; 2] = ["response", "content"];

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json(Some(AnyValue::Boolean(flag))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json(Some(AnyValue::Int(number))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        let value = i64::try_from(number).map_or(AnyValue::Double(number as f64), AnyValue::Int);
        Ok(Json(Some(value)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json(Some(AnyValue::Double(number))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json(Some(AnyValue::String(text.to_owned().into()))))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json(Some(AnyValue::String(text.into()))))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(Json(item)) = seq.next_element()? {
            list.push(item.unwrap_or_else(empty));
        }
        Ok(Json(Some(AnyValue::ListAny(Box::new(list)))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut map: HashMap<Key, AnyValue> = HashMap::new();
        while let Some((key, Json(entry))) = entries.next_entry::<String, Json>()? {
            let entry = entry.or_else(|| REQUIRED.contains(&key.as_str()).then(empty));
            if let Some(entry) = entry {
                map.insert(key.into(), entry);
            }
        }
        Ok(Json(Some(AnyValue::Map(Box::new(map)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_lists_and_numbers_keep_their_types_and_null_is_absent() {
        let value = json(r#"{"a":[1,2.5,null,"x",true],"b":null,"response":null,"c":18446744073709551615}"#);
        let Some(AnyValue::Map(map)) = value else { panic!("{value:?}") };
        let list = [AnyValue::Int(1), AnyValue::Double(2.5), empty(), AnyValue::from("x"), AnyValue::Boolean(true)];
        assert_eq!(map.get(&Key::from("a")), Some(&AnyValue::ListAny(Box::new(list.into()))));
        assert_eq!(map.get(&Key::from("b")), None);
        assert_eq!(map.get(&Key::from("response")), Some(&empty()));
        assert_eq!(map.get(&Key::from("c")), Some(&AnyValue::Double(18446744073709551615.0)));
        assert_eq!(json("{"), None);
    }
}
