//! The macros of `llm-trace`. Use them through that crate.
#![forbid(unsafe_code)]

extern crate proc_macro;

mod args;
mod attributes;
mod errors;
mod expand;
mod family;
mod function;
mod returns;
mod setup;

use proc_macro::TokenStream;
use syn::parse::{ParseStream, Parser as _};

/// Traces the LLM call that a function makes.
///
/// The function behaves as before: its signature, its value, what it borrows and whether its future
/// is `Send` stay the same. Beside that it makes one span by the GenAI conventions, which starts
/// with the call and ends with it, however it ends: a value, an error, the end of a stream, a drop,
/// a cancelled task, a panic. With nobody listening it costs one check.
///
/// ```
/// use llm_trace::llm_call;
/// use serde_json::{Value, json};
///
/// # async fn post(body: &Value) -> Result<Value, std::io::Error> { Ok(body.clone()) }
/// #[llm_call(provider = "openai", request = body)]
/// async fn chat(body: &Value) -> Result<Value, std::io::Error> {
///     post(body).await
/// }
/// # drop(chat(&json!({"model": "gpt-4o"})));
/// ```
///
/// # What it goes on
///
/// `async fn`, `fn`, `fn -> impl Future`, `fn -> Pin<Box<dyn Future>>` however the future is made,
/// functions that return a stream, methods with any `self`, methods in `impl Trait for`, and
/// methods below `#[async_trait]`; with generics, lifetimes, `where`, patterns and `unsafe`.
///
/// Arguments are read when the function is called, before the body can move them. The span of a
/// future starts at its first poll: a future that is never polled makes none.
///
/// # Arguments
///
/// All are optional. An expression sees the function's arguments, and is not evaluated unless
/// someone listens.
///
/// | argument | what it takes |
/// |---|---|
/// | `operation` | what the call does, an `Operation` or its name: `"chat"` unless the request tells otherwise |
/// | `provider` | who is called, a `Provider` or its name, such as `"openai"` |
/// | `model` | the requested model, where the request does not tell it: a string, anything with `AsRef<str>` or `Display`, or an `Option` of one |
/// | `request` | the request, see below |
/// | `input`, `system`, `tools` | messages, instructions and tool definitions, where they are not part of `request`; the same types |
/// | `response` | a closure over the returned value, or the `Ok` of it, that finds the answer in it |
/// | `output` | such a closure that finds only the answer's text or messages |
/// | `server` | the URL or host that is called; the same types as `model` |
/// | `conversation` | the conversation's id; the same types as `model` |
/// | `mask_input`, `mask_output` | keeps the content of one side out of all telemetry; alone, or `= condition` |
/// | `error_type` | a closure over the error that says `error.type` in a word of few different values; asked for errors among a stream's items too, where they are written with the same type |
/// | `attributes(key = value, ..)` | attributes of your own: numbers, `bool`, strings, `Vec<String>`, `Display`, or an `Option` of one; the key is `dotted.words` or a string |
/// | `parent` | an OpenTelemetry `Context`, or a reference to one, to put the call's span below |
/// | `name` | the span's name, in place of the conventions' |
/// | `remote` | `remote = false` for a model that runs in this process: the span's kind is INTERNAL, not CLIENT |
/// | `nested` | `"merge"` (unless said) or `"separate"`, a `Nested`: whether a model call inside of another is the same one |
/// | `level` | the `tracing` level: `"info"` unless given, a number from 1 (error) to 5 (trace), or a path |
/// | `target` | the `tracing` target: the module's path unless given |
/// | `crate` | the path of this crate, where it has another name |
///
/// # What a request and an answer may be
///
/// That is found out by type, where the function stands; no bound is asked for. Of a type that is
/// none of these nothing is told, and that is no error. In generic code what the bounds say counts.
///
/// - `serde_json::Value`, and any `T: Serialize`, so the types of client crates and your own (feature `serde`);
/// - JSON as text or bytes: `&str`, `String`, `&[u8]`, `Vec<u8>`, `Bytes`; text that is no JSON is
///   the user's or the assistant's own;
/// - `http::Response<B>` of such a body, whose status counts (feature `http`); of a
///   `reqwest::Response` only the status and the host are known (features `reqwest-0-12`, `reqwest-0-13`);
/// - a type with `RecordRequest` or `RecordResponse`;
/// - a reference, `Option`, `Box`, `Rc`, `Arc` or `Cow` of one, and the `Ok` of a `Result`.
///
/// ```
/// use llm_trace::llm_call;
///
/// struct Reply { text: String, cached: bool }
///
/// #[llm_call(
///     provider = "anthropic",
///     model = model,
///     input = prompt,
///     output = |reply| &reply.text,
///     mask_input = !user.consents,
///     attributes(app.tier = &user.tier, app.cached = false),
/// )]
/// fn ask(model: Option<&str>, prompt: &str, user: &User) -> Result<Reply, std::io::Error> {
///     // ...
///     # let _ = model;
///     Ok(Reply { text: prompt.to_uppercase(), cached: false })
/// }
///
/// struct User { consents: bool, tier: String }
/// # let user = User { consents: true, tier: "gold".into() };
/// # assert!(!ask(Some("claude-sonnet-4-5"), "hi", &user).unwrap().cached);
/// ```
///
/// # Streams
///
/// A function may return `impl Stream`, or a boxed stream behind any alias, alone or in up to two
/// `Result`s and `Option`s. Each item is recorded on its way and passes untouched; the span stays
/// open until the stream ends or is dropped. An `impl Stream` is replaced by a wrapper that is
/// `Stream`, `FusedStream`, `Send`, `Sync` and `Unpin` where yours is; any other bound beside it is
/// an error.
///
/// A stream of a named type cannot be replaced, and its end cannot be seen. Wrap the one inside it with
/// `LlmCall::current().stream(..)`. Or keep `LlmCall::current()` in it: the call stays open as long as a
/// handle of it lives, and one that is told the end by `finish` or `fail` ends as it is told. Otherwise
/// the call's outcome is `unobserved`, which is told once: its span ends with the last handle, at the
/// function's return where none was kept, has no finish reason and no usage that nobody told, and is
/// in no metric of durations.
///
/// # What comes out
///
/// `async fn chat(body: &Value) -> Answer { BODY }` becomes, apart from names:
///
/// ```text
/// async fn chat(body: &Value) -> Answer {
///     let prepared = if enabled(Level::INFO) {
///         let mut setup = Setup::new(None, make_span!(target: module_path!(), level: Level::INFO, name: "chat"));
///         setup.provider("openai");
///         setup.request(/* what the type of `body` tells */);
///         setup.begin()
///     } else {
///         Prepared::disabled()
///     };
///     trace_future(prepared, async move { BODY }, |call, value| {
///         /* what the type of `value` tells ends the call */
///         value
///     }).await
/// }
/// ```
///
/// # Limits
///
/// - `#[instrument]` on the same function is an error: it would record the arguments with `Debug`,
///   past every mask.
/// - Below `#[async_trait]`, an argument that is a pattern has no name that the macro could see.
/// - The closures of `response`, `output` and `error_type` run after the body, which has moved what
///   it uses: let them look at their argument alone.
#[proc_macro_attribute]
pub fn llm_call(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::CALL, args, item)
}

