//! Short texts: `model`, `server`, `conversation` and the name returned by `error_type`.

use std::borrow::Cow;
use std::fmt::Display;

use super::probed::Probed;
use super::{Probe, probe, purpose};
use crate::user_code::{self, UserCode};

purpose! {
    /// Probes a value for a text.
    TextOf
}

impl<'a, T: AsText + ?Sized> Probe for &&&TextOf<'a, T> {
    type Out = Text<'a>;

    fn probe(self) -> Text<'a> {
        Text(self.0.0.map(|text| Cow::Borrowed(text.as_text())))
    }
}

impl<'a, T: AsRef<str> + ?Sized> Probe for &&TextOf<'a, T> {
    type Out = Text<'a>;

    fn probe(self) -> Text<'a> {
        Text(self.0.0.and_then(|text| user_code::run(UserCode::Argument, || Cow::Borrowed(text.as_ref()))))
    }
}

impl<'a, T: Display + ?Sized> Probe for &TextOf<'a, T> {
    type Out = Text<'a>;

    fn probe(self) -> Text<'a> {
        Text(self.0.0.and_then(|text| user_code::run(UserCode::Argument, || Cow::Owned(text.to_string()))))
    }
}

probe!(TextOf [] => NotText);

/// A string type. Its other traits are ignored.
pub trait AsText {
    fn as_text(&self) -> &str;
}

impl AsText for str {
    fn as_text(&self) -> &str {
        self
    }
}

impl AsText for String {
    fn as_text(&self) -> &str {
        self
    }
}

/// A text, if there is one.
#[derive(Debug)]
pub struct Text<'a>(Option<Cow<'a, str>>);

impl<'a> Text<'a> {
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.0
    }
}

/// A value that cannot be converted to a text.
#[derive(Debug)]
pub struct NotText<'a, T: ?Sized>(Probed<'a, T>);

/// Not implemented by any type that reaches it. It provides the error message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read as a text",
    label = "expected a string, an `AsRef<str>`, a `Display`, or an `Option` of one"
)]
pub trait IsText {}

impl<'a, T: ?Sized> NotText<'a, T> {
    pub fn text(self) -> Option<Cow<'a, str>>
    where
        T: IsText,
    {
        None
    }
}
