//! Probes of a value without its wrappers: a document, a text, or nothing.

use super::probed::{Probed, Resolved};
use super::{probe, purpose};
use crate::arguments::ProbedValue;
use crate::arguments::captured_value::CapturedValue;
use crate::arguments::captured_value::Document;
use crate::json::{Found, JsonView, Mode, Trie, is_text};
#[cfg(feature = "fields")]
use crate::message::{RecordRequest, RecordResponse};

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
probe!(RequestProbe [&&]: RecordRequest => ByRequest);
#[cfg(feature = "fields")]
probe!(AnswerProbe [&&]: RecordResponse => ByResponse);
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
    #[cfg(feature = "fields")] ByRequest: RecordRequest, |leaf, value| CapturedValue::Request(value);
    #[cfg(feature = "fields")] ByResponse: RecordResponse, |leaf, value| CapturedValue::Response(value);
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

/// The body of a request that is ready to be sent, if it is in memory.
#[cfg(any(feature = "reqwest-0-12", feature = "reqwest-0-13"))]
macro_rules! reqwest_request {
    ($reqwest:ident) => {
        impl KnownType for $reqwest::Request {
            #[allow(private_interfaces)]
            fn captured_value(&self) -> CapturedValue<'_> {
                match self.body().and_then($reqwest::Body::as_bytes) {
                    Some(bytes) => CapturedValue::Bytes(bytes),
                    None => no_body(),
                }
            }
        }

        impl KnownType for $reqwest::RequestBuilder {
            #[allow(private_interfaces)]
            fn captured_value(&self) -> CapturedValue<'_> {
                let request = self.try_clone().and_then(|builder| builder.build().ok());
                let body = request.as_ref().and_then(|request| request.body()?.as_bytes());
                match body {
                    Some(bytes) => CapturedValue::Owned(Box::new(OwnedJson(bytes.to_vec()))),
                    None => no_body(),
                }
            }
        }
    };
}

#[cfg(feature = "reqwest-0-12")]
reqwest_request!(reqwest_0_12);
#[cfg(feature = "reqwest-0-13")]
reqwest_request!(reqwest_0_13);

#[cfg(any(feature = "reqwest-0-12", feature = "reqwest-0-13"))]
fn no_body<'a>() -> CapturedValue<'a> {
    crate::diag::debug_once(
        "request-body",
        "a `request` of reqwest has no body in memory, so that nothing of it is read: set its JSON body before the call, \
         or record it with `LlmCall::current().request(&body)`",
    );
    CapturedValue::Nothing
}

/// JSON text that nobody else holds.
#[cfg(any(feature = "reqwest-0-12", feature = "reqwest-0-13"))]
struct OwnedJson(Vec<u8>);

#[cfg(any(feature = "reqwest-0-12", feature = "reqwest-0-13"))]
impl Document for OwnedJson {
    fn doc(&self, mode: Mode) -> JsonView<'_> {
        JsonView::from_slice(&self.0, mode)
    }

    fn found(&self, paths: &Trie, content: bool) -> Found<'_> {
        match content {
            true => Found::from_json_with_content(paths, &self.0),
            false => Found::from_json(paths, &self.0),
        }
    }

    fn is_text(&self) -> bool {
        false
    }
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
