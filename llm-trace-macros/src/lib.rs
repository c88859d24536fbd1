//! The attribute macros of `llm-trace`. Use them through that crate.
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
/// The macro records one span that follows the GenAI semantic conventions. The span starts with the call and ends with
/// it: on a value, an error, the end of a stream, a drop, a cancelled task or a panic. The function keeps its
/// signature, its return value, its borrows, and its future stays `Send` if it was. If no subscriber is interested, the
/// cost is one check. A subscriber without `llm_trace::layer()` that takes the level, such as `fmt` at `info`, costs a few
/// microseconds, and prints the span on each line inside the call: a library can set `level = "debug"`.
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
/// # Supported functions
///
/// `async fn`, `fn`, `fn -> impl Future`, `fn -> Pin<Box<dyn Future>>` (however the future is built), functions that
/// return a stream, methods with any `self`, methods in `impl Trait for`, and methods under `#[async_trait]`. Generics,
/// lifetimes, `where` clauses, argument patterns and `unsafe` are supported.
///
/// Arguments are read before the body can move them: at the call of a function that is not `async`, at the first poll of
/// an `async fn`. The scope that is current then applies. The span of a future starts at the
/// first poll: a future that is never polled records no span.
///
/// # Arguments
///
/// All arguments are optional. An expression can use the function's arguments. It is evaluated only if a subscriber is
/// interested in the span.
///
/// | argument | value |
/// |---|---|
/// | `operation` | the operation, an `Operation` or its name; by default derived from the request, or `"chat"` |
/// | `provider` | the provider, a `Provider` or its name, such as `"openai"` |
/// | `model` | the requested model, which takes precedence over the request's: a string, any `AsRef<str>` or `Display`, or an `Option` of one |
/// | `request` | the request, see below |
/// | `input`, `system`, `tools` | messages, instructions and tool definitions, if they are not part of `request`; the same types |
/// | `response` | a closure that selects the response from the returned value (or its `Ok`) |
/// | `output` | a closure that selects only the response's text or messages |
/// | `server` | the URL or host that is called; the same types as `model` |
/// | `conversation` | the conversation's id; the same types as `model` |
/// | `mask_input`, `mask_output` | masks the content of one side in all telemetry; without a value, or `= condition` |
/// | `error_type` | a closure that maps the error to a low-cardinality `error.type`; also applied to errors among a stream's items if they are written with the same type |
/// | `attributes(key = value, ..)` | custom attributes: numbers, `bool`, strings, `Vec<String>`, `Display`, or an `Option` of one; the key is `dotted.words` or a string |
/// | `parent` | an OpenTelemetry `Context`, or a reference to one, that becomes the parent of the call's span |
/// | `name` | the span's name, instead of the name that the conventions define |
/// | `remote` | `remote = false` for a model that runs in this process: the span's kind is INTERNAL instead of CLIENT |
/// | `nested` | a `Nested`, `"merge"` (default) or `"separate"`: whether a call inside another model call is merged into it |
/// | `level` | the `tracing` level: `"info"` by default, a number from 1 (error) to 5 (trace), or a path |
/// | `target` | the `tracing` target: the module's path by default |
/// | `crate` | the path of the `llm_trace` crate, if it is renamed |
///
/// # Request and response types
///
/// The macro selects the reader by the expression's type and requires no trait bound. A value of any other type is not
/// an error: nothing is recorded from it. In generic code only the bounds count.
///
/// - `serde_json::Value`, and any `T: Serialize`, which includes the types of client crates and your own;
/// - JSON as text or bytes: `&str`, `String`, `&[u8]`, `Vec<u8>`, `Bytes`; text that is not JSON is recorded as a user
///   or assistant message;
/// - `http::Response<B>` with such a body, including its status (feature `http`); from a `reqwest::Response` only the
///   status and the host are read (features `reqwest-0-12`, `reqwest-0-13`);
/// - a type that implements `RecordRequest` or `RecordResponse`;
/// - a reference, `Option`, `Box`, `Rc`, `Arc` or `Cow` of one of these, and the `Ok` of a `Result`.
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
/// A function can return `impl Stream`, or a boxed stream behind any alias, alone or in up to two `Result`s and
/// `Option`s. Each item is recorded and passed on unchanged. The span stays open until the stream ends or is dropped.
/// An `impl Stream` is replaced by a wrapper that is `Stream`, `FusedStream`, `Send`, `Sync` and `Unpin` if the
/// original is; any other bound on it is a compile error.
///
/// A stream of a named type cannot be replaced, so its end is not visible. Wrap the inner stream with
/// `LlmCall::current().stream(..)`, or keep `LlmCall::current()` in the type: the call stays open while a handle
/// exists, and `finish` or `fail` on the handle sets the outcome. Otherwise the outcome is `unobserved` and a warning
/// is logged once: the span ends with the last handle (or when the function returns), has no finish reason and no usage
/// unless you recorded them, and is excluded from duration metrics.
///
/// # Expansion
///
/// `async fn chat(body: &Value) -> Answer { BODY }` expands to the following, with simplified names:
///
/// ```text
/// async fn chat(body: &Value) -> Answer {
///     let prepared = if enabled(Level::INFO) {
///         let mut setup = CallArguments::new(None, make_span!(target: module_path!(), level: Level::INFO, name: "chat"));
///         setup.provider("openai");
///         setup.request(/* read by the type of `body` */);
///         setup.begin()
///     } else {
///         Prepared::disabled()
///     };
///     trace_future(prepared, async move { BODY }, |call, value| {
///         /* reads `value` by its type and ends the call */
///         value
///     }).await
/// }
/// ```
///
/// # Limitations
///
/// - `#[instrument]` on the same function is an error: it would record the arguments with `Debug` and bypass every
///   mask.
/// - Under `#[async_trait]` an argument pattern has no name, so the macro cannot use that argument.
/// - The closures of `response`, `output` and `error_type` run after the body has moved the function's arguments. They
///   can use only their own argument.
#[proc_macro_attribute]
pub fn llm_call(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::CALL, args, item)
}

