//! The policy: whether content is captured and which sides are masked.

use std::time::Duration;

use super::budget::Budgets;
use super::content_ratio::Share;
use super::keys::{Class, KeyPattern};
use super::masks::Masks;
use super::place::Place;
use super::scrub::{Closure, Scrubbers};
use super::style::{HashKey, Style};

/// The signals that content is recorded in. Off by default.
///
/// ```
/// use llm_trace::{Capture, Policy};
/// use tracing_subscriber::prelude::*;
///
/// let policy = Policy::new().capture(Capture::SpanAndEvent);
/// tracing_subscriber::registry().with(llm_trace::layer().with_policy(policy)).init();
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Capture {
    /// Records no content.
    #[default]
    Off,
    /// Records content in span attributes.
    Span,
    /// Records content in events.
    Event,
    /// Records content in both.
    SpanAndEvent,
}

/// Decides which content is recorded and how it is masked.
///
/// By default no content is recorded: prompts, responses and error texts are omitted until you enable
/// [`capture`](Self::capture).
///
/// ```
/// use llm_trace::{Capture, Policy, Style};
///
/// let policy = Policy::new()
///     .capture(Capture::Span)
///     .mask_input(true)
///     .style(Style::hash(*b"a key of thirty-two random bytes"));
/// ```
///
/// A stricter policy:
///
/// ```
/// use llm_trace::Policy;
///
/// let policy = Policy::new()
///     .default_mask(true) // until a scope clears it
///     .mask_metadata(true)
///     .hash_identity(*b"a key of thirty-two random bytes")
///     .mask_output(true)
///     .lock_masked();
/// assert!(policy.is_locked());
/// ```
///
/// A policy with scrubbing and limits:
///
/// ```
/// use std::time::Duration;
///
/// use llm_trace::{Capture, Policy};
///
/// let policy = Policy::new()
///     .capture(Capture::Span)
///     .error_text(true)
///     .scrub(|text, _| text.contains("Project X").then(|| "[PROJECT]".to_owned()))
///     .scrub_time(Duration::from_millis(5))
///     .text_limit(8 * 1024) // bytes
///     .attribute_limit(64 * 1024)
///     .span_limit(256 * 1024)
///     .media_limit(4 * 1024)
///     .input_key("app.question")
///     .output_key("app.answer")
///     .plain_key("app.variant");
/// assert_eq!(policy.scrub_failures(), 0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub(super) capture: Capture,
    pub(super) content_share: Share,
    pub(super) masks: Masks,
    pub(super) default_mask: bool,
    pub(super) locked: bool,
    pub(super) style: Style,
    pub(super) error_text: bool,
    /// Free text of other code inside a model call is exported although capture is off.
    pub(super) keep_free_text: bool,
    pub(super) mask_metadata: bool,
    pub(super) hash_identity: Option<HashKey>,
    pub(crate) scrubbers: Scrubbers,
    pub(super) budgets: Budgets,
    pub(super) keys: Vec<(KeyPattern, Class)>,
    /// Targets, and whether their free text is content.
    pub(super) targets: Vec<(String, bool)>,
}

impl Policy {
    /// Creates a policy that records no content.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the signals that content is recorded in.
    #[must_use]
    pub fn capture(mut self, capture: Capture) -> Self {
        self.capture = capture;
        self
    }

    /// Captures content for this share of the traces only, from 0 to 1. The default is 1.
    ///
    /// Spans, metrics and facts are not affected, and masks still apply. The trace id alone decides: a trace has all of
    /// its content or none, in every process with the same ratio. The ratio is independent of sampling: the sampled
    /// traces have the same share of content. Calls without a trace have content only with a ratio of 1.
    ///
    /// Content of the other traces is neither copied nor held in memory. The ratio does not apply to text that layers
    /// wrapped by [`redact`](crate::redact()) print, because they do not know the trace.
    ///
    /// ```
    /// use llm_trace::{Capture, Policy};
    ///
    /// let policy = Policy::new().capture(Capture::Span).content_ratio(0.1);
    /// ```
    #[must_use]
    pub fn content_ratio(mut self, ratio: f64) -> Self {
        let share = Share::new(ratio);
        self.content_share = if self.locked { share.min(self.content_share) } else { share };
        self
    }

