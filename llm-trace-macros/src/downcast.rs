//! The one place where `unsafe` cannot be avoided.
//!
//! `tracing_subscriber::Layer::downcast_raw` is an unsafe method, and a layer that wraps another
//! must forward it, or whoever looks for the inner layer no longer finds it. The library forbids
//! `unsafe`; what it forwards is written here once.

use proc_macro2::TokenStream;
use quote::quote;

/// A `downcast_raw` for an `impl Layer<S>` whose type has two safe methods:
/// `downcast_own(&self, TypeId) -> Option<*const ()>`, which points into `self`, and
/// `downcast_inner(&self) -> Option<&impl Layer<S>>`.
pub(crate) fn forward() -> TokenStream {
    quote! {
        // SAFETY: `downcast_own` gives a pointer to a field of `self` of the type asked for, valid
        // as long as `self`; the inner layer promises the same of itself, and lives in `self`.
        unsafe fn downcast_raw(&self, id: ::core::any::TypeId) -> ::core::option::Option<*const ()> {
            match self.downcast_own(id) {
                ::core::option::Option::Some(found) => ::core::option::Option::Some(found),
                ::core::option::Option::None => match self.downcast_inner() {
                    ::core::option::Option::Some(inner) => unsafe { inner.downcast_raw(id) },
                    ::core::option::Option::None => ::core::option::Option::None,
                },
            }
        }
    }
}