/// Traces a tool that a model called.
///
/// Like [`llm_call`](macro@llm_call), with operation `execute_tool`, kind INTERNAL and the span name `execute_tool
/// {name}`.
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
/// | argument | value |
/// |---|---|
/// | `name` | the tool's name, text: the function's name by default |
/// | `call_id` | the id that the model assigned to the call, text |
/// | `type` | `function` (default), `extension` or `datastore` |
/// | `description` | the tool's description; input content |
/// | `arguments` | the arguments that the model generated, of any type that a request can have; *output* content, because a model wrote them |
/// | `result` | a closure that selects the result from the returned value: the whole value by default; *input* content, because a model will read it |
/// | `failed` | a closure that tests whether the returned value reports a failure (`answer.is_error`): the span is then an error of type `tool_error` |
/// | `mask_arguments`, `mask_result` | synonyms of `mask_output` and `mask_input`; they mask this span only, see below |
/// | `conversation`, `mask_input`, `mask_output`, `error_type`, `attributes`, `parent`, `level`, `target`, `crate` | as for `llm_call` |
///
/// A text argument is a string, any `AsRef<str>` or `Display`, or an `Option` of one.
///
/// The model calls around a tool have the same texts: the response that asked for it has its arguments, the next request
/// its result, and the error of the tool can be in the status of an agent. To mask them there, run the agent in a scope
/// with both masks, or scrub texts of the kinds `Arguments`, `ToolResult` and `Error` by `Policy::scrub`.
#[proc_macro_attribute]
pub fn llm_tool(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::TOOL, args, item)
}