    /// Masks the input of every call. `false` removes this mask, unless the policy is [locked](Self::lock_masked). The masks
    /// of scopes and calls still apply.
    #[must_use]
    pub fn mask_input(mut self, mask: bool) -> Self {
        self.masks.input = mask || self.locked;
        self
    }

    /// Masks the output of every call. `false` removes this mask, unless the policy is [locked](Self::lock_masked). The
    /// masks of scopes and calls still apply.
    #[must_use]
    pub fn mask_output(mut self, mask: bool) -> Self {
        self.masks.output = mask || self.locked;
        self
    }

    /// Masks every call, except below scopes that [`Masks::clear_default`] exempts.
    ///
    /// A task started by a plain `spawn` does not inherit the masks of a scope. The default mask keeps such a task
    /// masked.
    #[must_use]
    pub fn default_mask(mut self, mask: bool) -> Self {
        self.default_mask = mask || (self.locked && self.default_mask);
        self
    }

    /// Sets the replacement for masked content.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// Sets whether error texts (status descriptions, exception messages and stack traces) are recorded while capture is
    /// off. By default they are omitted, because the text of an error may repeat the prompt or the response.
    ///
    /// If either side of the call is masked, they are always omitted. The error's type, HTTP status and code are always
    /// recorded.
    #[must_use]
    pub fn error_text(mut self, keep: bool) -> Self {
        self.error_text = keep;
        self
    }

    /// Exports free text of other code inside a model call (event messages, error texts, texts under unknown keys)
    /// although capture is off.
    ///
    /// Such text often holds the prompt: `info!("asked: {prompt}")`. While capture is off, the layer and the processors
    /// of llm-trace mask it on export. Layers wrapped by [`redact`](crate::redact()) apply masks only, so local logs
    /// keep the text. [`plain_key`](Self::plain_key) and [`plain_target`](Self::plain_target) exempt one key or crate.
    ///
    /// ```
    /// use llm_trace::Policy;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let policy = Policy::new().keep_free_text(true);
    /// tracing_subscriber::registry().with(llm_trace::layer().with_policy(policy)).init();
    /// ```
    #[must_use]
    pub fn keep_free_text(mut self, keep: bool) -> Self {
        self.keep_free_text = keep && !self.locked;
        self
    }

    /// Masks the values of metadata that callers attach. Calls with a custom span name get the name of the conventions
    /// instead, and span names of other crates are masked inside a masked call.
    #[must_use]
    pub fn mask_metadata(mut self, mask: bool) -> Self {
        self.mask_metadata = mask || (self.locked && self.mask_metadata);
        self
    }

    /// Hashes identifiers of users and sessions with HMAC-SHA-256 under `key`.
    #[must_use]
    pub fn hash_identity(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.hash_identity = Some(HashKey::new(key));
        self
    }

