//! Values that become known while a call runs. A gateway, for example, knows the provider after routing.

use crate::call::handle::LlmCall;
use crate::model::{Operation, Provider};

/// Metrics and events use the last value. On the span, a value that was unset at the start is added. A value that was
/// set at the start is replaced only if a [`RedactProcessor`](crate::RedactProcessor) runs before the exporter, as
/// after [`init`](crate::export::init).
impl LlmCall {
    /// Sets the provider, if it is known only inside the function.
    ///
    /// ```
    /// use llm_trace::{LlmCall, llm_call};
    ///
    /// #[llm_call(model = alias)]
    /// fn route(alias: &str) {
    ///     let (provider, model) = alias.split_once('/').unwrap_or(("openai", alias));
    ///     LlmCall::current().provider(provider).model(model);
    ///     // …
    /// }
    /// # route("anthropic/claude-sonnet-4-5");
    /// ```
    pub fn provider(&self, provider: impl Into<Provider>) -> &Self {
        if let Some(active) = &self.0 {
            active.set_provider(provider.into());
        }
        self
    }

    /// Sets the requested model: `gen_ai.request.model`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, llm_call};
    ///
    /// #[llm_call(provider = "openai")]
    /// fn chat(prompt: &str) {
    ///     LlmCall::current().model(if prompt.len() < 200 { "gpt-4o-mini" } else { "gpt-4o" });
    ///     // …
    /// }
    /// # chat("hello");
    /// ```
    pub fn model(&self, model: impl AsRef<str>) -> &Self {
        if let Some(active) = &self.0 {
            active.set_model(model.as_ref());
        }
        self
    }

    /// Sets the server, as a URL or host.
    ///
    /// ```
    /// use llm_trace::{LlmCall, llm_call};
    ///
    /// #[llm_call(provider = "openai", model = "gpt-4o")]
    /// fn chat(servers: &[String], attempt: usize) {
    ///     if let Some(url) = servers.get(attempt % servers.len().max(1)) {
    ///         LlmCall::current().server(url.as_str());
    ///     }
    ///     // …
    /// }
    /// # chat(&["https://api.openai.com/v1".to_owned()], 0);
    /// ```
    pub fn server(&self, server: impl AsRef<str>) -> &Self {
        if let Some(active) = &self.0 {
            active.set_server(server.as_ref());
        }
        self
    }

    /// Sets the operation, for a function that makes several kinds of calls. A model call can change to another model
    /// call such as `chat` or `embeddings`. Any other change is ignored.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation, llm_call};
    ///
    /// #[llm_call(provider = "openai")]
    /// fn forward(path: &str) {
    ///     if path.ends_with("/embeddings") {
    ///         LlmCall::current().operation(Operation::Embeddings);
    ///     }
    ///     // …
    /// }
    /// # forward("/v1/embeddings");
    /// ```
    pub fn operation(&self, operation: impl Into<Operation>) -> &Self {
        if let Some(active) = &self.0 {
            active.set_operation(operation.into());
        }
        self
    }

    /// Sets the HTTP status of the response. A status of 400 or above means that the call failed. A later status
    /// replaces an earlier one, so each attempt can set its own.
    ///
    /// ```
    /// use llm_trace::{LlmCall, llm_call};
    ///
    /// # fn send() -> (u16, String) { (429, String::new()) }
    /// #[llm_call(provider = "openai", model = "gpt-4o")]
    /// fn chat() -> Option<String> {
    ///     let (status, answer) = send();
    ///     LlmCall::current().http_status(status);
    ///     (status < 400).then_some(answer)
    /// }
    /// # chat();
    /// ```
    pub fn http_status(&self, status: u16) -> &Self {
        if let Some(active) = &self.0
            && (100..1000).contains(&status)
        {
            active.set_http_status(status);
        }
        self
    }
}
