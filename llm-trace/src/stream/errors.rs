//! How the errors of a service or a body are read, whose types nobody here knows.

use std::any::Any;
use std::error::Error;

use crate::call::ProbedValue;
use crate::call::captured_value::{CapturedError, CapturedValue};
use crate::capture::{type_name, with_dyn_error, with_error};

/// How a service's or a body's errors are read.
///
/// ```
/// use llm_trace::{ReadError, TracedBody};
///
/// /// Holds a body that fails with `E`.
/// struct Answer<B, E, How: ReadError<E>>(TracedBody<B, How>, std::marker::PhantomData<E>);
/// ```
pub trait ReadError<T>: sealed::Sealed {
    #[doc(hidden)]
    fn read(error: &T, tell: impl FnOnce(ProbedValue<'_>));
}

/// Errors are of any type: its name is told, and of a `Box<dyn Error + Send + Sync>` what is in it.
///
/// ```
/// use llm_trace::{ErrorTypeNameOnly, TracedBody};
///
/// fn inner<B>(body: TracedBody<B, ErrorTypeNameOnly>) -> TracedBody<B> {
///     body // what a body is unless told
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum ErrorTypeNameOnly {}

/// Errors are of a type that is an `Error`: all that it and its causes tell is read.
///
/// ```
/// use llm_trace::{TracedBody, TypedErrors};
///
/// /// As [`TracedBody::reading_errors`] gives it.
/// type Read<B> = TracedBody<B, TypedErrors>;
/// ```
#[derive(Clone, Copy, Debug)]
pub enum TypedErrors {}

/// Errors are boxed.
#[cfg(feature = "tower")]
#[derive(Clone, Copy, Debug)]
pub enum BoxedErrors {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::ErrorTypeNameOnly {}
    impl Sealed for super::TypedErrors {}
    #[cfg(feature = "tower")]
    impl Sealed for super::BoxedErrors {}
}

type BoxError = Box<dyn Error + Send + Sync>;

impl<T: 'static> ReadError<T> for ErrorTypeNameOnly {
    fn read(error: &T, tell: impl FnOnce(ProbedValue<'_>)) {
        match (error as &dyn Any).downcast_ref::<BoxError>() {
            Some(error) => with_dyn_error(&**error, tell),
            None => {
                tell(ProbedValue(CapturedValue::Error(CapturedError {
                    type_name: type_name::<T>(),
                    ..CapturedError::default()
                })));
            }
        }
    }
}

impl<T: Error + 'static> ReadError<T> for TypedErrors {
    fn read(error: &T, tell: impl FnOnce(ProbedValue<'_>)) {
        with_error(error, tell);
    }
}

#[cfg(feature = "tower")]
impl ReadError<BoxError> for BoxedErrors {
    fn read(error: &BoxError, tell: impl FnOnce(ProbedValue<'_>)) {
        with_dyn_error(&**error, tell);
    }
}
