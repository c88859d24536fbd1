//! Looking through what wraps a value: references, `Option`, `Box`, `Rc`, `Arc`, `Cow`, `Result`,
//! HTTP messages.

use std::borrow::Cow;
use std::convert::Infallible;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use super::{Answer, AttributeOf, ErrorOf, Of, Question, TextOf};

/// A value that is looked at, or its absence.
#[derive(Debug)]
pub struct Slot<'a, T: ?Sized>(pub Option<&'a T>);

impl<T: ?Sized> Clone for Slot<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Slot<'_, T> {}

impl<'a, T: ?Sized> Slot<'a, T> {
    pub fn new(value: &'a T) -> Self {
        Slot(Some(value))
    }

    /// As the one who asks for a request.
    pub fn question(self) -> Question<'a, T> {
        Question(self)
    }

    /// As the one who asks for an answer.
    pub fn answer(self) -> Answer<'a, T> {
        Answer(self)
    }

    /// As the one who asks for a text.
    pub fn text_of(self) -> TextOf<'a, T> {
        TextOf(self)
    }

    /// As the one who asks for an attribute's value.
    pub fn attribute_of(self) -> AttributeOf<'a, T> {
        AttributeOf(self)
    }

    /// As the one who asks for an error.
    pub fn error_of(self) -> ErrorOf<'a, T> {
        ErrorOf(self)
    }
}

/// Begins to look at any value. By methods, since the compiler reports nothing more of a method that is called on an
/// expression it has refused: one mistake of the user's is one error.
pub trait Looked {
    fn __llm_trace_slot(&self) -> Slot<'_, Self> {
        Slot(Some(self))
    }

    fn __llm_trace_type(&self) -> Of<Self> {
        Of::value(self)
    }
}

impl<T: ?Sized> Looked for T {}

/// A response's status, and the host where the client tells it.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    pub(crate) status: u16,
    pub(crate) host: Option<&'a str>,
}

/// There is nothing to look through. The inherent methods of [`Slot`] go before these.
pub trait Peel<'a>: Sized {
    fn peel(self) -> Self {
        self
    }

    fn split(self) -> (Self, Slot<'a, Infallible>) {
        (self, Slot(None))
    }

    fn head(self) -> (Option<Head<'a>>, Self) {
        (None, self)
    }
}

impl<'a, T: ?Sized> Peel<'a> for Slot<'a, T> {}

impl<'a, T> Slot<'a, Option<T>> {
    pub fn peel(self) -> Slot<'a, T> {
        Slot(self.0.and_then(Option::as_ref))
    }
}

macro_rules! pointers {
    ($($pointer:ty),* $(,)?) => {$(
        impl<'a, T: ?Sized> Slot<'a, $pointer> {
            pub fn peel(self) -> Slot<'a, T> {
                Slot(self.0.map(Deref::deref))
            }
        }
    )*};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<'a, T: ToOwned + ?Sized> Slot<'a, Cow<'_, T>> {
    pub fn peel(self) -> Slot<'a, T> {
        Slot(self.0.map(Deref::deref))
    }
}

impl<'a, T, E> Slot<'a, Result<T, E>> {
    pub fn split(self) -> (Slot<'a, T>, Slot<'a, E>) {
        match self.0 {
            Some(Ok(value)) => (Slot(Some(value)), Slot(None)),
            Some(Err(error)) => (Slot(None), Slot(Some(error))),
            None => (Slot(None), Slot(None)),
        }
    }
}

#[cfg(feature = "http")]
impl<'a, B> Slot<'a, http::Response<B>> {
    pub fn head(self) -> (Option<Head<'a>>, Slot<'a, B>) {
        let head = self.0.map(|response| Head { status: response.status().as_u16(), host: None });
        (head, Slot(self.0.map(http::Response::body)))
    }
}

#[cfg(feature = "http")]
impl<'a, B> Slot<'a, http::Request<B>> {
    pub fn head(self) -> (Option<Head<'a>>, Slot<'a, B>) {
        (None, Slot(self.0.map(http::Request::body)))
    }
}

/// The body of such a response has not been read: there is nothing else to look at.
#[cfg(any(feature = "reqwest-0-12", feature = "reqwest-0-13"))]
macro_rules! reqwest_head {
    ($reqwest:ident) => {
        impl<'a> Slot<'a, $reqwest::Response> {
            pub fn head(self) -> (Option<Head<'a>>, Slot<'a, Infallible>) {
                let head =
                    self.0.map(|response| Head { status: response.status().as_u16(), host: response.url().host_str() });
                (head, Slot(None))
            }
        }
    };
}

#[cfg(feature = "reqwest-0-12")]
reqwest_head!(reqwest_0_12);
#[cfg(feature = "reqwest-0-13")]
reqwest_head!(reqwest_0_13);