/// Traces the run or the creation of an agent.
///
/// Like [`llm_call`](macro@llm_call), with operation `invoke_agent` and the span name `invoke_agent {name}`. The span's
/// kind is CLIENT if a `provider` or a `server` is set, because the agent then runs there, and INTERNAL otherwise.
///
/// ```
/// use llm_trace::llm_agent;
///
/// #[llm_agent(name = "researcher", input = question)]
/// async fn research(question: &str) -> Result<String, std::io::Error> {
///     // Calls models and tools: their spans are children of this one.
///     Ok(String::from("42"))
/// }
/// # drop(research("why?"));
/// ```
///
/// | argument | value |
/// |---|---|
/// | `name` | the agent's name, text: the function's name by default |
/// | `id`, `version` | the id and version of a hosted agent, text |
/// | `description` | the agent's description; input content |
/// | `data_source` | the id of the data source that it searches, text |
/// | `create` | the function creates the agent: operation `create_agent`; takes no value |
/// | `remote` | whether the agent runs in another process (CLIENT) or in this one (INTERNAL); without a value, or `= condition` |
/// | `provider`, `model`, `request`, `input`, `system`, `tools`, `response`, `output`, `server`, `conversation`, `mask_input`, `mask_output`, `error_type`, `attributes`, `parent`, `level`, `target`, `crate` | as for `llm_call` |
///
/// The input and the returned value can be of any `Serialize` type: a value that is not a message is recorded as the
/// text of one. An agent's tokens and costs are those of its model calls and are counted there.
#[proc_macro_attribute]
pub fn llm_agent(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::AGENT, args, item)
}

/// Traces a workflow: several agents or calls that one function coordinates.
///
/// Like [`llm_call`](macro@llm_call), with operation `invoke_workflow`, kind INTERNAL and the span name
/// `invoke_workflow {name}`.
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
/// | argument | value |
/// |---|---|
/// | `name` | the workflow's name, text: the function's name by default |
/// | `input`, `output`, `conversation`, `mask_input`, `mask_output`, `error_type`, `attributes`, `parent`, `level`, `target`, `crate` | as for `llm_call` |
#[proc_macro_attribute]
pub fn llm_workflow(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::WORKFLOW, args, item)
}

/// Traces a document search.
///
/// Like [`llm_call`](macro@llm_call), with operation `retrieval`, kind CLIENT and the span name `retrieval
/// {data_source}`.
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
/// | argument | value |
/// |---|---|
/// | `query` | the search query; input content |
/// | `data_source` | the id of the data source, text |
/// | `top_k` | the number of documents requested, an integer |
/// | `documents` | a closure that selects the documents from the returned value; output content |
/// | `mask_query`, `mask_documents` | synonyms of `mask_input` and `mask_output` |
/// | `remote` | `remote = false` for a search in this process (INTERNAL) |
/// | `provider`, `model`, `server`, `conversation`, `mask_input`, `mask_output`, `error_type`, `attributes`, `parent`, `level`, `target`, `crate` | as for `llm_call` |
///
/// Documents are a list of objects, alone or under a common key (`documents`, `results`, `matches`, …). The conventions
/// require an `id` and a `score` in each. A tuple of a score, an id and a document becomes such an object; any other
/// value becomes the object's `content`.
#[proc_macro_attribute]
pub fn llm_retrieval(args: TokenStream, item: TokenStream) -> TokenStream {
    traced(&family::RETRIEVAL, args, item)
}

/// Traces a guardrail: a check of a model's input or output.
///
/// The conventions do not define this operation yet. The operation is `apply_guardrail` and the span name
/// `apply_guardrail {name}`. The span's kind is CLIENT if a `provider` or a `server` is set, and INTERNAL otherwise.
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
/// | argument | value |
/// |---|---|
/// | `name` | the guardrail's name, text: the function's name by default |
/// | `judged` | the value that is checked: `llm_trace.guardrail.judged`; content, masked if *either* side is masked |
/// | `decided` | a closure that selects the result from the returned value, by default the whole value: `llm_trace.guardrail.decided`; content, masked the same way |
/// | `decision` | a closure that maps the returned value to a low-cardinality decision: `llm_trace.guardrail.decision`; not content |
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
