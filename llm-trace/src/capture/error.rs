//! Reads the facts of an error.

use std::any::Any;
use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;

use super::known_error;
use super::known_error::{KnownError, Report};
use super::probed::Probed;
use super::{probe, purpose};
use crate::arguments::ProbedValue;
use crate::arguments::captured_value::{CapturedError, CapturedValue};

purpose! {
    /// Probes a value that represents a failure.
    ErrorOf
}

probe!(ErrorOf [&&&&]: KnownError => ByKnownError);
probe!(ErrorOf [&&&]: SizedError => BySource);
probe!(ErrorOf [&&]: Report => ByReport);
probe!(ErrorOf [&]: Display => ByDisplay);
probe!(ErrorOf [] => ByName);

/// An error whose type name is recorded.
pub trait SizedError: Error + Sized {}

impl<E: Error> SizedError for E {}

macro_rules! errors {
    ($($(#[$meta:meta])* $name:ident $(: $bound:path)?, |$error:ident| $captured:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name<'a, T: ?Sized>(Probed<'a, T>);

        impl<T: ?Sized $(+ $bound)?> $name<'_, T> {
            /// The error, if there is one.
            pub fn error(&self) -> Option<ProbedValue<'_>> {
                self.0.0.as_ref().map(|$error| ProbedValue(CapturedValue::Error($captured)))
            }
        }
    )*};
}

errors! {
    /// A known error type, or a box that may hold one.
    ByKnownError: KnownError, |error| {
        let mut captured = CapturedError { message: Some(error), ..CapturedError::default() };
        error.read(&mut captured);
        captured
    };
    /// An error of the user's type: facts come from its sources only.
    BySource: SizedError, |error| {
        let mut captured =
            CapturedError { type_name: type_name::<T>(), message: Some(error), ..CapturedError::default() };
        known_error::walk(known_error::source(error), &mut captured);
        captured
    };
    /// A type that holds an error and does not implement `Error`.
    ByReport: Report, |error| {
        let mut captured = CapturedError { message: Some(error), ..CapturedError::default() };
        known_error::walk(error.as_error(), &mut captured);
        captured
    };
    /// A type that is not an error but implements `Display`.
    ByDisplay: Display, |error| CapturedError {
        type_name: type_name::<T>(),
        message: Some(error),
        ..CapturedError::default()
    };
    /// Any other type: only its name.
    ByName, |_error| CapturedError { type_name: type_name::<T>(), ..CapturedError::default() };
}

/// Reads a value that implements `Error`.
pub(crate) fn with_error<E: Error + 'static>(error: &E, read: impl FnOnce(ProbedValue<'_>)) {
    // Its `source()` skips the error that it holds.
    if let Some(shared) = (error as &dyn Any).downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return with_dyn_error(&**shared, read);
    }
    let mut captured = CapturedError { type_name: type_name::<E>(), message: Some(error), ..CapturedError::default() };
    known_error::walk(Some(error), &mut captured);
    read(ProbedValue(CapturedValue::Error(captured)));
}

/// Like [`with_error`], for a trait object.
pub(crate) fn with_dyn_error(error: &(dyn Error + 'static), read: impl FnOnce(ProbedValue<'_>)) {
    let mut captured = CapturedError { message: Some(&error), ..CapturedError::default() };
    known_error::walk(Some(error), &mut captured);
    read(ProbedValue(CapturedValue::Error(captured)));
}

/// The path of a type without generics, if it has one.
pub(crate) fn type_name<T: ?Sized>() -> Option<&'static str> {
    let name = std::any::type_name::<T>();
    let path = name.split('<').next().unwrap_or(name);
    let is_path = !path.is_empty() && path.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':');
    is_path.then_some(path)
}
