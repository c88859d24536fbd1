//! What is left when all wrappers are peeled: a document, a text, or nothing.

use super::peel::{Head, Slot};
use super::{probe, purpose};
use crate::call::Captured;
#[cfg(feature = "serde")]
use crate::call::captured_value::Document;
use crate::call::captured_value::What;
#[cfg(feature = "serde")]
use crate::json::{Doc, Found, Mode, Trie, is_text};
#[cfg(feature = "otel")]
use crate::message::{RecordRequest, RecordResponse};

purpose! {
    /// What is asked: a request, or a part of one.
    Question
}
purpose! {
    /// What is answered: a returned value, or an item of a stream.
    Answer
}

probe!(Question [&&&]: Known => ByKnown);
probe!(Answer [&&&]: Known => ByKnown);
#[cfg(feature = "otel")]
probe!(Question [&&]: RecordRequest => ByRequest);
#[cfg(feature = "otel")]
probe!(Answer [&&]: RecordResponse => ByResponse);
#[cfg(feature = "serde")]
probe!(Question [&]: serde::Serialize => BySerialize);
#[cfg(feature = "serde")]
probe!(Answer [&]: serde::Serialize => BySerialize);
probe!(Question [] => ByNothing);
probe!(Answer [] => ByNothing);

/// Tells what is in a value.
pub trait Leaf {
    #[allow(private_interfaces)]
    fn what(&self) -> What<'_>;
}

macro_rules! leaves {
    ($($(#[$meta:meta])* $name:ident $(: $bound:path)?, |$leaf:ident, $value:ident| $what:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name<'a, T: ?Sized>(Slot<'a, T>);

        $(#[$meta])*
        impl<T: ?Sized $(+ $bound)?> Leaf for $name<'_, T> {
            #[allow(private_interfaces)]
            fn what(&self) -> What<'_> {
                let $leaf = self;
                match &$leaf.0.0 {
                    Some($value) => $what,
                    None => What::Nothing,
                }
            }
        }
    )*};
}

leaves! {
    ByKnown: Known, |leaf, value| value.what();
    #[cfg(feature = "otel")] ByRequest: RecordRequest, |leaf, value| What::Request(value);
    #[cfg(feature = "otel")] ByResponse: RecordResponse, |leaf, value| What::Response(value);
    #[cfg(feature = "serde")] BySerialize: serde::Serialize, |leaf, _value| What::Document(leaf);
    ByNothing, |leaf, _value| What::Nothing;
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize + ?Sized> Document for BySerialize<'_, T> {
    fn doc(&self, mode: Mode) -> Doc<'_> {
        Doc::from_serialize(&self.0.0, mode)
    }

    fn found(&self, paths: &Trie) -> Found<'_> {
        Found::from_serialize(paths, &self.0.0)
    }

    fn is_text(&self) -> bool {
        is_text(&self.0.0)
    }
}

/// A type that is known by itself.
pub trait Known {
    #[allow(private_interfaces)]
    fn what(&self) -> What<'_>;
}

macro_rules! known {
    ($($(#[$meta:meta])* $ty:ty: |$value:ident| $what:expr),* $(,)?) => {$(
        $(#[$meta])*
        impl Known for $ty {
            #[allow(private_interfaces)]
            fn what(&self) -> What<'_> {
                let $value = self;
                $what
            }
        }
    )*};
}

known! {
    str: |text| What::Text(text),
    String: |text| What::Text(text),
    &str: |text| What::Text(text),
    [u8]: |bytes| What::Bytes(bytes),
    Vec<u8>: |bytes| What::Bytes(bytes),
    #[cfg(feature = "bytes")] bytes::Bytes: |bytes| What::Bytes(bytes),
    #[cfg(feature = "bytes")] bytes::BytesMut: |bytes| What::Bytes(bytes),
    #[cfg(feature = "serde")] serde_json::Value: |value| What::Document(value),
    #[cfg(feature = "serde")] serde_json::value::RawValue: |raw| What::Bytes(raw.get().as_bytes()),
}

impl<const N: usize> Known for [u8; N] {
    #[allow(private_interfaces)]
    fn what(&self) -> What<'_> {
        What::Bytes(self)
    }
}

#[cfg(feature = "serde")]
impl Document for serde_json::Value {
    fn doc(&self, mode: Mode) -> Doc<'_> {
        Doc::from_value(self, mode)
    }

    fn found(&self, paths: &Trie) -> Found<'_> {
        Found::from_value(paths, self)
    }

    fn is_text(&self) -> bool {
        self.is_string()
    }
}

/// What a leaf tells, below the head of the HTTP response it came in.
pub fn captured<'s>(head: Option<Head<'s>>, leaf: &'s impl Leaf) -> Captured<'s> {
    let body = leaf.what();
    Captured(match head {
        Some(Head { status, host }) => What::Http { status, host, body: Box::new(body) },
        None => body,
    })
}
