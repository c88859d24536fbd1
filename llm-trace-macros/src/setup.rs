//! Generates the code that reads a call's arguments before the call starts.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Expr, Ident, LitStr, Path};

use crate::args::{Args, Level, literal, span_of};
use crate::expand::{ident, static_name};

/// The name of the setup variable in the generated code.
pub(crate) const SETUP: &str = "setup";

/// An expression that reads the arguments if the span is enabled. `ready` starts the call from the variable [`SETUP`].
pub(crate) fn prepared(args: &Args, function: &Ident, krate: &Path, ready: &TokenStream) -> TokenStream {
    let level = match &args.level {
        None => quote!(#krate::__private::tracing::Level::INFO),
        Some(Level::Named(name)) => {
            let name = format_ident!("{name}");
            quote!(#krate::__private::tracing::Level::#name)
        }
        Some(Level::Path(path)) => quote!(#path),
    };
    let target = match &args.target {
        Some(target) => quote!(#target),
        None => quote!(::core::module_path!()),
    };
    let name = static_name(args, function);
    let known = if args.create { Some("CreateAgent") } else { args.family.operation };
    let operation = match (&args.operation, known) {
        (Some(operation), _) => quote!(::core::option::Option::Some(::core::convert::Into::into(#operation))),
        (None, Some(known)) => {
            let known = format_ident!("{known}");
            quote!(::core::option::Option::Some(#krate::__private::Operation::#known))
        }
        (None, None) => quote!(::core::option::Option::None),
    };
    let setup = ident(SETUP);
    let mut reads = Vec::new();
    let mut sets = Vec::new();

    for (method, expr) in
        [("request", &args.request), ("input", &args.input), ("system", &args.system), ("tools", &args.tools)]
    {
        if let Some(expr) = expr {
            let (value, leaf) = (ident(method), ident(&format!("{method}_leaf")));
            let method = Ident::new(method, span_of(expr));
            let krate = located(krate, span_of(expr));
            reads.push(quote_spanned! { span_of(expr)=>
                let #value = &(#expr);
                let #leaf = #krate::__request_leaf!(#value);
            });
            sets.push(
                quote! { #setup.#method(#krate::__private::capture::captured(::core::option::Option::None, &#leaf)); },
            );
        }
    }
    for (field, expr) in &args.contents {
        let (value, leaf) = (ident(field), ident(&format!("{field}_leaf")));
        let field = Ident::new(field, span_of(expr));
        let krate = located(krate, span_of(expr));
        reads.push(quote_spanned! { span_of(expr)=>
            let #value = &(#expr);
            let #leaf = #krate::__request_leaf!(#value);
        });
        sets.push(quote! {
            #setup.content(
                #krate::__private::ContentField::#field,
                #krate::__private::capture::captured(::core::option::Option::None, &#leaf),
            );
        });
    }
    for (fact, expr) in &args.words {
        let value = ident(fact);
        let fact = Ident::new(fact, span_of(expr));
        let krate = located(krate, span_of(expr));
        reads.push(quote_spanned! { span_of(expr)=> let #value = &(#expr); });
        sets.push(
            quote_spanned! { span_of(expr)=> #setup.word(#krate::__private::Fact::#fact, #krate::__text!(#value)); },
        );
    }
    for (fact, expr) in &args.numbers {
        let fact = Ident::new(fact, span_of(expr));
        let krate = located(krate, span_of(expr));
        sets.push(quote_spanned! { span_of(expr)=> #setup.number(#krate::__private::Fact::#fact, #expr); });
    }
    let unraw = function.unraw().to_string();
    let own_name = args.family.named.map(|fact| (fact, unraw.as_str()));
    let defaults = own_name.into_iter().chain(args.family.defaults.iter().copied());
    for (fact, text) in defaults.filter(|(fact, _)| args.words.iter().all(|(said, _)| said != fact)) {
        let fact = format_ident!("{fact}");
        sets.push(quote! { #setup.fact(#krate::__private::Fact::#fact, #text); });
    }
    for (method, expr) in [("model", &args.model), ("server", &args.server), ("conversation", &args.conversation)] {
        if let Some(expr) = expr {
            let value = ident(method);
            let method = Ident::new(method, span_of(expr));
            let krate = located(krate, span_of(expr));
            reads.push(quote_spanned! { span_of(expr)=> let #value = &(#expr); });
            sets.push(quote_spanned! { span_of(expr)=> #setup.#method(#krate::__text!(#value)); });
        }
    }
    for (method, expr) in [
        ("provider", &args.provider),
        ("parent", &args.parent),
        ("name", &args.name),
        ("mask_input", &args.mask_input),
        ("mask_output", &args.mask_output),
        ("remote", &args.remote),
    ] {
        if let Some(expr) = expr {
            let method = Ident::new(method, span_of(expr));
            sets.push(quote_spanned! { span_of(expr)=> #setup.#method(#expr); });
        }
    }
    if let Some(expr) = &args.nested {
        let span = span_of(expr);
        let krate = located(krate, span);
        // Other words were rejected when the arguments were parsed.
        let nested = match literal(expr).map(LitStr::value).as_deref() {
            Some("separate") => quote_spanned! { span=> #krate::Nested::Separate },
            Some(_) => quote_spanned! { span=> #krate::Nested::Merge },
            None => expr.to_token_stream(),
        };
        sets.push(quote_spanned! { span=> #setup.nested(#nested); });
    }
    for attribute in args.attributes.iter().flatten() {
        let (key, value): (_, &Expr) = (&attribute.key, &attribute.value);
        let krate = located(krate, span_of(value));
        sets.push(quote_spanned! { span_of(value)=> #setup.attribute(#key, #krate::__attribute!(&(#value))); });
    }
    let mutable = (!sets.is_empty()).then(|| quote!(mut));
    quote! {
        if #krate::__private::enabled(#level) {
            #(#reads)*
            let #mutable #setup = #krate::__private::CallArguments::new(
                #operation,
                #krate::__make_span!(target: #target, level: #level, name: #name),
            );
            #(#sets)*
            #ready
        } else {
            #krate::__private::Prepared::disabled()
        }
    }
}

/// The library's path with the span of an argument, so that the compiler reports errors at that argument.
fn located(krate: &Path, span: Span) -> TokenStream {
    let at = |mut token: TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    krate.to_token_stream().into_iter().map(at).collect()
}