/// Traces a tool that a model has called.
///
/// As [`llm_call`](macro@llm_call), with operation `execute_tool`, kind INTERNAL and the span's name
/// `execute_tool {name}`.
///
/// ```
/// use llm_trace::llm_tool;
/// use serde_json::{Value, json};
///
/// #[llm_tool(call_id = id, arguments = json!({"city": city}))]
/// async fn weather(id: &str, city: &str) -> Result<Value, std::io::Error> {
///     Ok(json!({"celsius": 4}))
/// }
/// # drop(weather("call_1", "Oslo"));
/// ```
///
/// | argument | what it takes |
/// |---|---|
/// | `name` | the tool's name, a text: the function's name unless given |
/// | `call_id` | the id that the model gave the call, a text |
/// | `type` | `function` (unless given), `extension` or `datastore` |
/// | `description` | what the tool is for; content of the input side |
/// | `arguments` | what the model gave it: what a request may be; content of the *output* side, for a model wrote it |
/// | `result` | a closure that finds the result in the returned value, which is the result unless given; content of the *input* side, for a model is going to read it |
/// | `mask_arguments`, `mask_result` | other words for `mask_output` and `mask_input` |
/// | `conversation`, `mask_input`, `mask_output`, `error_type`, `attributes`, `parent`, `level`, `target`, `crate` | as for `llm_call` |
///
/// A text argument takes a string, anything with `AsRef<str>` or `Display`, or an `Option` of one.
#[proc_macro_attribute]
pub fn llm_tool(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::TOOL, args, item)
}

/// Traces an agent's run, or its creation.
///
/// As [`llm_call`](macro@llm_call), with operation `invoke_agent` and the span's name `invoke_agent
/// {name}`. Its kind is INTERNAL; with a `provider` or a `server` the agent runs there, and it is
/// CLIENT.
///
/// ```
/// use llm_trace::llm_agent;
///
/// #[llm_agent(name = "researcher", input = question)]
/// async fn research(question: &str) -> Result<String, std::io::Error> {
///     // Calls models and tools, whose spans stand below this one.
///     Ok(String::from("42"))
/// }
/// # drop(research("why?"));
/// ```
///
/// | argument | what it takes |
/// |---|---|
/// | `name` | the agent's name, a text: the function's name unless given |
/// | `id`, `version` | the id and version of a hosted agent, texts |
/// | `description` | what the agent is for; content of the input side |
/// | `data_source` | what it searches, a text |
/// | `create` | alone: the function creates the agent, operation `create_agent` |
/// | `remote` | whether it runs in another process (CLIENT) or in this one (INTERNAL); alone, or `= condition` |
/// | `provider`, `model`, `request`, `input`, `system`, `tools`, `response`, `output`, `server`, `conversation`, `mask_input`, `mask_output`, `error_type`, `attributes`, `parent`, `level`, `target`, `crate` | as for `llm_call` |
///
/// What it is asked and what it returns may be of any type that is `Serialize`: what is no message
/// becomes the text of one. Tokens and costs are those of the calls below it, which count them.
#[proc_macro_attribute]
pub fn llm_agent(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::AGENT, args, item)
}

