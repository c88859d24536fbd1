//! Values of `attributes(key = value)`.

use std::fmt::Display;

use super::probed::Probed;
use super::{Probe, probe, purpose};
use crate::semconv::AttributeValue;
use crate::user_code::{self, UserCode};

purpose! {
    /// Probes a value for `attributes(key = value)`.
    AttributeOf
}

impl<T: Clone + Into<AttributeValue>> Probe for &&&AttributeOf<'_, T> {
    type Out = Attribute;

    fn probe(self) -> Attribute {
        Attribute(self.0.0.and_then(|value| user_code::run(UserCode::Argument, || value.clone().into())))
    }
}

impl<T: AsRef<str> + ?Sized> Probe for &&AttributeOf<'_, T> {
    type Out = Attribute;

    fn probe(self) -> Attribute {
        Attribute(self.0.0.and_then(|text| user_code::run(UserCode::Argument, || text.as_ref().to_owned().into())))
    }
}

impl<T: Display + ?Sized> Probe for &AttributeOf<'_, T> {
    type Out = Attribute;

    fn probe(self) -> Attribute {
        Attribute(self.0.0.and_then(|value| user_code::run(UserCode::Argument, || value.to_string().into())))
    }
}

probe!(AttributeOf [] => NotAttribute);

/// The value of an attribute, if there is one.
#[derive(Debug)]
pub struct Attribute(Option<AttributeValue>);

impl Attribute {
    pub fn value(self) -> Option<AttributeValue> {
        self.0
    }
}

/// A value of an unsupported type.
#[derive(Debug)]
pub struct NotAttribute<'a, T: ?Sized>(Probed<'a, T>);

/// Not implemented by any type that reaches it. It provides the error message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of an attribute",
    label = "expected a number, a `bool`, a string, a `Vec<String>`, a `Display`, or an `Option` of one"
)]
pub trait IsAttribute {}

impl<T: ?Sized> NotAttribute<'_, T> {
    pub fn value(self) -> Option<AttributeValue>
    where
        T: IsAttribute,
    {
        None
    }
}
