//! Reads the errors of a service or body, whose types are generic.

use std::any::Any;
use std::error::Error;

use crate::arguments::ProbedValue;
use crate::arguments::captured_value::{CapturedError, CapturedValue};
use crate::capture::{type_name, with_dyn_error, with_error};

/// How the errors of a service or body are read.
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

/// Errors of any type: only the name of the type is recorded, and for `Box<dyn Error + Send + Sync>` the error inside.
///
/// ```
/// use llm_trace::{ErrorTypeNameOnly, TracedBody};
///
/// fn inner<B>(body: TracedBody<B, ErrorTypeNameOnly>) -> TracedBody<B> {
///     body // the default
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum ErrorTypeNameOnly {}

/// Errors of a type that implements `Error`: its facts and those of its sources are recorded.
///
/// ```
/// use llm_trace::{TracedBody, TypedErrors};
///
/// /// Returned by [`TracedBody::reading_errors`].
/// type Read<B> = TracedBody<B, TypedErrors>;
/// ```
#[derive(Clone, Copy, Debug)]
pub enum TypedErrors {}

/// Boxed errors.
#[derive(Clone, Copy, Debug)]
pub enum BoxedErrors {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::ErrorTypeNameOnly {}
    impl Sealed for super::TypedErrors {}
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

impl ReadError<BoxError> for BoxedErrors {
    fn read(error: &BoxError, tell: impl FnOnce(ProbedValue<'_>)) {
        with_dyn_error(&**error, tell);
    }
}