/// Traces a workflow: several agents or calls that one function orders.
///
/// As [`llm_call`](macro@llm_call), with operation `invoke_workflow`, kind INTERNAL and the span's
/// name `invoke_workflow {name}`.
///
/// ```
/// use llm_trace::llm_workflow;
///
/// #[llm_workflow(name = "triage", input = ticket)]
/// fn triage(ticket: &str) -> String {
///     format!("{ticket}: closed")
/// }
/// # triage("Printer on fire");
/// ```
///
/// | argument | what it takes |
/// |---|---|
/// | `name` | the workflow's name, a text: the function's name unless given |
/// | `input`, `output`, `conversation`, `mask_input`, `mask_output`, `error_type`, `attributes`, `parent`, `level`, `target`, `crate` | as for `llm_call` |
#[proc_macro_attribute]
pub fn llm_workflow(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::WORKFLOW, args, item)
}

/// Traces a search for documents.
///
/// As [`llm_call`](macro@llm_call), with operation `retrieval`, kind CLIENT and the span's name
/// `retrieval {data_source}`.
///
/// ```
/// use llm_trace::llm_retrieval;
/// use serde_json::{Value, json};
///
/// #[llm_retrieval(data_source = "handbook", query = question, top_k = 3)]
/// async fn search(question: &str) -> Result<Vec<Value>, std::io::Error> {
///     Ok(vec![json!({"id": "7", "score": 0.92, "content": "Holidays are …"})])
/// }
/// # drop(search("holidays"));
/// ```
///
/// | argument | what it takes |
/// |---|---|
/// | `query` | what is searched for; content of the input side |
/// | `data_source` | the id of what is searched, a text |
/// | `top_k` | how many documents are asked for, an integer |
/// | `documents` | a closure that finds the documents in the returned value; content of the output side |
/// | `mask_query`, `mask_documents` | other words for `mask_input` and `mask_output` |
/// | `remote` | `remote = false` for what is searched in this process (INTERNAL) |
/// | `provider`, `model`, `server`, `conversation`, `mask_input`, `mask_output`, `error_type`, `attributes`, `parent`, `level`, `target`, `crate` | as for `llm_call` |
///
/// Documents are a list of objects, alone or under a usual key (`documents`, `results`, `matches`,
/// …). The conventions want an `id` and a `score` in each; a tuple of a score, an id and a document
/// becomes such an object, and what else is no object its `content`.
#[proc_macro_attribute]
pub fn llm_retrieval(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::RETRIEVAL, args, item)
}

/// Traces a guardrail: a check of what goes to a model or comes from it.
///
/// The conventions have no word for it yet; the operation is `apply_guardrail`, and the span's name
/// `apply_guardrail {name}`. Its kind is INTERNAL, or CLIENT with a `provider` or a `server`.
///
/// ```
/// use llm_trace::llm_guardrail;
///
/// #[llm_guardrail(judged = text, decision = |secret| if *secret { "deny" } else { "allow" })]
/// fn holds_secrets(text: &str) -> bool {
///     text.contains("password")
/// }
/// # assert!(!holds_secrets("hello"));
/// ```
///
/// | argument | what it takes |
/// |---|---|
/// | `name` | the guardrail's name, a text: the function's name unless given |
/// | `judged` | what is judged: `llm_trace.guardrail.judged`; content, masked where *either* side is |
/// | `decided` | a closure that finds in the returned value what was decided, which is all of it unless given: `llm_trace.guardrail.decided`; content in the same way |
/// | `decision` | a closure over the returned value that says the decision in one word of few: `llm_trace.guardrail.decision`; no content |
/// | `remote`, `provider`, `model`, `server`, `conversation`, `mask_input`, `mask_output`, `error_type`, `attributes`, `parent`, `level`, `target`, `crate` | as for `llm_call` |
#[proc_macro_attribute]
pub fn llm_guardrail(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::GUARDRAIL, args, item)
}

fn traced(family: &'static family::Family, given: TokenStream, item: TokenStream) -> TokenStream {
    let written = proc_macro2::TokenStream::from(item.clone());
    let function = |input: ParseStream<'_>| function::Function::parse(family.name, input);
    let expanded = function.parse(item).and_then(|function| {
        let args = |input: ParseStream<'_>| args::Args::parse(family, input);
        expand::expand(&args.parse(given)?, &function)
    });
    expanded.unwrap_or_else(|error| function::as_written(&written, &error)).into()
}
