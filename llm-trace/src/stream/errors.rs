//! How the errors of a service or a body are read, whose types nobody here knows.

use std::any::Any;
use std::error::Error;

use crate::call::Captured;
use crate::call::captured::{CapturedError, What};
use crate::capture::{type_name, with_dyn_error, with_error};

/// How a service's or a body's errors are read.
///
/// ```
/// # #[cfg(feature = "tower")] {
/// use llm_trace::client::{CallService, ErrorsOf};
///
/// /// Holds a client that fails with `E`.
/// struct Client<S, E, How: ErrorsOf<E>>(CallService<S, How>, std::marker::PhantomData<E>);
/// # }
/// ```
pub trait ErrorsOf<T>: sealed::Sealed {
    #[doc(hidden)]
    fn read(error: &T, tell: impl FnOnce(Captured<'_>));
}

/// Errors are of any type: its name is told, and of a `Box<dyn Error + Send + Sync>` what is in it.
#[derive(Clone, Copy, Debug)]
pub enum NamedErrors {}

/// Errors are of a type that is an `Error`: all that it and its causes tell is read.
#[derive(Clone, Copy, Debug)]
pub enum TypedErrors {}

/// Errors are boxed.
#[cfg(feature = "tower")]
#[derive(Clone, Copy, Debug)]
pub enum BoxedErrors {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::NamedErrors {}
    impl Sealed for super::TypedErrors {}
    #[cfg(feature = "tower")]
    impl Sealed for super::BoxedErrors {}
}

type BoxError = Box<dyn Error + Send + Sync>;

impl<T: 'static> ErrorsOf<T> for NamedErrors {
    fn read(error: &T, tell: impl FnOnce(Captured<'_>)) {
        match (error as &dyn Any).downcast_ref::<BoxError>() {
            Some(error) => with_dyn_error(&**error, tell),
            None => {
                tell(Captured(What::Error(CapturedError { type_name: type_name::<T>(), ..CapturedError::default() })));
            }
        }
    }
}

impl<T: Error + 'static> ErrorsOf<T> for TypedErrors {
    fn read(error: &T, tell: impl FnOnce(Captured<'_>)) {
        with_error(error, tell);
    }
}

#[cfg(feature = "tower")]
impl ErrorsOf<BoxError> for BoxedErrors {
    fn read(error: &BoxError, tell: impl FnOnce(Captured<'_>)) {
        with_dyn_error(&**error, tell);
    }
}
