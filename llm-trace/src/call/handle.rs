//! The handle of a call.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::arguments::captured_value::{CapturedValue, ProbedValue, SerializedRef};
use crate::call::lifecycle::{ActiveCall, EnteredCall};
use crate::model::Outcome;
use crate::semconv::AttributeValue;

/// A handle to an LLM call, used inside the function that makes it.
///
/// [`LlmCall::current`] returns the current call, inside any number of nested spans. Outside of a call, or without a
/// subscriber that records it, all methods do nothing.
///
/// While a clone exists, also in another task, the call stays open after its function has returned. [`finish`](Self::finish)
/// or [`fail`](Self::fail) ends it at once. After its end, a call records nothing, and its masks still apply inside it.
///
/// ```
/// use llm_trace::{LlmCall, llm_call};
///
/// #[llm_call(provider = "openai", model = "gpt-4o")]
/// fn chat(prompt: &str) -> usize {
///     LlmCall::current().attribute("app.prompt_version", 3).mask_input(true);
///     prompt.len()
/// }
/// # chat("hello");
/// ```
#[derive(Default)]
pub struct LlmCall(pub(super) Option<Arc<ActiveCall>>);

impl Clone for LlmCall {
    fn clone(&self) -> Self {
        LlmCall::holding(self.0.clone())
    }
}

impl Drop for LlmCall {
    fn drop(&mut self) {
        if let Some(active) = &self.0 {
            active.release();
        }
    }
}

impl fmt::Debug for LlmCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmCall").field("enabled", &self.is_enabled()).finish_non_exhaustive()
    }
}

impl LlmCall {
    /// Returns the current call, or a handle that does nothing.
    pub fn current() -> LlmCall {
        LlmCall::holding(ActiveCall::current())
    }

    /// Returns a handle that does nothing.
    ///
    /// ```
    /// # use llm_trace::LlmCall;
    /// assert!(!LlmCall::disabled().is_enabled());
    /// ```
    #[inline]
    pub fn disabled() -> LlmCall {
        LlmCall(None)
    }

    pub(crate) fn from_active(active: Option<Arc<ActiveCall>>) -> LlmCall {
        LlmCall::holding(active.map(ActiveCall::register))
    }

    /// Counts a handle: a call whose function has returned stays open while a handle exists.
    fn holding(active: Option<Arc<ActiveCall>>) -> LlmCall {
        if let Some(active) = &active {
            active.retain();
        }
        LlmCall(active)
    }

    pub(crate) fn active(&self) -> Option<&Arc<ActiveCall>> {
        self.0.as_ref()
    }

    /// Whether the call is recorded.
    pub fn is_enabled(&self) -> bool {
        self.0.is_some()
    }

