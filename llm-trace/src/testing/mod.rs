//! Captures calls in memory for your tests: feature `testing`.
//!
//! [`capture()`] captures the telemetry of the test's thread, isolated from other tests:
//!
//! ```
//! use llm_trace::{llm_call, testing};
//! use serde_json::{Value, json};
//!
//! #[llm_call(provider = "openai", request = body, mask_output)]
//! fn chat(body: &Value) -> Value {
//!     json!({
//!         "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024",
//!         "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a secret"}}],
//!         "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
//!     })
//! }
//!
//! let captured = testing::capture();
//! chat(&json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}));
//!
//! let call = captured.one_call();
//! assert_eq!(call.name(), "chat gpt-4o");
//! assert_eq!(call.input_tokens(), Some(3));
//! assert_eq!(call.input_texts(), ["Hello"]);
//! captured.assert_no_leak("a secret");
//! ```
//!
//! Content capture is on by default here, unlike in a program, so that a test checks the masks of the calls themselves.
//! Set another policy with [`builder()`]. Captured telemetry passes the same stages as in a program: the layer, the
//! policy and [`RedactProcessor`](crate::RedactProcessor).
//!
//! Other threads and spawned tasks must be captured explicitly: see [`Captured`].

mod builder;
mod captured;
mod leaks;
mod span;
mod stable;
mod store;
mod tree;

pub use builder::{CaptureBuilder, TestSubscriber};
pub use captured::{CaptureGuard, Captured};
pub use span::CapturedEvent;
pub use span::CapturedSpan;

/// Captures the telemetry of this thread, including content, until the guard is dropped.
///
/// The guard is not `Send`. A `#[tokio::test]` can hold it across `.await`.
///
/// ```
/// let captured = llm_trace::testing::capture();
/// tracing::info_span!("work").in_scope(|| {});
/// assert_eq!(captured.spans()[0].name(), "work");
/// ```
#[must_use = "nothing is captured once the guard is dropped"]
pub fn capture() -> CaptureGuard {
    builder().capture()
}

/// Like [`capture()`], with your own settings.
///
/// ```
/// use llm_trace::{Policy, Profile, testing};
///
/// let captured = testing::builder().policy(Policy::new()).profile(Profile::Latest).capture();
/// # drop(captured);
/// ```
pub fn builder() -> CaptureBuilder {
    CaptureBuilder::new()
}
