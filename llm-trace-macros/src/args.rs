//! What may be written in `#[llm_call(...)]`.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprClosure, Ident, Lit, LitStr, Path, Result, Token, parse_quote};

use crate::attributes::{self, Attribute};

const ALLOWED: &[&str] = &[
    "operation",
    "provider",
    "model",
    "request",
    "input",
    "system",
    "tools",
    "response",
    "output",
    "server",
    "conversation",
    "mask_input",
    "mask_output",
    "error_type",
    "attributes",
    "parent",
    "name",
    "level",
    "target",
    "crate",
];

/// The arguments of one `#[llm_call(...)]`.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) operation: Option<Expr>,
    pub(crate) provider: Option<Expr>,
    pub(crate) model: Option<Expr>,
    pub(crate) request: Option<Expr>,
    pub(crate) input: Option<Expr>,
    pub(crate) system: Option<Expr>,
    pub(crate) tools: Option<Expr>,
    pub(crate) response: Option<Pick>,
    pub(crate) output: Option<Pick>,
    pub(crate) server: Option<Expr>,
    pub(crate) conversation: Option<Expr>,
    pub(crate) mask_input: Option<Expr>,
    pub(crate) mask_output: Option<Expr>,
    pub(crate) error_type: Option<Pick>,
    pub(crate) attributes: Option<Vec<Attribute>>,
    pub(crate) parent: Option<Expr>,
    pub(crate) name: Option<Expr>,
    pub(crate) level: Option<Level>,
    pub(crate) target: Option<Expr>,
    pub(crate) krate: Option<Path>,
}

/// A closure over what the function returned.
pub(crate) struct Pick {
    pub(crate) key: Ident,
    pub(crate) closure: ExprClosure,
}

/// A span's level: a path to a `tracing::Level`, or one of its names.
pub(crate) enum Level {
    Named(&'static str),
    Path(Path),
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Args::default();
        while !input.is_empty() {
            let key = Ident::parse_any(input).map_err(|error| Error::new(error.span(), expected("an argument")))?;
            args.argument(&key, input)?;
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        if let (Some(_), Some(output)) = (&args.response, &args.output) {
            let message = "`output` contradicts `response`: the answer is either a document or text; keep one of them";
            return Err(Error::new(output.key.span(), message));
        }
        Ok(args)
    }
}

impl Args {
    fn argument(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match key.to_string().as_str() {
            "operation" => set(&mut self.operation, key, || value(key, input, "`\"chat\"` or `Operation::Chat`")),
            "provider" => set(&mut self.provider, key, || value(key, input, "`\"openai\"` or `Provider::OpenAi`")),
            "model" => set(&mut self.model, key, || value(key, input, "`&request.model`")),
            "request" => set(&mut self.request, key, || value(key, input, "`body`")),
            "input" => set(&mut self.input, key, || value(key, input, "`prompt`")),
            "system" => set(&mut self.system, key, || value(key, input, "`system_prompt`")),
            "tools" => set(&mut self.tools, key, || value(key, input, "`&tools`")),
            "response" => set(&mut self.response, key, || closure(key, input, "`|answer| &answer.body`")),
            "output" => set(&mut self.output, key, || closure(key, input, "`|answer| &answer.text`")),
            "server" => set(&mut self.server, key, || value(key, input, "`base_url`")),
            "conversation" => set(&mut self.conversation, key, || value(key, input, "`thread_id`")),
            "mask_input" => set(&mut self.mask_input, key, || flag(input)),
            "mask_output" => set(&mut self.mask_output, key, || flag(input)),
            "error_type" => set(&mut self.error_type, key, || closure(key, input, "`|error| error.code()`")),
            "attributes" => set(&mut self.attributes, key, || attributes::parse(key, input)),
            "parent" => set(&mut self.parent, key, || value(key, input, "`&cx`, an OpenTelemetry `Context`")),
            "name" => set(&mut self.name, key, || value(key, input, "`\"ask\"`")),
            "level" => set(&mut self.level, key, || level(key, input)),
            "target" => set(&mut self.target, key, || value(key, input, "`\"my_app::llm\"`")),
            "crate" => set(&mut self.krate, key, || path(key, input)),
            other => Err(Error::new(key.span(), expected(&format!("unknown argument `{other}`")))),
        }
    }

    /// The path of the library.
    pub(crate) fn krate(&self) -> Path {
        self.krate.clone().unwrap_or_else(|| parse_quote!(::llm_trace))
    }
}

fn expected(what: &str) -> String {
    let what = if what.starts_with("unknown") { format!("{what}; ") } else { String::new() };
    let list: Vec<String> = ALLOWED.iter().map(|name| format!("`{name}`")).collect();
    format!("{what}expected one of {}", list.join(", "))
}

fn set<T>(slot: &mut Option<T>, key: &Ident, parse: impl FnOnce() -> Result<T>) -> Result<()> {
    if slot.is_some() {
        return Err(Error::new(key.span(), format!("`{key}` is given twice")));
    }
    *slot = Some(parse()?);
    Ok(())
}

fn value(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<Expr> {
    if !input.peek(Token![=]) || input.peek(Token![==]) {
        return Err(Error::new(key.span(), format!("`{key}` needs a value, such as `{key} = {}", &example[1..])));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

fn closure(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<Pick> {
    match value(key, input, example)? {
        Expr::Closure(closure) if closure.inputs.len() == 1 => Ok(Pick { key: key.clone(), closure }),
        other => Err(Error::new_spanned(other, format!("`{key}` needs a closure of one argument, such as {example}"))),
    }
}

fn flag(input: ParseStream<'_>) -> Result<Expr> {
    if !input.peek(Token![=]) {
        return Ok(parse_quote!(true));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

fn path(key: &Ident, input: ParseStream<'_>) -> Result<Path> {
    match value(key, input, "`my_crate::llm_trace`")? {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path),
        other => Err(Error::new_spanned(other, "`crate` needs a path, such as `my_crate::llm_trace`")),
    }
}

fn level(key: &Ident, input: ParseStream<'_>) -> Result<Level> {
    const EXPECTED: &str = "expected a level: `\"error\"`, `\"warn\"`, `\"info\"`, `\"debug\"`, `\"trace\"`, \
                            a number from 1 (error) to 5 (trace), or a path such as `Level::DEBUG`";
    const NAMES: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
    let expr = value(key, input, "`\"debug\"`")?;
    let name = match &expr {
        Expr::Path(path) if path.qself.is_none() => return Ok(Level::Path(path.path.clone())),
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(name) => NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(&name.value())),
            Lit::Int(number) => match number.base10_parse::<usize>() {
                Ok(number @ 1..=5) => NAMES.get(number - 1).copied(),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    name.map(Level::Named).ok_or_else(|| Error::new_spanned(&expr, EXPECTED))
}

/// The string of an expression that is a string literal.
pub(crate) fn literal(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The elements of a comma-separated list in parentheses.
pub(crate) fn list<T: Parse>(key: &Ident, input: ParseStream<'_>) -> Result<Punctuated<T, Token![,]>> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(key.span(), format!("`{key}` needs a list, such as `{key}(app.tier = tier)`")));
    }
    let content;
    syn::parenthesized!(content in input);
    content.parse_terminated(T::parse, Token![,])
}

/// The place of an expression, for code that is about it.
pub(crate) fn span_of(tokens: &impl ToTokens) -> Span {
    tokens.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}
