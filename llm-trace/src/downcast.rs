//! The only `unsafe` code of this crate: `Layer::downcast_raw` is an unsafe method without a safe alternative.
//!
//! A layer that wraps another one must forward it. Otherwise `OpenTelemetrySpanExt::set_parent` and `context`, and the
//! search for our own layer, do not find the wrapped layer.

/// A `downcast_raw` for an `impl Layer<S>` of a type that has two safe methods: `downcast_own(&self, TypeId) ->
/// Option<*const ()>`, whose pointer is valid as long as `self`, and `downcast_inner(&self) -> Option<&impl Layer<S>>`.
macro_rules! forward_downcast {
    () => {
        // SAFETY: `downcast_own` returns a pointer to a value of the requested type that lives as long as `self`: `self`,
        // a value that it owns, or a static. The inner layer, which `self` owns, gives the same guarantee.
        #[allow(unsafe_code, reason = "the trait declares the method unsafe")]
        unsafe fn downcast_raw(&self, id: ::core::any::TypeId) -> ::core::option::Option<*const ()> {
            self.downcast_own(id).or_else(|| {
                // SAFETY: as above.
                self.downcast_inner().and_then(|inner| unsafe { inner.downcast_raw(id) })
            })
        }
    };
}

pub(crate) use forward_downcast;
