//! Probes of a value without its wrappers: a document, a text, or nothing.

use super::probed::{Probed, Resolved};
use super::{probe, purpose};
use crate::arguments::ProbedValue;
use crate::arguments::captured_value::CapturedValue;
use crate::arguments::captured_value::Document;
use crate::json::{Found, JsonView, Mode, Trie, is_text};

purpose! {
    /// Probes a request or a part of one.
    RequestProbe
}
purpose! {
    /// Probes a response: a return value or an item of a stream.
    AnswerProbe
}

probe!(RequestProbe [&&&]: KnownType => ByKnown);
probe!(AnswerProbe [&&&]: KnownType => ByKnown);
#[cfg(feature = "fields")]
probe!(RequestProbe [&&]: crate::message::RecordRequest => ByRequest);
#[cfg(feature = "fields")]
probe!(AnswerProbe [&&]: crate::message::RecordResponse => ByResponse);
probe!(RequestProbe [&]: serde::Serialize => BySerialize);
probe!(AnswerProbe [&]: serde::Serialize => BySerialize);
probe!(RequestProbe [] => ByNothing);
probe!(AnswerProbe [] => ByNothing);

/// Reads the data of a value.
pub trait ToCapturedValue {
    #[allow(private_interfaces)]
    fn captured_value(&self) -> CapturedValue<'_>;
}

macro_rules! leaves {
    ($($(#[$meta:meta])* $name:ident $(: $bound:path)?, |$leaf:ident, $value:ident| $what:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name<'a, T: ?Sized>(Probed<'a, T>);

        $(#[$meta])*
        impl<T: ?Sized $(+ $bound)?> ToCapturedValue for $name<'_, T> {
            #[allow(private_interfaces)]
            fn captured_value(&self) -> CapturedValue<'_> {
                let $leaf = self;
                match &$leaf.0.0 {
                    Some($value) => $what,
                    None => CapturedValue::Nothing,
                }
            }
        }
    )*};
}

leaves! {
    ByKnown: KnownType, |leaf, value| value.captured_value();
    #[cfg(feature = "fields")] ByRequest: crate::message::RecordRequest, |leaf, value| CapturedValue::Request(value);
    #[cfg(feature = "fields")] ByResponse: crate::message::RecordResponse, |leaf, value| CapturedValue::Response(value);
    BySerialize: serde::Serialize, |leaf, _value| CapturedValue::Document(leaf);
    ByNothing, |leaf, _value| CapturedValue::Nothing;
}

impl<T: serde::Serialize + ?Sized> Document for BySerialize<'_, T> {
    fn doc(&self, mode: Mode) -> JsonView<'_> {
        JsonView::from_serialize(&self.0.0, mode)
    }

    fn found(&self, paths: &Trie, content: bool) -> Found<'_> {
        Found::from_serialize(paths, &self.0.0, content)
    }

    fn is_text(&self) -> bool {
        is_text(&self.0.0)
    }
}

/// A type with its own implementation.
pub trait KnownType {
    #[allow(private_interfaces)]
    fn captured_value(&self) -> CapturedValue<'_>;
}

macro_rules! known {
    ($($(#[$meta:meta])* $ty:ty: |$value:ident| $what:expr),* $(,)?) => {$(
        $(#[$meta])*
        impl KnownType for $ty {
            #[allow(private_interfaces)]
            fn captured_value(&self) -> CapturedValue<'_> {
                let $value = self;
                $what
            }
        }
    )*};
}

known! {
    str: |text| CapturedValue::Text(text),
    String: |text| CapturedValue::Text(text),
    &str: |text| CapturedValue::Text(text),
    [u8]: |bytes| CapturedValue::Bytes(bytes),
    Vec<u8>: |bytes| CapturedValue::Bytes(bytes),
    #[cfg(feature = "bytes")] bytes::Bytes: |bytes| CapturedValue::Bytes(bytes),
    #[cfg(feature = "bytes")] bytes::BytesMut: |bytes| CapturedValue::Bytes(bytes),
    serde_json::Value: |value| CapturedValue::Document(value),
    serde_json::value::RawValue: |raw| CapturedValue::Bytes(raw.get().as_bytes()),
}

impl<const N: usize> KnownType for [u8; N] {
    #[allow(private_interfaces)]
    fn captured_value(&self) -> CapturedValue<'_> {
        CapturedValue::Bytes(self)
    }
}

impl Document for serde_json::Value {
    fn doc(&self, mode: Mode) -> JsonView<'_> {
        JsonView::from_value(self, mode)
    }

    fn found(&self, paths: &Trie, content: bool) -> Found<'_> {
        Found::from_value(paths, self, content)
    }

    fn is_text(&self) -> bool {
        self.is_string()
    }
}

/// The data of a value, and the head of the HTTP response that contained it.
pub fn captured<'s>(head: Option<Resolved<'s>>, leaf: &'s impl ToCapturedValue) -> ProbedValue<'s> {
    let body = leaf.captured_value();
    ProbedValue(match head {
        Some(Resolved { status, url }) => CapturedValue::Http { status, url, body: Box::new(body) },
        None => body,
    })
}
