//! The data of a value, determined by its type in `capture`.

use std::fmt::Display;

use crate::json::{self, Found, JsonView, Mode, Trie};
use crate::model::server::Server;

/// The data of a request, a response, a stream item or an error. Created by the macro's probes.
#[doc(hidden)]
#[derive(Default)]
pub struct ProbedValue<'a>(pub(crate) CapturedValue<'a>);

#[derive(Default)]
pub(crate) enum CapturedValue<'a> {
    /// The type has no data to read.
    #[default]
    Nothing,
    /// A `String`: assistant text in a response, user text in a request, or JSON if it is JSON.
    Text(&'a str),
    /// JSON text, or bytes of a stream.
    Bytes(&'a [u8]),
    /// `serde_json::Value` or any `T: Serialize`.
    Document(&'a dyn Document),
    /// The same, owned.
    Owned(Box<dyn Document + 'a>),
    /// A request with the user's own implementation.
    #[cfg(feature = "fields")]
    Request(&'a dyn crate::message::RecordRequest),
    /// A response with the user's own implementation.
    #[cfg(feature = "fields")]
    Response(&'a dyn crate::message::RecordResponse),
    /// An HTTP response: a status, and the body if it is read.
    Http { status: u16, url: Option<&'a str>, body: Box<CapturedValue<'a>> },
    /// An error.
    Error(CapturedError<'a>),
}

/// A document. Its facts and its content are read separately.
pub(crate) trait Document {
    /// Its facts, by the paths of a table, with the texts at the paths if `content`.
    fn found(&self, paths: &Trie, content: bool) -> Found<'_>;

    /// Its content.
    fn doc(&self, mode: Mode) -> JsonView<'_>;

    /// Whether it is a string.
    fn is_text(&self) -> bool;
}

/// Any `T: Serialize` as a document.
pub(crate) struct SerializedRef<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: serde::Serialize + ?Sized> Document for SerializedRef<'_, T> {
    fn found(&self, paths: &Trie, content: bool) -> Found<'_> {
        Found::from_serialize(paths, self.0, content)
    }

    fn doc(&self, mode: Mode) -> JsonView<'_> {
        JsonView::from_serialize(self.0, mode)
    }

    fn is_text(&self) -> bool {
        json::is_text(self.0)
    }
}

/// The data of an error.
#[derive(Default)]
pub(crate) struct CapturedError<'a> {
    /// The path of the error type without generics; `None` for boxed and opaque errors.
    pub(crate) type_name: Option<&'a str>,
    /// The HTTP status, found in the `source()` chain.
    pub(crate) status: Option<u16>,
    /// The provider's error code, if the error type holds it.
    pub(crate) code: Option<String>,
    /// The request was not sent: a connect or builder error.
    pub(crate) not_sent: bool,
    /// The kind of transport failure: `timeout`, `connection_refused`, `dns`, `tls`, …
    pub(crate) transport: Option<&'static str>,
    /// The server of the request, if the client's error names it.
    pub(crate) server: Option<Server>,
    /// Content: formatted only if the policy permits error texts.
    pub(crate) message: Option<&'a dyn Display>,
}