    /// Runs `scrubber` on each text that is recorded. It returns a replacement, or `None` to keep the text. Scrubbers
    /// run in the order in which they were added, on complete texts: the texts of a stream after they are joined, those
    /// of tool arguments one by one.
    ///
    /// A text is masked if its scrubber panics or takes longer than [`scrub_time`](Self::scrub_time). A running
    /// scrubber cannot be interrupted: the call waits until it returns. Meanwhile, and for one minute after three
    /// timeouts in a row, texts of other calls are masked without running it.
    ///
    /// ```
    /// use llm_trace::Policy;
    ///
    /// let policy = Policy::new()
    ///     .scrub(|text, _place| text.contains("Project X").then(|| text.replace("Project X", "[PROJECT]")));
    /// ```
    #[must_use]
    pub fn scrub<F>(mut self, scrubber: F) -> Self
    where
        F: Fn(&str, &Place<'_>) -> Option<String> + Send + Sync + 'static,
    {
        self.scrubbers.push(Closure(scrubber));
        self
    }

    /// Runs built-in rules on each text that is recorded.
    #[cfg(feature = "scrub-rules")]
    #[must_use]
    pub fn rules(mut self, rules: super::rules::ScrubRules) -> Self {
        self.scrubbers.push(rules);
        self
    }

    /// Sets the time that all scrubbers together may take for one text before it is masked. The default is 250 ms.
    #[must_use]
    pub fn scrub_time(mut self, limit: Duration) -> Self {
        self.scrubbers.time = limit;
        self
    }

    /// The number of texts that were masked because a scrubber panicked or took too long, in this policy and its
    /// clones.
    pub fn scrub_failures(&self) -> u64 {
        self.scrubbers.failures()
    }

    /// Cuts texts to this many bytes of JSON. The default is 64 KiB.
    #[must_use]
    pub fn text_limit(mut self, bytes: usize) -> Self {
        self.budgets.text = bytes;
        self
    }

    /// Limits an attribute to this many bytes of JSON by dropping messages from the middle; the first system message
    /// and the newest message are kept. The default is 256 KiB.
    #[must_use]
    pub fn attribute_limit(mut self, bytes: usize) -> Self {
        self.budgets.attribute = bytes;
        self
    }

    /// Limits all content of a span together, like [`attribute_limit`](Self::attribute_limit). The default is 1 MiB.
    #[must_use]
    pub fn span_limit(mut self, bytes: usize) -> Self {
        self.budgets.span = bytes;
        self
    }

    /// Replaces base64 media above this many bytes by their size and SHA-256. The default is 64 KiB.
    #[must_use]
    pub fn media_limit(mut self, bytes: usize) -> Self {
        self.budgets.media = bytes;
        self
    }

    /// Masks input and output and locks the policy: neither this value nor a [`PolicyHandle`](crate::PolicyHandle) that
    /// holds it can remove a mask or add an exemption afterwards. Call [`plain_key`](Self::plain_key) and
    /// [`plain_target`](Self::plain_target) before it.
    #[must_use]
    pub fn lock_masked(mut self) -> Self {
        self.locked = true;
        self.masks = Masks::all();
        self
    }

    /// Whether [`lock_masked`](Self::lock_masked) locked the policy.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// A summary of the policy for [`check`](crate::check()).
    pub(crate) fn in_words(&self) -> String {
        let capture = match self.capture {
            Capture::Off => {
                let masked = if self.masks.any() { ", and a mask is set" } else { "" };
                return format!(
                    "content is off{masked}: set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY, or \
                     Policy::capture, to see prompts and answers"
                );
            }
            Capture::Span => "spans",
            Capture::Event => "events",
            Capture::SpanAndEvent => "spans and events",
        };
        let masked = match (self.masks.input, self.masks.output) {
            (true, true) => "all of it masked",
            (true, false) => "input masked",
            (false, true) => "output masked",
            (false, false) => "masked only where a call or a scope sets a mask",
        };
        let share = match self.content_share {
            share if share.is_all() => String::new(),
            share => format!(" of {:.4} % of the traces", share.ratio() * 100.0).replace(".0000", ""),
        };
        format!("the policy permits content on {capture}{share}, {masked}")
    }

    /// Keeps every restriction of `before` if it is locked.
    pub(super) fn tighten(mut self, before: &Policy) -> Self {
        if before.locked {
            self = self.lock_masked();
            self.content_share = self.content_share.min(before.content_share);
            self.default_mask |= before.default_mask;
            self.mask_metadata |= before.mask_metadata;
            self.keep_free_text &= before.keep_free_text;
            self.hash_identity = before.hash_identity.clone().or(self.hash_identity);
            self.keys.retain(|(_, class)| !matches!(class, Class::Fact(_)));
            self.keys = after(&before.keys, self.keys);
            self.targets.retain(|(_, content)| *content);
            self.targets = after(&before.targets, self.targets);
            self.scrubbers = self.scrubbers.after(&before.scrubbers);
            // A hash reveals which texts are equal, a placeholder how many there are.
            self.style = match (&before.style, self.style) {
                (Style::Drop, _) | (_, Style::Drop) => Style::Drop,
                (Style::Placeholder, _) => Style::Placeholder,
                (Style::Hash(_), style) => style,
            };
        }
        self
    }
}

/// Appends the rules that are new to those of `before`.
fn after<R: Clone + PartialEq>(before: &[R], rules: Vec<R>) -> Vec<R> {
    let new = rules.into_iter().filter(|rule| !before.contains(rule));
    before.iter().cloned().chain(new).collect()
}
