//! The macros of `llm-trace`. Use them through that crate.
#![forbid(unsafe_code)]

extern crate proc_macro;

mod downcast;

/// Forwards `Layer::downcast_raw` to the layer inside. For `llm-trace` itself.
#[doc(hidden)]
#[proc_macro]
pub fn __forward_downcast(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    downcast::forward().into()
}