    /// Sets an attribute on the call's span. A later value for the same key replaces an earlier one.
    ///
    /// ```
    /// use llm_trace::{LlmCall, llm_call};
    ///
    /// #[llm_call(provider = "openai", model = "gpt-4o")]
    /// fn chat(prompt: &str, tier: &'static str) {
    ///     LlmCall::current().attribute("app.tier", tier).attribute("app.prompt_version", 3);
    ///     // …
    /// }
    /// # chat("hello", "gold");
    /// ```
    pub fn attribute(&self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> &Self {
        if let Some(active) = &self.0 {
            active.attribute(key.into(), value.into());
        }
        self
    }

    /// Masks the call's input, including input recorded before. A mask cannot be removed; `false` changes nothing.
    pub fn mask_input(&self, mask: bool) -> &Self {
        if let Some(active) = &self.0 {
            active.mask(mask, false);
        }
        self
    }

    /// Masks the call's output, including output recorded before. A mask cannot be removed; `false` changes nothing.
    pub fn mask_output(&self, mask: bool) -> &Self {
        if let Some(active) = &self.0 {
            active.mask(false, mask);
        }
        self
    }

    /// Records token counts, if no response contains them.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Usage, llm_call};
    ///
    /// #[llm_call(provider = "local", model = "llama-3.2")]
    /// fn generate(tokens: &[u32]) -> Vec<u32> {
    ///     let output = vec![0; 3]; // from the model
    ///     let usage = Usage::new().input_tokens(tokens.len() as i64).output_tokens(output.len() as i64);
    ///     LlmCall::current().usage(usage);
    ///     output
    /// }
    /// # generate(&[1, 2]);
    /// ```
    #[cfg(feature = "fields")]
    pub fn usage(&self, usage: crate::Usage) -> &Self {
        if let Some(active) = &self.0 {
            active.usage(usage);
        }
        self
    }

    /// Records the request: a `serde_json::Value`, JSON text, or any `T: Serialize`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, llm_call};
    ///
    /// #[llm_call(provider = "openai")]
    /// fn chat(prompt: &str) {
    ///     let body = serde_json::json!({"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]});
    ///     LlmCall::current().request(&body);
    ///     // … send the body
    /// }
    /// # chat("hello");
    /// ```
    pub fn request<T: serde::Serialize + ?Sized>(&self, request: &T) -> &Self {
        if let Some(active) = &self.0 {
            active.request(&CapturedValue::Document(&SerializedRef(request)));
        }
        self
    }

    /// Records the request from JSON text.
    ///
    /// ```
    /// use llm_trace::{LlmCall, llm_call};
    ///
    /// # fn send(_: &str) -> Vec<u8> { br#"{"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06"}"#.to_vec() }
    /// #[llm_call(provider = "openai")]
    /// fn forward(body: &str) -> Vec<u8> {
    ///     let answer = send(body);
    ///     LlmCall::current().request_json(body).response_json(&answer);
    ///     answer
    /// }
    /// # forward(r#"{"model": "gpt-4o", "messages": []}"#);
    /// ```
    pub fn request_json(&self, json: impl AsRef<[u8]>) -> &Self {
        if let Some(active) = &self.0 {
            active.request(&CapturedValue::Bytes(json.as_ref()));
        }
        self
    }

    /// Records the response: a `serde_json::Value`, JSON text, or any `T: Serialize`.
    ///
    /// The function's return value is then not read.
    pub fn response<T: serde::Serialize + ?Sized>(&self, response: &T) -> &Self {
        if let Some(active) = &self.0 {
            active.response(&CapturedValue::Document(&SerializedRef(response)));
        }
        self
    }

    /// Records the response from JSON text.
    pub fn response_json(&self, json: impl AsRef<[u8]>) -> &Self {
        if let Some(active) = &self.0 {
            active.response(&CapturedValue::Bytes(json.as_ref()));
        }
        self
    }

    /// Returns a reference that outlives the call. See [`CallRef`](crate::CallRef). First taken after the end of the call,
    /// it has no response id.
    #[cfg(feature = "otel")]
    pub fn reference(&self) -> crate::CallRef {
        self.0.as_ref().map(|active| active.reference()).unwrap_or_default()
    }

    /// Records a failed attempt that will be repeated, as a span event with its error type.
    ///
    /// ```
    /// use llm_trace::{LlmCall, llm_call};
    ///
    /// # fn send() -> std::io::Result<()> { Ok(()) }
    /// #[llm_call(provider = "openai", model = "gpt-4o")]
    /// fn patient() -> std::io::Result<()> {
    ///     for _ in 0..2 {
    ///         match send() {
    ///             Err(error) if error.kind() == std::io::ErrorKind::TimedOut => LlmCall::current().attempt("timeout"),
    ///             result => return result,
    ///         };
    ///     }
    ///     send()
    /// }
    /// # patient().unwrap();
    /// ```
    pub fn attempt(&self, error_type: impl Into<Cow<'static, str>>) -> &Self {
        if let Some(active) = &self.0 {
            active.attempt(error_type.into());
        }
        self
    }

    /// Runs `f` as a part of the call: spans created in `f` are children of the call's span. A panic ends the call.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Running<'c>(&'c LlmCall, bool);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.set_running(false);
                if self.1 {
                    self.0.give_up(Outcome::Panicked);
                }
            }
        }
        self.set_running(true);
        let mut unwinding = Running(self, true);
        let result = {
            let _entered = self.enter();
            f()
        };
        unwinding.1 = false;
        result
    }

    /// Polls a part of the call inside its span. If a poll panics, the outcome is a panic, even if the panic is caught
    /// and the future is polled again.
    pub(crate) fn poll<R>(&self, poll: impl FnOnce() -> R) -> R {
        struct Unwinding<'c>(Option<&'c Arc<ActiveCall>>);
        impl Drop for Unwinding<'_> {
            fn drop(&mut self) {
                if let Some(active) = self.0 {
                    active.set_panicked();
                }
            }
        }
        let mut unwinding = Unwinding(self.0.as_ref());
        let result = {
            let _entered = self.enter();
            poll()
        };
        unwinding.0 = None;
        result
    }

    /// Enters the call's span.
    #[doc(hidden)]
    pub fn enter(&self) -> Option<EnteredCall<'_>> {
        self.0.as_ref().and_then(ActiveCall::enter)
    }

    /// Marks the call's function as running or not: a stream that is read inside it does not end the call.
    pub(super) fn set_running(&self, running: bool) {
        if let Some(active) = &self.0 {
            active.set_running(running);
        }
    }

    /// Ends the call with a value, unless another handle exists.
    #[doc(hidden)]
    pub fn finish_ok(self, value: ProbedValue<'_>, type_name: &'static str) {
        if let Some(active) = &self.0 {
            active.finish_ok(value.0, type_name);
        }
    }

    /// Ends the call with an error.
    #[doc(hidden)]
    pub fn finish_err(self, error: ProbedValue<'_>) {
        if let Some(active) = &self.0 {
            active.finish_err(error.0);
        }
    }

    /// Overrides `error.type`. Call it before [`finish_err`](Self::finish_err).
    #[doc(hidden)]
    pub fn error_type(&self, error_type: impl Into<Cow<'static, str>>) {
        if let Some(active) = &self.0 {
            active.error_type(error_type.into());
        }
    }

    /// Records the text of the response, from the macro's `output`.
    #[doc(hidden)]
    pub fn output(&self, output: ProbedValue<'_>) {
        if let Some(active) = &self.0 {
            active.output(&output.0);
        }
    }

    /// Records the response, from the macro's `response`.
    #[doc(hidden)]
    pub fn observe(&self, response: ProbedValue<'_>) {
        if let Some(active) = &self.0 {
            active.response(&response.0);
        }
    }

    /// Marks the end of the response as not observable. The call stays open while another handle exists, and ends as
    /// unobserved unless that handle ends it. Without another handle, a warning is logged once.
    pub(crate) fn unobserved(&self, is_stream: bool, what: &'static str) {
        if let Some(active) = &self.0
            && active.leave_unobserved(is_stream)
            && active.has_one_handle()
        {
            crate::diag::warn_once(what, what);
        }
    }

    pub(crate) fn give_up(&self, outcome: Outcome) {
        if let Some(active) = &self.0 {
            active.finish_as(outcome);
        }
    }
}
