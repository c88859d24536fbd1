//! Attributes.

use std::borrow::Cow;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyValue {
    pub(crate) key: Key,
    pub(crate) value: Value,
}

impl KeyValue {
    pub(crate) fn new(key: impl Into<Key>, value: impl Into<Value>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Key(Cow<'static, str>);

impl Key {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for Key {
    fn from(key: T) -> Self {
        Self(key.into())
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0.into_owned()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    I64(i64),
    F64(f64),
    String(StringValue),
    Array(Array),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Array {
    String(Vec<StringValue>),
}

impl Value {
    pub(crate) fn as_str(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(flag) => Cow::Owned(flag.to_string()),
            Self::I64(number) => Cow::Owned(number.to_string()),
            Self::F64(number) => Cow::Owned(number.to_string()),
            Self::String(text) => Cow::Borrowed(text.as_str()),
            Self::Array(Array::String(texts)) => {
                let texts: Vec<String> = texts.iter().map(|text| format!("{:?}", text.as_str())).collect();
                Cow::Owned(format!("[{}]", texts.join(",")))
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str())
    }
}

macro_rules! from_into {
    ($($ty:ty => $variant:ident),* $(,)?) => {$(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from_into!(bool => Bool, i64 => I64, f64 => F64, String => String, &'static str => String, Cow<'static, str> => String,
    StringValue => String, Array => Array);

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct StringValue(Cow<'static, str>);

impl StringValue {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for StringValue {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl From<StringValue> for String {
    fn from(text: StringValue) -> Self {
        text.0.into_owned()
    }
}
