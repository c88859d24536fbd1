//! Values that a function learns while its call runs: a gateway knows after routing which provider it calls.

use super::handle::LlmCall;
use crate::model::{Operation, Provider};

/// These count for the call's metrics, events and span. The span has the values that were known at its start already:
/// one that was absent there is added; one that was there is replaced if a [`RedactProcessor`](crate::RedactProcessor)
/// stands before the exporter, as it does after [`init`](crate::export::init). Otherwise the span keeps the first value.
impl LlmCall {
    /// Sets the provider, where it is known only inside the function.
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
        if let Some(live) = &self.0 {
            live.set_provider(provider.into());
        }
        self
    }

    /// Sets the model that is asked: `gen_ai.request.model`.
    ///
    /// ```
    /// # use llm_trace::LlmCall;
    /// LlmCall::current().model("gpt-4o-mini");
    /// ```
    pub fn model(&self, model: impl AsRef<str>) -> &Self {
        if let Some(live) = &self.0 {
            live.set_model(model.as_ref());
        }
        self
    }

    /// Sets the URL or host that is called.
    ///
    /// ```
    /// # use llm_trace::LlmCall;
    /// LlmCall::current().server("https://api.openai.com/v1");
    /// ```
    pub fn server(&self, server: impl AsRef<str>) -> &Self {
        if let Some(live) = &self.0 {
            live.set_server(server.as_ref());
        }
        self
    }

    /// Sets the operation, where a function makes calls of several kinds. A model call can become another model call,
    /// such as `chat` or `embeddings`; any other change is ignored.
    ///
    /// ```
    /// # use llm_trace::{LlmCall, Operation};
    /// LlmCall::current().operation(Operation::Embeddings);
    /// ```
    pub fn operation(&self, operation: impl Into<Operation>) -> &Self {
        if let Some(live) = &self.0 {
            live.set_operation(operation.into());
        }
        self
    }

    /// Sets the HTTP status that was answered: of 400 and above, the call has failed. A later status replaces an
    /// earlier one, so that each attempt can set its own.
    ///
    /// ```
    /// # use llm_trace::LlmCall;
    /// # let status = http::StatusCode::TOO_MANY_REQUESTS;
    /// LlmCall::current().http_status(status.as_u16());
    /// ```
    pub fn http_status(&self, status: u16) -> &Self {
        if let Some(live) = &self.0
            && (100..1000).contains(&status)
        {
            live.set_http_status(status);
        }
        self
    }
}
