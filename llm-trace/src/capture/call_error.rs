//! Errors that end a call that was built by hand.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Display;
use std::ops::Deref;

use super::error::{type_name, with_dyn_error, with_error};
use crate::arguments::ProbedValue;
use crate::arguments::captured_value::{CapturedError, CapturedValue};

/// An error that ends a call: an [`Error`], a boxed error, `anyhow::Error`, `eyre::Report`, `http::StatusCode` or a
/// text.
///
/// It is implemented for all of these types. `Kind` distinguishes the implementations and is inferred.
///
/// ```
/// use llm_trace::{CallError, LlmCall, Operation};
///
/// fn ask<T, E: CallError<Kind>, Kind>(send: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
///     LlmCall::builder(Operation::Chat).provider("openai").try_run(|_| send())
/// }
/// # assert!(ask(|| Err::<(), _>("refused")).is_err());
/// # assert!(ask(|| Err::<(), Box<dyn std::error::Error>>("refused".into())).is_err());
/// # assert!(ask(|| Err::<(), _>(http::StatusCode::BAD_GATEWAY)).is_err());
/// ```
#[diagnostic::on_unimplemented(
    message = "a call cannot end with `{Self}`",
    label = "expected an `Error`, a boxed one, `anyhow::Error`, `eyre::Report`, `http::StatusCode` or a text"
)]
pub trait CallError<Kind> {
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn read(&self, read: impl FnOnce(ProbedValue<'_>));
}

/// Any type that implements `Error`.
#[derive(Debug)]
pub enum Typed {}

/// A boxed `Error`.
#[derive(Debug)]
pub enum Boxed {}

/// A type that holds an `Error` and does not implement `Error`.
#[derive(Debug)]
pub enum Reported {}

/// An HTTP status.
#[derive(Debug)]
pub enum Status {}

/// A text.
#[derive(Debug)]
pub enum Worded {}

impl<E: Error + 'static> CallError<Typed> for E {
    fn read(&self, read: impl FnOnce(ProbedValue<'_>)) {
        with_error(self, read);
    }
}

macro_rules! boxed {
    ($($error:ty),*) => {$(
        impl CallError<Boxed> for Box<$error> {
            fn read(&self, read: impl FnOnce(ProbedValue<'_>)) {
                with_dyn_error(&**self, read);
            }
        }
    )*};
}

boxed!(dyn Error, dyn Error + Send, dyn Error + Send + Sync);

// Both bounds are required: an `Arc` of an error satisfies one of them and implements `Error` itself.
impl<R> CallError<Reported> for R
where
    R: AsRef<dyn Error + 'static> + Deref<Target = dyn Error + Send + Sync + 'static>,
{
    fn read(&self, read: impl FnOnce(ProbedValue<'_>)) {
        with_dyn_error(&**self, read);
    }
}

fn with_text<T: Display>(text: &T, read: impl FnOnce(ProbedValue<'_>)) {
    let captured = CapturedError { type_name: type_name::<T>(), message: Some(text), ..CapturedError::default() };
    read(ProbedValue(CapturedValue::Error(captured)));
}

macro_rules! worded {
    ($($text:ty),*) => {$(
        impl CallError<Worded> for $text {
            fn read(&self, read: impl FnOnce(ProbedValue<'_>)) {
                with_text(self, read);
            }
        }
    )*};
}

worded!(String, &'static str, Cow<'static, str>);
