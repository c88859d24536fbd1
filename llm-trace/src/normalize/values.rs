//! Converts values to the types of the conventions.

use opentelemetry::{Array, StringValue, Value};
use serde_json::Value as Json;

use super::table::Kind;
use super::{messages, table};
use crate::policy::keys::IdentifierKind;
use crate::semconv::Profile;
use crate::semconv::identifier::{is_count, is_word};

/// The result of a conversion.
pub(super) enum Converted {
    To(Value),
    /// Not possible: the value stays unchanged.
    Not,
    /// The value carries no information.
    Nothing,
}

/// Converts a value.
pub(super) fn convert(kind: Kind, value: &Value, profile: Profile) -> Converted {
    let text = match value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    };
    let converted = match kind {
        Kind::Any => None,
        Kind::Int => int(value).map(Value::I64),
        Kind::Double => double(value).map(Value::F64),
        Kind::Flag => {
            return match (value, text) {
                (Value::Bool(true), _) | (_, Some("true")) => Converted::To(Value::Bool(true)),
                _ => Converted::Nothing,
            };
        }
        Kind::Texts => text.map(texts),
        Kind::Operation => text.map(|word| table::operation(word).to_owned().into()),
        Kind::Provider => text.filter(|word| is_word(word)).map(|word| table::provider(word).to_owned().into()),
        Kind::InputMessages => text.and_then(|text| messages::input(text, profile)).map(Value::from),
        Kind::OutputMessages => text.map(|text| messages::output(text, profile).into()),
        Kind::Instructions => text.and_then(messages::instructions).map(Value::from),
        Kind::Tools => text.and_then(messages::tools).map(Value::from),
        Kind::Json => text.map(|text| messages::json_text(text).into()),
    };
    converted.map_or(Converted::Not, Converted::To)
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::F64(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
        // The guard exports any number, but only short texts.
        Value::String(text) if IdentifierKind::Count.fits(text.as_str()) => {
            text.as_str().parse().ok().filter(|number| is_count(*number))
        }
        _ => None,
    }
}

fn double(value: &Value) -> Option<f64> {
    match value {
        #[allow(clippy::cast_precision_loss, reason = "no setting of a model is that large")]
        Value::I64(number) => Some(*number as f64),
        Value::String(text) if is_short_number(text.as_str()) => {
            text.as_str().parse().ok().filter(|number: &f64| number.abs() <= MAX_DOUBLE)
        }
        _ => None,
    }
}

/// Larger numbers in texts are no setting of a model.
const MAX_DOUBLE: f64 = 1e9;

/// Whether a text is a number with at most as many digits as a count.
fn is_short_number(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    IdentifierKind::Count.fits(&digits)
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e'))
}

/// A list of strings from JSON text, from the `Debug` text of a list, or from one string.
fn texts(text: &str) -> Value {
    let words = match serde_json::from_str::<Json>(text) {
        Ok(Json::Array(words)) => {
            words.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect()
        }
        Ok(Json::String(word)) => vec![word],
        _ => vec![text.to_owned()],
    };
    Value::Array(Array::String(words.into_iter().map(StringValue::from).collect()))
}
