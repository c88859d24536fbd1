//! Parses the arguments of `#[llm_call(...)]` and the other macros.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprClosure, Ident, Lit, LitStr, Path, Result, Token, parse_quote};

use crate::attributes::{self, Attribute};
use crate::family::{Also, Family};

/// The arguments of one macro invocation.
pub(crate) struct Args {
    pub(crate) family: &'static Family,
    /// Text arguments, keyed by the library's fact name.
    pub(crate) words: Vec<(&'static str, Expr)>,
    /// Numeric arguments, keyed by the library's fact name.
    pub(crate) numbers: Vec<(&'static str, Expr)>,
    /// Content arguments, keyed by the library's content field.
    pub(crate) contents: Vec<(&'static str, Expr)>,
    /// Selects `create_agent` instead of `invoke_agent`.
    pub(crate) create: bool,
    pub(crate) remote: Option<Expr>,
    pub(crate) nested: Option<Expr>,
    pub(crate) decision: Option<Pick>,
    pub(crate) failed: Option<Pick>,
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

/// A closure that takes the function's return value.
pub(crate) struct Pick {
    pub(crate) key: Ident,
    pub(crate) closure: ExprClosure,
}

/// A span's level: a path to a `tracing::Level`, or a level name.
pub(crate) enum Level {
    Named(&'static str),
    Path(Path),
}

impl Args {
    fn new(family: &'static Family) -> Self {
        Self {
            family,
            words: Vec::new(),
            numbers: Vec::new(),
            contents: Vec::new(),
            create: false,
            remote: None,
            nested: None,
            decision: None,
            failed: None,
            operation: None,
            provider: None,
            model: None,
            request: None,
            input: None,
            system: None,
            tools: None,
            response: None,
            output: None,
            server: None,
            conversation: None,
            mask_input: None,
            mask_output: None,
            error_type: None,
            attributes: None,
            parent: None,
            name: None,
            level: None,
            target: None,
            krate: None,
        }
    }

    pub(crate) fn parse(family: &'static Family, input: ParseStream<'_>) -> Result<Self> {
        let mut args = Args::new(family);
        while !input.is_empty() {
            let key =
                Ident::parse_any(input).map_err(|error| Error::new(error.span(), family.expected("an argument")))?;
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

    fn argument(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        let name = key.unraw().to_string();
        if let Some(also) = self.family.also(&name) {
            return self.also(also, key, input);
        }
        match self.family.shared(&name).unwrap_or_default() {
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
            "attributes" => set(&mut self.attributes, key, || attributes::parse(self.family, key, input)),
            "parent" => set(&mut self.parent, key, || value(key, input, "`&cx`, an OpenTelemetry `Context`")),
            "name" => set(&mut self.name, key, || value(key, input, "`\"ask\"`")),
            "remote" => set(&mut self.remote, key, || flag(input)),
            "nested" => set(&mut self.nested, key, || nested(key, input)),
            "level" => set(&mut self.level, key, || level(key, input)),
            "target" => set(&mut self.target, key, || value(key, input, "`\"my_app::llm\"`")),
            "crate" => set(&mut self.krate, key, || path(key, input)),
            _ => Err(Error::new(key.span(), self.family.expected(&format!("unknown argument `{name}`; ")))),
        }
    }

    /// Parses an argument that only some of the macros accept.
    fn also(&mut self, also: &Also, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match *also {
            Also::Word(fact, example) => add(&mut self.words, fact, key, || value(key, input, example)),
            Also::Number(fact, example) => add(&mut self.numbers, fact, key, || value(key, input, example)),
            Also::Content(slot, example) => add(&mut self.contents, slot, key, || value(key, input, example)),
            Also::Answer(example) => set(&mut self.response, key, || closure(key, input, example)),
            Also::Decision(example) => set(&mut self.decision, key, || closure(key, input, example)),
            Also::Failed(example) => set(&mut self.failed, key, || closure(key, input, example)),
            Also::MaskInput => set(&mut self.mask_input, key, || flag(input)),
            Also::MaskOutput => set(&mut self.mask_output, key, || flag(input)),
            Also::Create if self.create => Err(twice(key)),
            Also::Create => {
                self.create = true;
                Ok(())
            }
        }
    }

    /// The path of the `llm_trace` crate.
    pub(crate) fn krate(&self) -> Path {
        self.krate.clone().unwrap_or_else(|| parse_quote!(::llm_trace))
    }
}

fn twice(key: &Ident) -> Error {
    Error::new(key.span(), format!("`{key}` is given twice"))
}

fn set<T>(slot: &mut Option<T>, key: &Ident, parse: impl FnOnce() -> Result<T>) -> Result<()> {
    if slot.is_some() {
        return Err(twice(key));
    }
    *slot = Some(parse()?);
    Ok(())
}

fn add(
    list: &mut Vec<(&'static str, Expr)>,
    name: &'static str,
    key: &Ident,
    parse: impl FnOnce() -> Result<Expr>,
) -> Result<()> {
    if list.iter().any(|(known, _)| *known == name) {
        return Err(twice(key));
    }
    list.push((name, parse()?));
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

fn nested(key: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    let expr = value(key, input, "`\"separate\"`")?;
    match literal(&expr).map(LitStr::value) {
        Some(word) if word != "merge" && word != "separate" => {
            let message = format!("`{word}` is not a way to nest: expected `\"merge\"` or `\"separate\"`");
            Err(Error::new_spanned(&expr, message))
        }
        _ => Ok(expr),
    }
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

/// The literal, if the expression is a string literal.
pub(crate) fn literal(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Parses a comma-separated list in parentheses.
pub(crate) fn list<T: Parse>(key: &Ident, input: ParseStream<'_>) -> Result<Punctuated<T, Token![,]>> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(key.span(), format!("`{key}` needs a list, such as `{key}(app.tier = tier)`")));
    }
    let content;
    syn::parenthesized!(content in input);
    content.parse_terminated(T::parse, Token![,])
}

/// The span of the tokens, used for diagnostics in the generated code.
pub(crate) fn span_of(tokens: &impl ToTokens) -> Span {
    tokens.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}
