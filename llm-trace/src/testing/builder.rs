//! Configuration of a capture.

use std::sync::Arc;

use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use tracing::Dispatch;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Layered;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry};

use super::captured::{CaptureGuard, Captured, Kept};
use super::store::Store;
use crate::guard::otel::RedactProcessor;
use crate::layer::LlmLayer;
use crate::policy::{Capture, Policy, PolicyHandle};
use crate::semconv::Profile;

/// The subscriber below the layers of a [`CaptureBuilder`].
///
/// ```
/// use llm_trace::testing::{self, TestSubscriber};
/// use tracing_subscriber::{Layer, fmt};
///
/// fn log() -> impl Layer<TestSubscriber> + Send + Sync {
///     fmt::layer().with_test_writer()
/// }
///
/// let captured = testing::builder().layer(log()).capture();
/// # drop(captured);
/// ```
pub type TestSubscriber = Layered<LlmLayer<Registry>, Registry>;

type BoxedLayer = Box<dyn Layer<TestSubscriber> + Send + Sync>;

/// Settings of a capture: see [`builder()`](super::builder()).
///
/// ```
/// use llm_trace::{Capture, Policy, Profile, testing};
/// use tracing_subscriber::filter::LevelFilter;
///
/// let captured = testing::builder()
///     .policy(Policy::new().capture(Capture::Span))
///     .profile(Profile::Latest)
///     .max_level(LevelFilter::DEBUG)
///     .capture();
/// # drop(captured);
/// ```
#[must_use = "a builder captures nothing until you call `capture()` or `detached()`"]
pub struct CaptureBuilder {
    policy: PolicyHandle,
    max_level: LevelFilter,
    layer: LlmLayer<Registry>,
    layers: Vec<BoxedLayer>,
}

impl std::fmt::Debug for CaptureBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaptureBuilder").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl CaptureBuilder {
    pub(super) fn new() -> Self {
        let policy = PolicyHandle::new(Policy::new().capture(Capture::Span));
        // Independent of the environment in which the tests run.
        let layer = LlmLayer::with(policy.clone(), Profile::default());
        Self { policy, max_level: LevelFilter::INFO, layer, layers: Vec::new() }
    }

    /// Sets the policy. Default: all content is captured, except for content that a call masks.
    pub fn policy(mut self, policy: impl Into<PolicyHandle>) -> Self {
        self.policy = policy.into();
        self.layer = self.layer.with_policy(self.policy.clone());
        self
    }

    /// Sets the profile for attribute names. Default: [`Profile::Core`], independent of the environment.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.layer = self.layer.with_profile(profile);
        self
    }

    /// Sets the maximum level of captured spans. Default: `INFO`.
    pub fn max_level(mut self, level: LevelFilter) -> Self {
        self.max_level = level;
        self
    }

    /// Configures the layer as your program does.
    ///
    /// ```
    /// use llm_trace::{Compat, testing};
    ///
    /// let captured = testing::builder().set_layer(|layer| layer.with_compat(Compat::LiteLlm)).capture();
    /// # drop(captured);
    /// ```
    pub fn set_layer(mut self, set: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>) -> Self {
        self.layer = set(self.layer);
        self
    }

    /// Adds a layer, to test the spans and events that it receives.
    ///
    /// ```
    /// use llm_trace::{redact, testing};
    /// use tracing_subscriber::fmt;
    ///
    /// let captured = testing::builder().layer(redact(fmt::layer().with_test_writer())).capture();
    /// # drop(captured);
    /// ```
    pub fn layer(mut self, layer: impl Layer<TestSubscriber> + Send + Sync) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// Captures the telemetry of this thread until the guard is dropped.
    #[must_use = "nothing is captured once the guard is dropped"]
    pub fn capture(self) -> CaptureGuard {
        CaptureGuard::new(self.detached())
    }

    /// Captures only the telemetry of code that runs in [`Captured::in_scope`] or [`Captured::in_future`].
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation, testing};
    ///
    /// let captured = testing::builder().detached();
    /// captured.in_scope(|| LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o").run(|_| {}));
    /// assert_eq!(captured.one_call().name(), "chat gpt-4o");
    /// ```
    pub fn detached(self) -> Captured {
        let Self { policy, max_level, layer, layers } = self;
        let store = Store::default();
        let spans = RedactProcessor::new(SimpleSpanProcessor::new(store.clone()), policy);
        let tracers = SdkTracerProvider::builder().with_span_processor(spans).build();
        let layer = layer.with_tracer_provider(&tracers);
        let meters = store.meter_provider();
        let layer = layer.with_meter_provider(&meters);
        let loggers = store.logger_provider();
        let layer = layer.with_logger_provider(&loggers);
        let open = layer.open_calls();
        // An empty list of layers would disable every span.
        let layers = Some(layers).filter(|layers| !layers.is_empty());
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer).with(layers).with(max_level));
        Captured(Arc::new(Kept { dispatch, store, open, meters, _loggers: loggers, _tracers: tracers }))
    }
}
