//! The handle of a call.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::active_call::{ActiveCall, EnteredCall};
#[cfg(feature = "serde")]
use super::captured_value::CapturedValue;
use super::captured_value::ProbedValue;
use crate::model::Outcome;
use crate::semconv::AttributeValue;
use crate::semconv::value::Maybe;

/// One LLM call, from inside the function that makes it.
///
/// [`LlmCall::current`] gives the call that runs now, below any number of nested spans. Outside a
/// call, and where nobody listens, every method does nothing.
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
        if let Some(live) = &self.0 {
            live.let_go();
        }
    }
}

impl fmt::Debug for LlmCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmCall").field("enabled", &self.is_enabled()).finish_non_exhaustive()
    }
}

impl LlmCall {
    /// The call that runs now, or a handle that does nothing.
    pub fn current() -> LlmCall {
        LlmCall::holding(ActiveCall::current())
    }

    /// A handle that does nothing.
    ///
    /// ```
    /// # use llm_trace::LlmCall;
    /// assert!(!LlmCall::disabled().is_enabled());
    /// ```
    #[inline]
    pub fn disabled() -> LlmCall {
        LlmCall(None)
    }

    pub(crate) fn from_live(live: Option<ActiveCall>) -> LlmCall {
        LlmCall::holding(live.map(ActiveCall::register))
    }

    /// Every handle counts: a call whose function has returned is open as long as there is one.
    fn holding(live: Option<Arc<ActiveCall>>) -> LlmCall {
        if let Some(live) = &live {
            live.hold();
        }
        LlmCall(live)
    }

    pub(crate) fn live(&self) -> Option<&Arc<ActiveCall>> {
        self.0.as_ref()
    }

    /// Whether anyone sees what is recorded here.
    pub fn is_enabled(&self) -> bool {
        self.0.is_some()
    }

