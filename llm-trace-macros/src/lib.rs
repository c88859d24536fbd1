//! The macros of `llm-trace`. Use them through that crate.
#![forbid(unsafe_code)]

extern crate proc_macro;

mod args;
mod attributes;
mod downcast;
mod expand;
mod function;
mod returns;
mod setup;

use proc_macro::TokenStream;

#[allow(missing_docs)]
#[proc_macro_attribute]
pub fn llm_call(args: TokenStream, item: TokenStream) -> TokenStream {
    let written = proc_macro2::TokenStream::from(item.clone());
    let expanded = syn::parse::<function::Function>(item)
        .and_then(|function| expand::expand(&syn::parse::<args::Args>(args)?, &function));
    expanded.unwrap_or_else(|error| function::as_written(&written, &error)).into()
}

/// Forwards `Layer::downcast_raw` to the layer inside. For `llm-trace` itself.
#[doc(hidden)]
#[proc_macro]
pub fn __forward_downcast(_: TokenStream) -> TokenStream {
    downcast::forward().into()
}
