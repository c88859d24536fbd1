//! Removes the wrappers of a value: references, `Option`, `Box`, `Rc`, `Arc`, `Cow`, `Result`, HTTP messages.

use std::borrow::Cow;
use std::convert::Infallible;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use super::probed::{Probed, Resolved};
use super::{AnswerProbe, AttributeOf, ErrorOf, RequestProbe, TextOf, TypeOf};

impl<'a, T: ?Sized> Probed<'a, T> {
    pub fn new(value: &'a T) -> Self {
        Probed(Some(value))
    }

    /// The name of the probed type.
    pub fn type_name(self) -> &'static str {
        std::any::type_name::<T>()
    }

    /// Probes it as a request.
    pub fn question(self) -> RequestProbe<'a, T> {
        RequestProbe(self)
    }

    /// Probes it as a response.
    pub fn answer(self) -> AnswerProbe<'a, T> {
        AnswerProbe(self)
    }

    /// Probes it as a text.
    pub fn text_of(self) -> TextOf<'a, T> {
        TextOf(self)
    }

    /// Probes it as an attribute's value.
    pub fn attribute_of(self) -> AttributeOf<'a, T> {
        AttributeOf(self)
    }

    /// Probes it as an error.
    pub fn error_of(self) -> ErrorOf<'a, T> {
        ErrorOf(self)
    }
}

/// Starts a probe on any value. It uses methods, because the compiler reports no further errors for a method on an
/// expression that it rejected: one mistake in the user's code is one error.
pub trait Looked {
    fn __llm_trace_slot(&self) -> Probed<'_, Self> {
        Probed(Some(self))
    }

    fn __llm_trace_type(&self) -> TypeOf<Self> {
        TypeOf::value(self)
    }
}

impl<T: ?Sized> Looked for T {}

/// Removes no wrapper. The inherent methods of [`Probed`] take precedence.
pub trait Unwrap<'a>: Sized {
    fn peel(self) -> Self {
        self
    }

    fn split(self) -> (Self, Probed<'a, Infallible>) {
        (self, Probed(None))
    }

    fn head(self) -> (Option<Resolved<'a>>, Self) {
        (None, self)
    }

    fn status(self) -> Self {
        self
    }
}

impl<'a, T: ?Sized> Unwrap<'a> for Probed<'a, T> {}

impl<'a, T> Probed<'a, Option<T>> {
    pub fn peel(self) -> Probed<'a, T> {
        Probed(self.0.and_then(Option::as_ref))
    }
}

macro_rules! pointers {
    ($($pointer:ty),* $(,)?) => {$(
        impl<'a, T: ?Sized> Probed<'a, $pointer> {
            pub fn peel(self) -> Probed<'a, T> {
                Probed(self.0.map(Deref::deref))
            }
        }
    )*};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<'a, T: ToOwned + ?Sized> Probed<'a, Cow<'_, T>> {
    pub fn peel(self) -> Probed<'a, T> {
        Probed(self.0.map(Deref::deref))
    }
}

impl<'a, T, E> Probed<'a, Result<T, E>> {
    pub fn split(self) -> (Probed<'a, T>, Probed<'a, E>) {
        match self.0 {
            Some(Ok(value)) => (Probed(Some(value)), Probed(None)),
            Some(Err(error)) => (Probed(None), Probed(Some(error))),
            None => (Probed(None), Probed(None)),
        }
    }
}
