//! Detects streams in return values by type. The type does not change.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;

use futures_core::Stream;

use super::{Read, Traced};
use crate::call::LlmCall;
use crate::capture::Probe;

/// A type that may be a stream.
pub struct Streamed<T: ?Sized>(PhantomData<fn() -> Box<T>>);

impl<T> Streamed<T> {
    pub fn value(_: &T) -> Self {
        Streamed(PhantomData)
    }
}

impl<T: ?Sized> Clone for Streamed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Streamed<T> {}

impl<T: ?Sized> fmt::Debug for Streamed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streamed")
    }
}

macro_rules! boxed {
    ($boxed:ty, $new:path $(, $auto:ident)*) => {
        impl<'a, I> Probe for &&Streamed<$boxed> {
            type Out = BoxedStream<$boxed>;

            fn probe(self) -> Self::Out {
                BoxedStream(PhantomData)
            }
        }

        impl<'a, I: 'a> BoxedStream<$boxed> {
            pub fn adopt(self, stream: $boxed, open: &mut Option<LlmCall>, read: Read<I>) -> $boxed {
                // Without a lifetime in the bounds, the compiler proves much faster that a call is `Send`.
                fn traced<S: Stream $(+ $auto)*>(
                    stream: S,
                    call: LlmCall,
                    read: Read<S::Item>,
                ) -> impl Stream<Item = S::Item> $(+ $auto)* {
                    Traced::new(stream, call, read)
                }

                fn boxed<'a, I>(stream: impl Stream<Item = I> $(+ $auto)* + 'a) -> $boxed {
                    $new(stream)
                }

                match open.take_if(|call| call.is_enabled()) {
                    Some(call) => boxed(traced(stream, call, read)),
                    None => stream,
                }
            }
        }
    };
}

/// A boxed stream, which can be replaced by a boxed wrapper.
pub struct BoxedStream<T>(PhantomData<fn() -> T>);

impl<T> fmt::Debug for BoxedStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxedStream")
    }
}

boxed!(Pin<Box<dyn Stream<Item = I> + 'a>>, Box::pin);
boxed!(Pin<Box<dyn Stream<Item = I> + Send + 'a>>, Box::pin, Send);
boxed!(Pin<Box<dyn Stream<Item = I> + Send + Sync + 'a>>, Box::pin, Send, Sync);
boxed!(Box<dyn Stream<Item = I> + Unpin + 'a>, Box::new, Unpin);
boxed!(Box<dyn Stream<Item = I> + Send + Unpin + 'a>, Box::new, Send, Unpin);
boxed!(Box<dyn Stream<Item = I> + Send + Sync + Unpin + 'a>, Box::new, Send, Sync, Unpin);

impl<T: Stream> Probe for &Streamed<T> {
    type Out = Unobserved;

    fn probe(self) -> Unobserved {
        Unobserved
    }
}

/// A stream of a named type, which cannot be wrapped.
#[derive(Debug)]
pub struct Unobserved;

impl Unobserved {
    pub fn adopt<T>(self, stream: T, open: &mut Option<LlmCall>, _: Read<Infallible>) -> T {
        if let Some(call) = open.take() {
            call.unobserved(
                true,
                "a function with #[llm_call] returned a stream of a named type, whose end is not visible, so its \
                 call is unobserved: return `impl Stream` or a boxed stream, or wrap it with \
                 `LlmCall::current().stream(..)`",
            );
        }
        stream
    }
}

impl<T> Probe for Streamed<T> {
    type Out = NoStream;

    fn probe(self) -> NoStream {
        NoStream
    }
}

/// A type that is not a stream.
#[derive(Debug)]
pub struct NoStream;

impl NoStream {
    pub fn adopt<T>(self, value: T, _: &mut Option<LlmCall>, _: Read<Infallible>) -> T {
        value
    }
}
