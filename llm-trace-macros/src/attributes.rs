//! Parses `attributes(key = value, ...)`.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use crate::args;
use crate::family::Family;

/// Keys that a macro argument sets. They are rejected in `attributes(..)`: a key must appear once on a span, and
/// content must pass through the policy.
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

/// Keys that an argument of a single macro sets.
const OWN: &[(&str, &str, &str)] = &[
    ("llm_tool", "gen_ai.tool.name", "name"),
    ("llm_tool", "gen_ai.tool.type", "type"),
    ("llm_tool", "gen_ai.tool.call.id", "call_id"),
    ("llm_tool", "gen_ai.tool.description", "description"),
    ("llm_tool", "gen_ai.tool.call.arguments", "arguments"),
    ("llm_tool", "gen_ai.tool.call.result", "result"),
    ("llm_agent", "gen_ai.agent.name", "name"),
    ("llm_agent", "gen_ai.agent.id", "id"),
    ("llm_agent", "gen_ai.agent.version", "version"),
    ("llm_agent", "gen_ai.agent.description", "description"),
    ("llm_agent", "gen_ai.data_source.id", "data_source"),
    ("llm_workflow", "gen_ai.workflow.name", "name"),
    ("llm_retrieval", "gen_ai.data_source.id", "data_source"),
    ("llm_retrieval", "gen_ai.retrieval.query.text", "query"),
    ("llm_retrieval", "gen_ai.retrieval.documents", "documents"),
];

/// A custom attribute.
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

/// Parses `app.tier` as a string.
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

pub(crate) fn parse(family: &Family, key: &Ident, input: ParseStream<'_>) -> Result<Vec<Attribute>> {
    let attributes: Vec<Attribute> = args::list(key, input)?.into_iter().collect();
    let mut seen = HashSet::new();
    for Attribute { key, .. } in &attributes {
        let name = key.value();
        if name.is_empty() {
            return Err(Error::new(key.span(), "an attribute's key cannot be empty"));
        }
        let of_all = RESERVED.iter().find(|(reserved, _)| *reserved == name).map(|(_, argument)| argument);
        let own = OWN.iter().find(|(of, reserved, _)| *of == family.name && *reserved == name);
        if let Some(argument) = own.map(|(.., argument)| argument).or(of_all) {
            let known = family.also(argument).is_some() || family.shared(argument).is_some();
            let hint = if known { format!(": use the argument `{argument}`") } else { String::new() };
            return Err(Error::new(key.span(), format!("`{name}` is set by the call itself{hint}")));
        }
        if !seen.insert(name) {
            return Err(Error::new(key.span(), format!("attribute `{}` is given twice", key.value())));
        }
    }
    Ok(attributes)
}
