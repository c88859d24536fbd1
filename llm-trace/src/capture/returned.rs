//! Classifies the return value: a value, a future or a stream, alone or inside a `Result` or an `Option`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use super::Probe;
use crate::arguments::{CallArguments, ProbedValue};
use crate::call::{LlmCall, Prepared, TracedFuture, trace_future};
use crate::user_code::{self, UserCode};

/// A type, without a value of it.
pub struct TypeOf<T: ?Sized>(PhantomData<fn() -> Box<T>>);

impl<T> TypeOf<T> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        TypeOf(PhantomData)
    }
}

impl<T: ?Sized> TypeOf<T> {
    pub fn value(_: &T) -> Self {
        TypeOf(PhantomData)
    }
}

impl<T: ?Sized> fmt::Debug for TypeOf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypeOf")
    }
}

impl<T: ?Sized> Clone for TypeOf<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for TypeOf<T> {}

/// A function that returns a plain value.
#[derive(Debug)]
pub struct Plain;

impl Plain {
    pub fn begin(&self, setup: CallArguments<'_>) -> Prepared {
        setup.begin()
    }

    #[inline]
    pub fn drive<T>(self, prepared: Prepared, body: impl FnOnce() -> T, observe: impl FnOnce(LlmCall, T) -> T) -> T {
        if prepared.is_disabled() {
            return body();
        }
        run(prepared, body, observe)
    }
}

/// A function that returns a boxed future.
pub struct BoxedFuture<F: ?Sized>(PhantomData<fn() -> Box<F>>);

impl<F: ?Sized> fmt::Debug for BoxedFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxedFuture")
    }
}

macro_rules! boxed_future {
    ($lt:lifetime, $output:ident, $future:ty $(, $send:ident)*) => {
        impl<$lt, $output> Probe for &&TypeOf<Pin<Box<$future>>> {
            type Out = BoxedFuture<$future>;

            fn probe(self) -> Self::Out {
                BoxedFuture(PhantomData)
            }
        }

        impl<$lt, $output: $lt> BoxedFuture<$future> {
            pub fn begin(&self, setup: CallArguments<'_>) -> Prepared {
                setup.prepare()
            }

            pub fn drive(
                self,
                prepared: Prepared,
                body: impl FnOnce() -> Pin<Box<$future>>,
                observe: impl FnMut(LlmCall, $output) -> $output $(+ $send)* + $lt,
            ) -> Pin<Box<$future>> {
                // Without a lifetime in the bounds, the compiler proves much faster that a call is `Send`.
                fn traced<T, F: Future<Output = T> $(+ $send)*, O: FnMut(LlmCall, T) -> T $(+ $send)*>(
                    prepared: Prepared,
                    future: F,
                    observe: O,
                ) -> impl Future<Output = T> $(+ $send)* {
                    trace_future(prepared, future, observe)
                }

                fn boxed<$lt, $output>(future: impl Future<Output = $output> $(+ $send)* + $lt) -> Pin<Box<$future>> {
                    Box::pin(future)
                }

                boxed(traced(prepared, body(), observe))
            }
        }
    };
}

boxed_future!('a, T, dyn Future<Output = T> + 'a);
boxed_future!('a, T, dyn Future<Output = T> + Send + 'a, Send);
boxed_future!('a, T, dyn Future<Output = T> + Send + Sync + 'a, Send, Sync);

impl<F: Future> Probe for &TypeOf<F> {
    type Out = NamedFuture;

    fn probe(self) -> NamedFuture {
        NamedFuture
    }
}

/// A function that returns a future of a named type, which cannot be wrapped.
#[derive(Debug)]
pub struct NamedFuture;

impl NamedFuture {
    pub fn begin(&self, setup: CallArguments<'_>) -> Prepared {
        setup.begin()
    }

    pub fn drive<T>(self, prepared: Prepared, body: impl FnOnce() -> T, _: impl FnOnce(LlmCall, ())) -> T {
        run(prepared, body, |call, future| {
            call.unobserved(
                false,
                "a function with #[llm_call] returned a future of a named type, whose end is not visible, so its \
                 call is unobserved: return `impl Future` or a boxed future, or make it an `async fn`",
            );
            future
        })
    }
}

impl<T> Probe for TypeOf<T> {
    type Out = Plain;

    fn probe(self) -> Plain {
        Plain
    }
}

/// Runs a non-async function as a call.
pub fn run<T, R>(prepared: Prepared, body: impl FnOnce() -> T, observe: impl FnOnce(LlmCall, T) -> R) -> R {
    let call = prepared.start();
    let value = call.run(body);
    observe(call, value)
}

/// Like [`trace_future`], with an explicit output type for the compiler's inference.
pub fn trace_future_of<T, F, O, R>(prepared: Prepared, future: F, observe: O) -> TracedFuture<F, O>
where
    F: Future<Output = T>,
    O: FnMut(LlmCall, T) -> R,
{
    trace_future(prepared, future, observe)
}

/// Calls a closure whose result may borrow from its argument. Returns `None` if it panics.
pub fn apply<'a, T: ?Sized, U>(value: &'a T, pick: impl FnOnce(&'a T) -> U) -> Option<U> {
    user_code::run(UserCode::Closure, || pick(value))
}

/// Warns once about a stream inside another returned type.
pub fn warn_unread(call: &LlmCall) {
    call.unobserved(
        true,
        "a function with #[llm_call] returns a stream inside another type, whose end is not visible, so its call is \
         unobserved: wrap the stream with `LlmCall::current().stream(..)`",
    );
}

/// Ends a call with its value, or with the first error.
pub fn finish(call: LlmCall, value: ProbedValue<'_>, type_name: &'static str, errors: [Option<ProbedValue<'_>>; 2]) {
    match errors.into_iter().flatten().next() {
        Some(error) => call.finish_err(error),
        None => call.finish_ok(value, type_name),
    }
}

/// A `Result` or an `Option` whose content is read.
pub trait Unlayered: Sized {
    fn layer(self) -> Whole {
        Whole
    }
}

impl<T: ?Sized> Unlayered for TypeOf<T> {}

impl<T, E> TypeOf<Result<T, E>> {
    pub fn layer(self) -> InResult {
        InResult
    }
}

impl<T> TypeOf<Option<T>> {
    pub fn layer(self) -> InOption {
        InOption
    }
}

#[derive(Debug)]
pub struct Whole;

impl Whole {
    pub fn map<T, U>(self, value: T, f: impl FnOnce(T) -> U) -> U {
        f(value)
    }
}

#[derive(Debug)]
pub struct InResult;

impl InResult {
    pub fn map<T, E, U>(self, value: Result<T, E>, f: impl FnOnce(T) -> U) -> Result<U, E> {
        value.map(f)
    }
}

#[derive(Debug)]
pub struct InOption;

impl InOption {
    pub fn map<T, U>(self, value: Option<T>, f: impl FnOnce(T) -> U) -> Option<U> {
        value.map(f)
    }
}
