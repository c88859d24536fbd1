//! Attribute values, independent of OpenTelemetry types.

use std::borrow::Cow;

/// The value of an attribute, for [`LlmCall::attribute`](crate::LlmCall::attribute) and the macro's `attributes(..)`.
///
/// Integers that do not fit `i64` become strings.
///
/// ```
/// use llm_trace::AttributeValue;
///
/// assert_eq!(AttributeValue::from(3_u32), AttributeValue::Int(3));
/// assert_eq!(AttributeValue::from("a"), AttributeValue::Str("a".into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttributeValue {
    /// A string.
    Str(Cow<'static, str>),
    /// A 64-bit integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// An array of strings.
    Strs(Vec<String>),
}

impl AttributeValue {
    /// The text, if this is a string.
    ///
    /// ```
    /// use llm_trace::AttributeValue;
    ///
    /// assert_eq!(AttributeValue::from("a").as_str(), Some("a"));
    /// assert_eq!(AttributeValue::from(3).as_str(), None);
    /// ```
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    /// The integer, if this is an integer.
    ///
    /// ```
    /// assert_eq!(llm_trace::AttributeValue::from(3).as_i64(), Some(3));
    /// ```
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// The number, if this is a double or an integer.
    ///
    /// ```
    /// assert_eq!(llm_trace::AttributeValue::from(3).as_f64(), Some(3.0));
    /// ```
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            Self::Int(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// The value as text.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Str(text) => Cow::Borrowed(text),
            Self::Int(n) => Cow::Owned(n.to_string()),
            Self::Float(n) => Cow::Owned(n.to_string()),
            Self::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
            Self::Strs(all) => Cow::Owned(all.join(", ")),
        }
    }
}

macro_rules! from_ints {
    ($($ty:ty),*) => {$(
        impl From<$ty> for AttributeValue {
            fn from(value: $ty) -> Self {
                i64::try_from(value).map_or_else(|_| Self::Str(value.to_string().into()), Self::Int)
            }
        }
    )*};
}

from_ints!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

macro_rules! from_into {
    ($($ty:ty => $variant:ident),* $(,)?) => {$(
        impl From<$ty> for AttributeValue {
            fn from(value: $ty) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from_into!(f32 => Float, f64 => Float, bool => Bool, String => Str, Cow<'static, str> => Str,
    Vec<String> => Strs);

impl From<&str> for AttributeValue {
    fn from(value: &str) -> Self {
        Self::Str(Cow::Owned(value.to_owned()))
    }
}

impl From<&String> for AttributeValue {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl<T: Into<AttributeValue>> From<Option<T>> for Maybe {
    fn from(value: Option<T>) -> Self {
        Maybe(value.map(Into::into))
    }
}

impl<T: Into<AttributeValue>> From<T> for Maybe {
    fn from(value: T) -> Self {
        Maybe(Some(value.into()))
    }
}

/// Scalars keep their type. Objects, and lists of anything but texts, become JSON text. Null is no value.
impl From<serde_json::Value> for Maybe {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        Maybe(Some(match value {
            Json::Null => return Maybe(None),
            Json::Bool(b) => b.into(),
            Json::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(int), _) => int.into(),
                (None, Some(float)) => float.into(),
                (None, None) => n.to_string().into(),
            },
            Json::String(text) => text.into(),
            Json::Array(list) if !list.is_empty() && list.iter().all(Json::is_string) => {
                AttributeValue::Strs(list.iter().filter_map(Json::as_str).map(str::to_owned).collect())
            }
            other => other.to_string().into(),
        }))
    }
}

/// An optional attribute value, for `attributes(key = expr)`.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq)]
pub struct Maybe(pub(crate) Option<AttributeValue>);
