//! Streams that the user wraps through the handle.

use std::any::Any;
use std::marker::PhantomData;

use futures_core::Stream;
use serde::Serialize;

use super::Traced;
use crate::arguments::ProbedValue;
use crate::arguments::captured_value::{CapturedValue, SerializedRef};
use crate::call::{LlmCall, StreamCall};
use crate::capture::{Boxed, CallError, KnownType, Reported, Status, Typed};

impl LlmCall {
    /// Records a stream item by item. The end of the stream ends the call. Use it in a function that returns a stream
    /// inside a type of its own.
    ///
    /// Items are strings, `Bytes`, any `Serialize` type, or a `Result` of one. Outside of a call the stream passes
    /// unchanged.
    ///
    /// ```
    /// use futures_util::{Stream, stream};
    /// use llm_trace::{LlmCall, Traced, llm_call};
    ///
    /// struct Tokens<S: Stream> { stream: Traced<S>, seen: usize }
    ///
    /// #[llm_call(provider = "openai", model = "gpt-4o")]
    /// fn chat() -> Tokens<impl Stream<Item = String>> {
    ///     let tokens = stream::iter(["hel".to_owned(), "lo".to_owned()]);
    ///     Tokens { stream: LlmCall::current().stream(tokens), seen: 0 }
    /// }
    /// # let Tokens { stream, seen } = chat();
    /// # assert_eq!(seen, 0);
    /// # drop(stream);
    /// ```
    pub fn stream<S, How>(&self, stream: S) -> Traced<S>
    where
        S: Stream,
        S::Item: StreamItem<How>,
    {
        Traced::new(stream, self.clone(), |call, item| item.record(call))
    }
}

/// An item of a stream for [`LlmCall::stream`]: any `Serialize` type, or a `Result` of one.
///
/// It is implemented for all these types. `How` distinguishes the implementations and is inferred.
///
/// ```
/// use futures_util::Stream;
/// use llm_trace::{LlmCall, StreamItem, Traced};
///
/// fn traced<S: Stream<Item: StreamItem<How>>, How>(stream: S) -> Traced<S> {
///     LlmCall::current().stream(stream)
/// }
/// # drop(traced(futures_util::stream::iter([String::from("hello")])));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded as an item of a stream",
    label = "expected a string, `Bytes`, anything `Serialize`, or a `Result` of one with an error type; all `'static`"
)]
pub trait StreamItem<How>: sealed::Sealed<How> {
    #[doc(hidden)]
    fn record(&self, call: &mut StreamCall);
}

mod sealed {
    pub trait Sealed<How> {}
}

/// The item itself is recorded.
#[doc(hidden)]
#[derive(Debug)]
pub struct Plainly;

/// The `Ok` of the item is recorded.
#[doc(hidden)]
#[derive(Debug)]
pub struct InResult<Kind>(PhantomData<Kind>);

impl<T: Serialize + 'static> sealed::Sealed<Plainly> for T {}

impl<T: Serialize + 'static> StreamItem<Plainly> for T {
    fn record(&self, call: &mut StreamCall) {
        if !call.is_enabled() {
            return;
        }
        // Bytes and texts are recorded as such, rather than in their serialized form.
        let item: &dyn Any = self;
        let known: Option<&dyn KnownType> = None
            .or_else(|| item.downcast_ref::<String>().map(|item| item as _))
            .or_else(|| item.downcast_ref::<&'static str>().map(|item| item as _))
            .or_else(|| item.downcast_ref::<Vec<u8>>().map(|item| item as _))
            .or_else(|| item.downcast_ref::<serde_json::Value>().map(|item| item as _));
        #[cfg(feature = "bytes")]
        let known = known.or_else(|| item.downcast_ref::<bytes::Bytes>().map(|item| item as _));
        let what = match known {
            Some(known) => known.captured_value(),
            None => return call.item(ProbedValue(CapturedValue::Document(&SerializedRef(self)))),
        };
        call.item(ProbedValue(what));
    }
}

macro_rules! in_result {
    ($($(#[$meta:meta])* $kind:ty),*) => {$(
        $(#[$meta])*
        impl<T: Serialize + 'static, E: CallError<$kind>> sealed::Sealed<InResult<$kind>> for Result<T, E> {}

        $(#[$meta])*
        impl<T: Serialize + 'static, E: CallError<$kind>> StreamItem<InResult<$kind>> for Result<T, E> {
            fn record(&self, call: &mut StreamCall) {
                match self {
                    Ok(item) => item.record(call),
                    Err(error) => error.read(|error| call.item_error(error)),
                }
            }
        }
    )*};
}

// Not for text errors: a `Result` with a text error is `Serialize` as a whole.
in_result!(Typed, Boxed, Reported, Status);
