//! `attributes(key = value, ...)`.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use crate::args;

/// Keys that an argument of the macro sets, so that each key stands on a span once, and content
/// never passes the policy by.
const RESERVED: &[(&str, &str)] = &[
    ("gen_ai.operation.name", "operation"),
    ("gen_ai.provider.name", "provider"),
    ("gen_ai.system", "provider"),
    ("gen_ai.request.model", "model"),
    ("gen_ai.conversation.id", "conversation"),
    ("gen_ai.input.messages", "input"),
    ("gen_ai.prompt", "input"),
    ("gen_ai.output.messages", "output"),
    ("gen_ai.completion", "output"),
    ("gen_ai.system_instructions", "system"),
    ("gen_ai.tool.definitions", "tools"),
    ("server.address", "server"),
    ("server.port", "server"),
    ("error.type", "error_type"),
    ("otel.name", "name"),
];

/// One attribute of the user's own.
pub(crate) struct Attribute {
    pub(crate) key: LitStr,
    pub(crate) value: Expr,
}

impl Parse for Attribute {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = if input.peek(LitStr) { input.parse()? } else { dotted(input)? };
        if !input.peek(Token![=]) {
            let message = format!("attribute `{0}` needs a value: `{0} = value`", key.value());
            return Err(Error::new(key.span(), message));
        }
        input.parse::<Token![=]>()?;
        Ok(Attribute { key, value: input.parse()? })
    }
}

/// `app.tier` as a string.
fn dotted(input: ParseStream<'_>) -> Result<LitStr> {
    let expected = |span: Span| Error::new(span, "expected a key, such as `app.tier` or `\"app.tier\"`");
    let first = Ident::parse_any(input).map_err(|error| expected(error.span()))?;
    let mut key = first.unraw().to_string();
    while input.peek(Token![.]) {
        input.parse::<Token![.]>()?;
        let part = Ident::parse_any(input).map_err(|error| expected(error.span()))?;
        key.push('.');
        key.push_str(&part.unraw().to_string());
    }
    Ok(LitStr::new(&key, first.span()))
}

pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Vec<Attribute>> {
    let attributes: Vec<Attribute> = args::list(key, input)?.into_iter().collect();
    let mut seen = HashSet::new();
    for Attribute { key, .. } in &attributes {
        let name = key.value();
        if name.is_empty() {
            return Err(Error::new(key.span(), "an attribute's key cannot be empty"));
        }
        if let Some((_, argument)) = RESERVED.iter().find(|(reserved, _)| *reserved == name) {
            let message = format!("`{name}` is set by the call itself: use the argument `{argument}`");
            return Err(Error::new(key.span(), message));
        }
        if !seen.insert(name) {
            return Err(Error::new(key.span(), format!("attribute `{}` is given twice", key.value())));
        }
    }
    Ok(attributes)
}
