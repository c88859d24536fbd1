//! A function whose body is not parsed.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::ParseStream;
use syn::{AttrStyle, Attribute, Error, Result, ReturnType, Signature, Token, Type, Visibility, braced};

/// A function. The body stays a token stream, so that editors keep working while the body does not parse.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: TokenStream,
}

impl Function {
    /// Parses the function annotated by the macro `name`.
    pub(crate) fn parse(name: &str, input: ParseStream<'_>) -> Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis: Visibility = input.parse()?;
        let defaultness = input.peek(syn::Ident) && input.peek2(Token![fn]);
        if defaultness {
            return Err(input.error(format!("`#[{name}]` does not support `default fn`")));
        }
        let sig: Signature = input.parse().map_err(|error| {
            let message = format!("{error}; `#[{name}]` goes on a function or a method");
            Error::new(error.span(), message)
        })?;
        if input.peek(Token![;]) {
            let message = format!(
                "`#[{name}]` needs a body to trace: put it on the method in the `impl` block, or give this one a \
                 default body"
            );
            return Err(Error::new(sig.ident.span(), message));
        }
        let content;
        braced!(content in input);
        for mut inner in content.call(Attribute::parse_inner)? {
            inner.style = AttrStyle::Outer;
            attrs.push(inner);
        }
        let function = Function { attrs, vis, sig, body: content.parse()? };
        function.check(name)?;
        Ok(function)
    }
}

fn instrument(name: &str) -> String {
    format!(
        "`#[instrument]` and `#[{name}]` cannot share a function: `#[instrument]` records every argument with `Debug`, \
         prompts included, past every mask; `#[{name}]` makes the span itself, so remove `#[instrument]`, or put it on \
         a function around this one"
    )
}

impl Function {
    fn check(&self, name: &str) -> Result<()> {
        let found = self
            .attrs
            .iter()
            .find(|attr| attr.path().segments.last().is_some_and(|segment| segment.ident == "instrument"));
        if let Some(attr) = found {
            return Err(Error::new_spanned(attr, instrument(name)));
        }
        if mentions(&self.body, &["__tracing_attr_span", "__tracing_instrument_future"]) {
            return Err(Error::new(self.sig.ident.span(), instrument(name)));
        }
        if let Some(constness) = &self.sig.constness {
            return Err(Error::new(constness.span, format!("a `const fn` calls no LLM: `#[{name}]` cannot trace it")));
        }
        if let Some(variadic) = &self.sig.variadic {
            return Err(Error::new_spanned(variadic, format!("`#[{name}]` cannot trace a variadic function")));
        }
        if let ReturnType::Type(_, ty) = &self.sig.output
            && matches!(**ty, Type::Never(_))
        {
            return Err(Error::new_spanned(ty, "a function that never returns has no answer to trace"));
        }
        Ok(())
    }
}

/// Returns whether the tokens contain one of these identifiers, which an expanded `#[instrument]` leaves behind.
fn mentions(tokens: &TokenStream, names: &[&str]) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => names.iter().any(|name| ident == name),
        TokenTree::Group(group) => mentions(&group.stream(), names),
        _ => false,
    })
}

/// The original function, emitted next to the error, so that one mistake produces one error.
pub(crate) fn as_written(item: &TokenStream, error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    quote! { #error #item }
}
