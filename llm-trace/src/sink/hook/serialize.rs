//! Serializes a finished call as one flat object.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::finished_call::FinishedCall;
use crate::semconv::AttributeValue;

impl Serialize for FinishedCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        if let Some(nanoseconds) = unix_nano(self.start_time) {
            map.serialize_entry("start_time_unix_nano", &nanoseconds)?;
        }
        if let Some(duration) = self.duration {
            map.serialize_entry("duration_seconds", &duration.as_secs_f64())?;
        }
        if let Some((trace, span)) = &self.ids {
            map.serialize_entry("trace_id", trace)?;
            map.serialize_entry("span_id", span)?;
        }
        map.serialize_entry("sampled", &self.sampled)?;
        if let Some(message) = &self.error_message {
            map.serialize_entry("error_message", message)?;
        }
        for (name, value) in self.attributes().filter(|(name, _)| !BESIDE.contains(name)) {
            map.serialize_entry(name, value)?;
        }
        for (name, text) in self.content.iter() {
            map.serialize_entry(name, text)?;
        }
        map.end()
    }
}

/// Field names besides attributes. A user attribute with such a name must not create a duplicate.
const BESIDE: [&str; 7] =
    ["name", "start_time_unix_nano", "duration_seconds", "trace_id", "span_id", "sampled", "error_message"];

fn unix_nano(time: SystemTime) -> Option<u64> {
    u64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

/// Serializes the plain value.
///
/// ```
/// let json = serde_json::to_string(&llm_trace::AttributeValue::from(3)).unwrap_or_default();
/// assert_eq!(json, "3");
/// ```
impl Serialize for AttributeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            AttributeValue::Str(text) => serializer.serialize_str(text),
            AttributeValue::Int(number) => serializer.serialize_i64(*number),
            AttributeValue::Float(number) => serializer.serialize_f64(*number),
            AttributeValue::Bool(flag) => serializer.serialize_bool(*flag),
            AttributeValue::Strs(all) => all.serialize(serializer),
        }
    }
}
