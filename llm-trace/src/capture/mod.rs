//! Reads the data of a value by its type.
//!
//! No bounds are required of the user's types. The macros in `macros` call methods on a [`Probed`] inside the user's
//! function, and method resolution selects the implementation: an inherent method for a known type, otherwise the one
//! of [`Unwrap`]; and among several [`Probe`]s the one that needs the fewest dereferences.
#![allow(missing_docs)]

mod attribute;
mod call_error;
mod error;
#[cfg(feature = "http")]
mod http;
mod known_error;
mod leaf;
mod macros;
mod peel;
mod probed;
#[cfg(any(feature = "reqwest-0-12", feature = "reqwest-0-13"))]
mod reqwest;
mod returned;
mod text;
mod transport;

pub use attribute::AttributeOf;
pub use call_error::CallError;
pub(crate) use call_error::{Boxed, Reported, Status, Typed};
pub use error::ErrorOf;
pub(crate) use error::{type_name, with_dyn_error, with_error};
pub(crate) use leaf::KnownType;
pub use leaf::{AnswerProbe, RequestProbe, ToCapturedValue, captured};
pub use peel::{Looked, Unwrap};
pub use probed::{Probed, Resolved};
pub use returned::{TypeOf, Unlayered, apply, finish, run, trace_future_of, warn_unread};
pub use text::TextOf;

/// One way to read a value. The implementing types are distinct references to the same value, so that the compiler
/// selects the first one whose bounds hold.
pub trait Probe {
    type Out;

    fn probe(self) -> Self::Out;
}

/// Defines a wrapper of [`Probed`] for one purpose, which probes are implemented for.
macro_rules! purpose {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        pub struct $name<'a, T: ?Sized>(pub $crate::capture::Probed<'a, T>);

        impl<T: ?Sized> Clone for $name<'_, T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T: ?Sized> Copy for $name<'_, T> {}

        impl<T: ?Sized> std::fmt::Debug for $name<'_, T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
use purpose;

/// Implements a probe: `(reference level) Purpose, where T: Bound => result`.
macro_rules! probe {
    ($purpose:ident [$($level:tt)*] $(: $bound:path)? => $out:ident) => {
        impl<'a, T: ?Sized $(+ $bound)?> $crate::capture::Probe for $($level)* $purpose<'a, T> {
            type Out = $out<'a, T>;

            fn probe(self) -> $out<'a, T> {
                $out(self.0)
            }
        }
    };
}
use probe;
