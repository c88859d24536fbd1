//! Calls that are built by hand.

mod operation_arguments;

use std::borrow::Cow;
use std::future::Future;

use crate::arguments::CallArguments;
use crate::arguments::captured_value::{CapturedValue, ProbedValue, SerializedRef};
use crate::call::{LlmCall, Prepared, trace_future};
use crate::capture::CallError;
use crate::model::{Operation, Provider};
use crate::semconv::AttributeValue;

/// Builds a call by hand, with the same lifecycle as a call of the macro. Run it around a closure or a future, or start
/// it and end it through its handle.
///
/// ```
/// use llm_trace::{LlmCall, Operation};
///
/// fn ask(prompt: &str) -> std::io::Result<String> {
///     let body = serde_json::json!({"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]});
///     LlmCall::builder(Operation::Chat).provider("openai").request(&body).try_run(|call| {
///         let answer = serde_json::json!({"id": "chatcmpl-1", "model": "gpt-4o"});
///         call.response(&answer);
///         Ok(answer.to_string())
///     })
/// }
/// # ask("hello").unwrap();
/// ```
///
/// A future, with attributes that the request does not contain and an explicit parent:
///
/// ```
/// use llm_trace::{LlmCall, Operation};
/// use opentelemetry::Context;
///
/// async fn embed(body: &[u8]) -> std::io::Result<Vec<f32>> {
///     LlmCall::builder(Operation::Embeddings)
///         .provider("openai")
///         .span_name("embed the corpus")
///         .server("https://api.openai.com")
///         .parent(Context::current())
///         .request_json(body)
///         .try_instrument(async {
///             // …
///             Ok(vec![0.1])
///         })
///         .await
/// }
/// # drop(embed(b"{}"));
/// ```
///
/// Agents, tools, memory, guardrails and messages of the Model Context Protocol have further attributes:
///
/// ```
/// use llm_trace::{LlmCall, Nested, Operation};
/// use serde_json::json;
///
/// LlmCall::builder(Operation::CreateAgent)
///     .provider("openai")
///     .agent("guide")
///     .agent_version("3")
///     .agent_description("Knows every city")
///     .nested(Nested::Separate)
///     .run(|call| { call.agent_id("asst_1"); });
/// LlmCall::builder(Operation::InvokeAgent).agent_id("asst_1").input("Where to?").run(|call| { call.answer("Oslo"); });
///
/// LlmCall::builder(Operation::ExecuteTool)
///     .tool("weather")
///     .tool_type("function")
///     .tool_description("The weather of a city")
///     .run(|call| { call.result("4 degrees"); });
///
/// LlmCall::builder(Operation::SearchMemory)
///     .memory_store("notes")
///     .memory_query("holidays")
///     .run(|call| { call.memories(&json!([{"id": "m1", "content": "likes the sea"}])); });
/// LlmCall::builder(Operation::UpdateMemory)
///     .memory_store("notes")
///     .memory_record("m1")
///     .memories(&json!([{"id": "m1", "content": "likes mountains"}]))
///     .run(|_| {});
///
/// LlmCall::builder(Operation::ApplyGuardrail)
///     .guardrail("no-secrets")
///     .judged("the answer")
///     .run(|call| { call.decision("deny").decided(&json!({"rule": 4})); });
///
/// LlmCall::builder(Operation::FetchResponse).provider("openai").response_id("resp_1").stream_cursor("42").run(|_| {});
///
/// LlmCall::builder(Operation::McpServer)
///     .method("resources/read")
///     .resource("file:///notes.md")
///     .mcp_session("s1")
///     .protocol_version("2025-06-18")
///     .transport("tcp")
///     .network_protocol("http")
///     .network_protocol_version("2")
///     .client_address("10.0.0.7")
///     .client_port(40312)
///     .run(|call| { call.rpc_status(-32002); });
/// ```
#[must_use = "a builder does nothing until you run, instrument or start it"]
pub struct CallBuilder<'a> {
    setup: CallArguments<'a>,
}

impl std::fmt::Debug for CallBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallBuilder").finish_non_exhaustive()
    }
}

impl<'a> CallBuilder<'a> {
    fn new(operation: Operation) -> Self {
        let make_span = crate::__make_span!(target: "llm_trace", level: tracing::Level::INFO, name: "llm_call");
        Self { setup: CallArguments::new(Some(operation), make_span) }
    }

    /// Sets the provider: `gen_ai.provider.name`.
    pub fn provider(mut self, provider: impl Into<Provider>) -> Self {
        self.setup.provider(provider);
        self
    }

    /// Sets `gen_ai.request.model`. It takes precedence over the model of the request.
    pub fn model(mut self, model: impl Into<Cow<'a, str>>) -> Self {
        self.setup.model(Some(model.into()));
        self
    }

