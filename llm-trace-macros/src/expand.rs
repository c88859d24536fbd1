//! Generates the body of a function annotated with `#[llm_call(...)]`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, Path, Result, Type};

use crate::args::{Args, Pick, literal, span_of};
use crate::function::Function;
use crate::returns::{Returned, Shape};
use crate::setup::{self, SETUP};

pub(crate) fn expand(args: &Args, function: &Function) -> Result<TokenStream> {
    let returned = Returned::new(&function.sig.output)?;
    let body = if function.sig.asyncness.is_some() {
        asynchronous(args, function, &returned)?
    } else {
        synchronous(args, function, &returned)?
    };
    let Function { attrs, vis, sig, .. } = function;
    Ok(quote! {
        #(#attrs)*
        #vis #sig {
            #body
        }
    })
}

/// `async fn`: the body becomes an inner future that is polled inside the span.
fn asynchronous(args: &Args, function: &Function, returned: &Returned) -> Result<TokenStream> {
    let krate = args.krate();
    let body = &function.body;
    let ty = &returned.ty;
    let observe = observe(args, &krate, returned)?;
    let setup = ident(SETUP);
    let prepared = ident("prepared");
    let read = setup::prepared(args, &function.sig.ident, &krate, &quote!(#setup.begin()));
    // Never executed. It fixes the type of the body, because an `async` block has no return type annotation.
    let typed = quote_spanned! { span_of(ty)=>
        #[allow(unknown_lints, unreachable_code, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        if false {
            let __llm_trace_return: #ty = loop {};
            return __llm_trace_return;
        }
    };
    Ok(quote! {
        let #prepared = #read;
        #krate::__private::capture::trace_future_of::<#ty, _, _, _>(
            #prepared,
            async move { #typed #body },
            #observe,
        ).await
    })
}

/// A plain `fn`: the return type decides whether the call ends when the function returns.
fn synchronous(args: &Args, function: &Function, returned: &Returned) -> Result<TokenStream> {
    let krate = args.krate();
    let body = &function.body;
    let ty = &returned.ty;
    let setup = ident(SETUP);
    let prepared = ident("prepared");
    let read = |ready: TokenStream| setup::prepared(args, &function.sig.ident, &krate, &ready);
    if let Shape::Future { output } = &returned.shape {
        let read = read(quote!(#setup.prepare()));
        let output_ty = &output.ty;
        let observe = observe(args, &krate, output)?;
        return Ok(quote! {
            let #prepared = #read;
            #krate::__private::capture::trace_future_of::<#output_ty, _, _, _>(
                #prepared,
                (move || { #body })(),
                #observe,
            )
        });
    }
    let observe = observe(args, &krate, returned)?;
    let body = match ty {
        Type::Infer(_) => quote! { move || { #body } },
        ty => quote! { move || -> #ty { #body } },
    };
    if returned.named {
        let shape = ident("shape");
        let read = read(quote!(#shape.begin(#setup)));
        return Ok(quote! {
            let #shape = #krate::__shape!(#ty);
            let #prepared = #read;
            #shape.drive(#prepared, #body, #observe)
        });
    }
    let read = read(quote!(#setup.begin()));
    Ok(quote! {
        let #prepared = #read;
        #krate::__private::capture::run(#prepared, #body, #observe)
    })
}

/// The closure that reads the returned value and then ends the call or passes it to a stream.
fn observe(args: &Args, krate: &Path, returned: &Returned) -> Result<TokenStream> {
    let call = ident("call");
    let ret = ident("ret");
    let own_error = args.error_type.as_ref().filter(|_| returned.asked.own);
    let of_items = args.error_type.as_ref().filter(|_| returned.asked.items).map(|pick| &pick.closure);
    match &returned.shape {
        Shape::Stream { depth, item } => {
            let picks = [&args.response, &args.output, &args.decision, &args.failed];
            if let Some(Pick { key, .. }) = picks.into_iter().find_map(Option::as_ref) {
                let message = format!(
                    "`{key}` looks at a returned value, and a stream is recorded item by item; remove it, or record \
                     the stream yourself with `LlmCall::current().stream(..)`"
                );
                return Err(Error::new(key.span(), message));
            }
            let layers = std::iter::repeat_n(quote!(+), *depth);
            let error_type = own_error.map(|error_type| pick(("error_type", error_type)));
            Ok(quote! {
                move |#call, #ret| {
                    #krate::__observe_stream!([#item #(, #layers)*] [#of_items] #call, #ret #error_type)
                }
            })
        }
        _ => {
            let picks = [
                ("response", args.response.as_ref()),
                ("output", args.output.as_ref()),
                ("decision", args.decision.as_ref()),
                ("failed", args.failed.as_ref()),
                ("error_type", own_error),
            ];
            let picks = picks.into_iter().filter_map(|(name, given)| Some(pick((name, given?))));
            let unseen = matches!(returned.shape, Shape::HiddenStream)
                .then(|| quote!(#krate::__private::capture::warn_unread(&#call);));
            Ok(quote! {
                move |#call, #ret| {
                    #unseen
                    #krate::__observe!([#of_items] #call, #ret #(#picks)*)
                }
            })
        }
    }
}

fn pick((name, pick): (&str, &Pick)) -> TokenStream {
    let (name, closure) = (format_ident!("{name}"), &pick.closure);
    quote! { , #name = #closure }
}

/// An identifier that is not visible to the user's code.
pub(crate) fn ident(name: &str) -> proc_macro2::Ident {
    format_ident!("__llm_trace_{name}", span = Span::mixed_site())
}

/// The span's static name.
pub(crate) fn static_name(args: &Args, function: &syn::Ident) -> String {
    use syn::ext::IdentExt;
    match args.name.as_ref().and_then(literal) {
        Some(name) => name.value(),
        None => function.unraw().to_string(),
    }
}
