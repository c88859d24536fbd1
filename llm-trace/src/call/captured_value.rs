//! What a value tells about a call. Found out by type, in `capture`; read by the call.

use std::fmt::Display;

#[cfg(feature = "serde")]
use crate::json::{Found, JsonView, Mode, Trie};
#[cfg(feature = "otel")]
use crate::message::{RecordRequest, RecordResponse};

/// What a request, an answer, a stream item or an error can tell. Made by the macro's probes.
#[doc(hidden)]
#[derive(Default)]
pub struct ProbedValue<'a>(pub(crate) CapturedValue<'a>);

#[derive(Default)]
pub(crate) enum CapturedValue<'a> {
    /// The type tells nothing.
    #[default]
    Nothing,
    /// A `String`: the assistant's text as an answer, the user's as a request; JSON if it is JSON.
    Text(&'a str),
    /// JSON text, or a stream's bytes.
    Bytes(&'a [u8]),
    /// `serde_json::Value` or any `T: Serialize`.
    #[cfg(feature = "serde")]
    Document(&'a dyn Document),
    /// The same, where there is no place to borrow it from.
    #[cfg(feature = "serde")]
    Owned(Box<dyn Document + 'a>),
    /// A request that the user's own implementation reads.
    #[cfg(feature = "otel")]
    Request(&'a dyn RecordRequest),
    /// An answer that the user's own implementation reads.
    #[cfg(feature = "otel")]
    Response(&'a dyn RecordResponse),
    /// An HTTP response: a status, and a body if it has been read.
    Http { status: u16, host: Option<&'a str>, body: Box<CapturedValue<'a>> },
    /// An error.
    Error(CapturedError<'a>),
}

/// A document, of which facts and content are read apart.
#[cfg(feature = "serde")]
pub(crate) trait Document {
    /// Its facts, by the paths of a table.
    fn found(&self, paths: &Trie) -> Found<'_>;

    /// Its content.
    fn doc(&self, mode: Mode) -> JsonView<'_>;

    /// Whether it is a string.
    fn is_text(&self) -> bool;
}

/// What an error tells.
#[derive(Default)]
pub(crate) struct CapturedError<'a> {
    /// The error type's path, without generics; `None` for boxed and opaque errors.
    pub(crate) type_name: Option<&'a str>,
    /// HTTP status, found by walking the `source()` chain.
    pub(crate) status: Option<u16>,
    /// The provider's error code, where the error type carries it.
    pub(crate) code: Option<String>,
    /// The request never left: a connect or builder error.
    pub(crate) not_sent: bool,
    /// How the transport failed, in one word: `timeout`, `connection_refused`, `dns`, `tls`, …
    pub(crate) transport: Option<&'static str>,
    /// Content: formatted only if the policy lets error text through.
    pub(crate) message: Option<&'a dyn Display>,
}