    /// Sets the name of the span, in place of the conventions' `{operation} {model}`. The name of an agent or a tool is
    /// set by [`agent`](Self::agent) or [`tool`](Self::tool).
    pub fn span_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.setup.name(name);
        self
    }

    /// Sets the server, as a URL or host.
    pub fn server(mut self, server: impl Into<Cow<'a, str>>) -> Self {
        self.setup.server(Some(server.into()));
        self
    }

    /// Sets `gen_ai.conversation.id`.
    pub fn conversation(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.setup.conversation(Some(id.into()));
        self
    }

    /// Sets the parent of the call's span: an OpenTelemetry context or a reference to one.
    #[cfg(feature = "otel")]
    pub fn parent(mut self, parent: impl std::borrow::Borrow<opentelemetry::Context>) -> Self {
        self.setup.parent(parent);
        self
    }

    /// Sets how this call nests with other model calls. See [`Nested`](crate::Nested).
    pub fn nested(mut self, nested: crate::model::Nested) -> Self {
        self.setup.nested(nested);
        self
    }

    /// Masks the call's input.
    pub fn mask_input(mut self, mask: bool) -> Self {
        self.setup.mask_input(mask);
        self
    }

    /// Masks the call's output.
    pub fn mask_output(mut self, mask: bool) -> Self {
        self.setup.mask_output(mask);
        self
    }

    /// Adds a custom attribute.
    pub fn attribute(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> Self {
        self.setup.attribute(key, value.into());
        self
    }

    /// Sets the request: a `serde_json::Value`, JSON text, or any `T: Serialize`.
    pub fn request<T: serde::Serialize + ?Sized>(mut self, request: &'a T) -> Self {
        self.setup.request(ProbedValue(CapturedValue::Owned(Box::new(SerializedRef(request)))));
        self
    }

    /// Sets the request as JSON text.
    pub fn request_json(mut self, json: &'a [u8]) -> Self {
        self.setup.request(ProbedValue(CapturedValue::Bytes(json)));
        self
    }

    fn enabled() -> bool {
        crate::__private::enabled(tracing::Level::INFO)
    }

    /// Starts the call. It ends with [`LlmCall::finish`] or [`LlmCall::fail`], or when the last clone of the handle is
    /// dropped.
    #[must_use = "a handle that is dropped ends the call"]
    pub fn start(self) -> LlmCall {
        if Self::enabled() { self.setup.start() } else { LlmCall::disabled() }
    }

    /// Runs `f` as the call. The call ends when `f` returns or panics.
    pub fn run<R>(self, f: impl FnOnce(&LlmCall) -> R) -> R {
        let call = self.start();
        let result = call.run(|| f(&call));
        call.finish();
        result
    }

    /// Runs `f` as the call. An `Err` ends the call with that error.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`.
    pub fn try_run<T, E, Kind>(self, f: impl FnOnce(&LlmCall) -> Result<T, E>) -> Result<T, E>
    where
        E: CallError<Kind>,
    {
        let call = self.start();
        let result = call.run(|| f(&call));
        end(call, &result);
        result
    }

    /// Instruments a future with the call. The span starts at the first poll and ends when the future completes, panics
    /// or is dropped. Inside the future, [`LlmCall::current`] returns the call.
    pub fn instrument<F: Future>(self, future: F) -> impl Future<Output = F::Output> + use<F> {
        trace_future(self.prepare(), future, |call, output| {
            call.finish();
            output
        })
    }

    /// Like [`instrument`](Self::instrument); an `Err` ends the call with that error.
    pub fn try_instrument<F, T, E, Kind>(self, future: F) -> impl Future<Output = Result<T, E>> + use<F, T, E, Kind>
    where
        F: Future<Output = Result<T, E>>,
        E: CallError<Kind>,
    {
        trace_future(self.prepare(), future, |call, output| {
            end(call, &output);
            output
        })
    }

    fn prepare(self) -> Prepared {
        if Self::enabled() { self.setup.prepare() } else { Prepared::disabled() }
    }
}

fn end<T, E: CallError<Kind>, Kind>(call: LlmCall, result: &Result<T, E>) {
    match result {
        Ok(_) => call.finish(),
        Err(error) => call.fail(error),
    }
}

impl LlmCall {
    /// Builds a call by hand. See [`CallBuilder`].
    pub fn builder<'a>(operation: impl Into<Operation>) -> CallBuilder<'a> {
        CallBuilder::new(operation.into())
    }

    /// Ends the call. Further calls of `finish` or `fail` have no effect.
    ///
    /// If chunks were recorded, the outcome is that of their stream: `truncated` without an end mark.
    pub fn finish(&self) {
        if let Some(active) = self.active() {
            active.finish();
        }
    }

    /// Ends the call with an error. The HTTP status and the provider's code are read from the error and its sources.
    ///
    /// ```
    /// # use llm_trace::{LlmCall, Operation};
    /// let call = LlmCall::builder(Operation::Chat).provider("openai").start();
    /// call.fail(&std::io::Error::other("connection reset"));
    /// ```
    pub fn fail<Kind>(&self, error: &impl CallError<Kind>) {
        if self.is_enabled() {
            error.read(|error| self.clone().finish_err(error));
        }
    }

    /// Records one chunk of a streamed response, for example in a callback or a blocking iterator: an event, a text
    /// delta, or a piece of the stream's text.
    ///
    /// ```
    /// # use llm_trace::{LlmCall, Operation};
    /// let call = LlmCall::builder(Operation::Chat).provider("openai").start();
    /// for delta in ["Hello", " there"] {
    ///     call.chunk(delta);
    /// }
    /// call.finish();
    /// ```
    pub fn chunk<T: serde::Serialize + ?Sized>(&self, chunk: &T) -> &Self {
        if let Some(active) = self.active() {
            active.chunk_of(&SerializedRef(chunk));
        }
        self
    }

    /// Records bytes of a streamed response, split at any position.
    ///
    /// ```
    /// # use llm_trace::{LlmCall, Operation};
    /// let call = LlmCall::builder(Operation::Chat).provider("openai").start();
    /// for piece in ["data: {\"choices\": [{\"del", "ta\": {\"content\": \"Hi\"}}]}\n\n", "data: [DONE]\n\n"] {
    ///     call.chunk_bytes(piece);
    /// }
    /// call.finish();
    /// ```
    pub fn chunk_bytes(&self, bytes: impl AsRef<[u8]>) -> &Self {
        if let Some(active) = self.active() {
            active.chunk(CapturedValue::Bytes(bytes.as_ref()));
        }
        self
    }
}