    /// Sets an attribute on the call's span. The last value of a key counts; `None` sets nothing.
    ///
    /// ```
    /// # use llm_trace::LlmCall;
    /// LlmCall::current().attribute("app.tier", "gold").attribute("app.retries", 2);
    /// ```
    pub fn attribute(&self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> &Self {
        if let Some(live) = &self.0 {
            let Maybe(value) = Maybe(Some(value.into()));
            if let Some(value) = value {
                live.attribute(key.into(), value);
            }
        }
        self
    }

    /// Masks the call's input: from now on, and in what was recorded before. It cannot be undone.
    pub fn mask_input(&self, mask: bool) -> &Self {
        if let Some(live) = &self.0 {
            live.mask(mask, false);
        }
        self
    }

    /// Masks the call's output: from now on, and in what was recorded before. It cannot be undone.
    pub fn mask_output(&self, mask: bool) -> &Self {
        if let Some(live) = &self.0 {
            live.mask(false, mask);
        }
        self
    }

    /// Records the token counts, where no answer tells them.
    ///
    /// ```
    /// # use llm_trace::{LlmCall, Usage};
    /// LlmCall::current().usage(Usage::new().input_tokens(12).output_tokens(3));
    /// ```
    #[cfg(feature = "otel")]
    pub fn usage(&self, usage: crate::Usage) -> &Self {
        if let Some(live) = &self.0 {
            live.usage(usage);
        }
        self
    }

    /// Records the request: `serde_json::Value`, JSON text or any `T: Serialize`.
    ///
    /// ```
    /// # use llm_trace::LlmCall;
    /// let body = serde_json::json!({"model": "gpt-4o", "messages": []});
    /// LlmCall::current().request(&body);
    /// ```
    #[cfg(feature = "serde")]
    pub fn request<T: serde::Serialize + ?Sized>(&self, request: &T) -> &Self {
        if let Some(live) = &self.0 {
            live.request(&CapturedValue::Document(&SerializedRef(request)));
        }
        self
    }

    /// Records the request from JSON text.
    ///
    /// ```
    /// # use llm_trace::LlmCall;
    /// LlmCall::current()
    ///     .request_json(r#"{"model": "gpt-4o", "messages": []}"#)
    ///     .response_json(br#"{"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06"}"#);
    /// ```
    #[cfg(feature = "serde")]
    pub fn request_json(&self, json: impl AsRef<[u8]>) -> &Self {
        if let Some(live) = &self.0 {
            live.request(&CapturedValue::Bytes(json.as_ref()));
        }
        self
    }

    /// Records the answer: `serde_json::Value`, JSON text or any `T: Serialize`.
    ///
    /// What is recorded here stands; the function's return value adds nothing to it.
    #[cfg(feature = "serde")]
    pub fn response<T: serde::Serialize + ?Sized>(&self, response: &T) -> &Self {
        if let Some(live) = &self.0 {
            live.response(&CapturedValue::Document(&SerializedRef(response)));
        }
        self
    }

    /// Records the answer from JSON text.
    #[cfg(feature = "serde")]
    pub fn response_json(&self, json: impl AsRef<[u8]>) -> &Self {
        if let Some(live) = &self.0 {
            live.response(&CapturedValue::Bytes(json.as_ref()));
        }
        self
    }

    /// The call, to come back to when it is over: see [`CallRef`](crate::CallRef).
    #[cfg(feature = "otel")]
    pub fn reference(&self) -> crate::CallRef {
        self.0.as_ref().map(|live| crate::CallRef::of(live)).unwrap_or_default()
    }

    /// Counts one attempt that failed and will be made again: a span event with its error type.
    ///
    /// ```
    /// # use llm_trace::LlmCall;
    /// # let send = || Ok::<_, std::io::Error>(());
    /// while send().is_err() {
    ///     LlmCall::current().attempt("timeout");
    /// }
    /// ```
    pub fn attempt(&self, error_type: impl Into<Cow<'static, str>>) -> &Self {
        if let Some(live) = &self.0 {
            live.attempt(error_type.into());
        }
        self
    }

    /// Runs a part of the call: its span is the parent of what `f` makes. A panic ends the call.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Inside<'c>(&'c LlmCall, bool);
        impl Drop for Inside<'_> {
            fn drop(&mut self) {
                self.0.set_inside(false);
                if self.1 {
                    self.0.give_up(Outcome::Panicked);
                }
            }
        }
        self.set_inside(true);
        let mut unwinding = Inside(self, true);
        let result = {
            let _entered = self.enter();
            f()
        };
        unwinding.1 = false;
        result
    }

    /// Polls a part of the call inside its span. A poll that panics may be caught and made again: however the call
    /// ends then, it has panicked.
    pub(crate) fn poll<R>(&self, poll: impl FnOnce() -> R) -> R {
        struct Unwinding<'c>(Option<&'c Arc<ActiveCall>>);
        impl Drop for Unwinding<'_> {
            fn drop(&mut self) {
                if let Some(live) = self.0 {
                    live.set_panicked();
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
        self.0.as_ref().map(ActiveCall::enter)
    }

    /// The call's function runs, or no longer does: a stream that is read in it does not end the call.
    pub(super) fn set_inside(&self, inside: bool) {
        if let Some(live) = &self.0 {
            live.set_inside(inside);
        }
    }

    /// Ends the call with a value, unless another handle of it is held.
    #[doc(hidden)]
    pub fn finish_ok(self, value: ProbedValue<'_>) {
        if let Some(live) = &self.0 {
            live.finish_ok(value.0);
        }
    }

    /// Ends the call with an error.
    #[doc(hidden)]
    pub fn finish_err(self, error: ProbedValue<'_>) {
        if let Some(live) = &self.0 {
            live.finish_err(error.0);
        }
    }

    /// Overrides `error.type`. Must come before [`finish_err`](Self::finish_err).
    #[doc(hidden)]
    pub fn error_type(&self, error_type: impl Into<Cow<'static, str>>) {
        if let Some(live) = &self.0 {
            live.error_type(error_type.into());
        }
    }

    /// Records the answer's text apart from the answer: the macro's `output`.
    #[doc(hidden)]
    pub fn output(&self, output: ProbedValue<'_>) {
        if let Some(live) = &self.0 {
            live.output(&output.0);
        }
    }

    /// Records the answer: the macro's `response`.
    #[doc(hidden)]
    pub fn observe(&self, response: ProbedValue<'_>) {
        if let Some(live) = &self.0 {
            live.response(&response.0);
        }
    }

    /// The answer has an end that cannot be seen. The call stays open as long as someone else holds
    /// it, and ends unobserved unless they end it; if nobody does, that is told once.
    pub(crate) fn unobserved(&self, is_stream: bool, what: &'static str) {
        #[cfg(feature = "otel")]
        if let Some(live) = &self.0
            && live.leave_unobserved(is_stream)
            && live.has_one_handle()
        {
            crate::diag::warn_once(what, what);
        }
        #[cfg(not(feature = "otel"))]
        let _ = (is_stream, what);
    }

    pub(crate) fn give_up(&self, outcome: Outcome) {
        if let Some(live) = &self.0 {
            live.drop_stream(outcome);
        }
    }
}

/// Any `T: Serialize` as a document.
#[cfg(feature = "serde")]
pub(crate) struct SerializedRef<'a, T: ?Sized>(pub(crate) &'a T);

#[cfg(feature = "serde")]
impl<T: serde::Serialize + ?Sized> super::captured_value::Document for SerializedRef<'_, T> {
    fn found(&self, paths: &crate::json::Trie) -> crate::json::Found<'_> {
        crate::json::Found::from_serialize(paths, self.0)
    }

    fn doc(&self, mode: crate::json::Mode) -> crate::json::JsonView<'_> {
        crate::json::JsonView::from_serialize(self.0, mode)
    }

    fn is_text(&self) -> bool {
        crate::json::is_text(self.0)
    }
}
