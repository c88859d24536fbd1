//! The policy: is content wanted, and what is masked.

use std::time::Duration;

use super::budget::Budgets;
use super::content_ratio::Share;
use super::keys::{Class, KeyPattern};
use super::masks::Masks;
use super::place::Place;
use super::scrub::{Closure, Scrubbers};
use super::style::{HashKey, Style};

/// Where content goes, if anywhere. Content is off unless someone says on.
///
/// ```
/// use llm_trace::{Capture, Policy};
///
/// let policy = Policy::new().capture(Capture::SpanAndEvent);
/// # let _ = policy;
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Capture {
    /// No content.
    #[default]
    Off,
    /// Content on span attributes.
    Span,
    /// Content on events.
    Event,
    /// Content on both.
    SpanAndEvent,
}

/// What may leave the process.
///
/// The default lets no content out: prompts, answers and error texts stay inside until
/// [`capture`](Self::capture) says otherwise.
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
/// Stricter where it must hold:
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
/// Looser, and cut to size:
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
    /// Other code's free text inside a model call is exported although capture is off.
    pub(super) keep_free_text: bool,
    pub(super) mask_metadata: bool,
    pub(super) hash_identity: Option<HashKey>,
    pub(crate) scrubbers: Scrubbers,
    pub(super) budgets: Budgets,
    pub(super) keys: Vec<(KeyPattern, Class)>,
    /// Targets, and whether what is written under them is content.
    pub(super) targets: Vec<(String, bool)>,
}

impl Policy {
    /// A policy that lets no content out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says where content goes, if anywhere.
    #[must_use]
    pub fn capture(mut self, capture: Capture) -> Self {
        self.capture = capture;
        self
    }

    /// Keeps content on this share of the traces only, from 0 to 1; on all of them unless told.
    ///
    /// Spans, metrics and facts count all the same, and masks hold as ever: this only takes content away. Which
    /// traces it is goes by the trace id alone, so a trace has all of its content or none, in every process that
    /// is told the same ratio. It does not go with what a sampler keeps: of the traces that are sampled it is this
    /// share, too. What belongs to no trace has no content then.
    ///
    /// Nothing of a call's content is copied or kept for a trace without it. Text that other layers print
    /// ([`redact`](crate::policy)) knows no trace, and is not treated by it.
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

    /// Masks what is sent to models, in every call.
    #[must_use]
    pub fn mask_input(mut self, mask: bool) -> Self {
        self.masks.input = mask || self.locked;
        self
    }

    /// Masks what models answer, in every call.
    #[must_use]
    pub fn mask_output(mut self, mask: bool) -> Self {
        self.masks.output = mask || self.locked;
        self
    }

    /// Masks every call that no scope has declared known by [`Masks::clear_default`].
    ///
    /// A scope's masks do not reach a task started by a bare `spawn`; with this, such a task is
    /// masked and not open.
    #[must_use]
    pub fn default_mask(mut self, mask: bool) -> Self {
        self.default_mask = mask || (self.locked && self.default_mask);
        self
    }

    /// Says what stands in place of masked content.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// Keeps error texts (status descriptions, exception messages and stacks) although content
    /// is off.
    ///
    /// An error's text can echo the prompt or the answer, so it counts as content: it is left
    /// out while capture is off, and always when either side of the call is masked. The error's
    /// type, HTTP status and code are no content and always stay.
    #[must_use]
    pub fn error_text(mut self, keep: bool) -> Self {
        self.error_text = keep;
        self
    }

    /// Exports other code's free text inside a model call (event messages, error texts, text under keys that nobody
    /// knows) although capture is off.
    ///
    /// Such text often holds the prompt: `info!("asked: {prompt}")`. While capture is off it is held back from what
    /// llm-trace's layer and processors export, as under a mask. Layers wrapped by [`redact`](crate::policy) go by
    /// masks only, so local logs keep it. [`plain_key`](Self::plain_key) and [`plain_target`](Self::plain_target)
    /// exempt one key or crate.
    ///
    /// ```
    /// let policy = llm_trace::Policy::new().keep_free_text(true);
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn keep_free_text(mut self, keep: bool) -> Self {
        self.keep_free_text = keep && !self.locked;
        self
    }

    /// Masks the values of metadata that callers attach. A call with a name of its own has the
    /// conventions' name instead; the names of other crates' spans are masked inside of a masked call.
    #[must_use]
    pub fn mask_metadata(mut self, mask: bool) -> Self {
        self.mask_metadata = mask || (self.locked && self.mask_metadata);
        self
    }

    /// Hashes user and session identifiers with HMAC-SHA-256 under `key`.
    #[must_use]
    pub fn hash_identity(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.hash_identity = Some(HashKey::new(key));
        self
    }

    /// Runs `scrubber` over each text that is let through. It returns the text to put in its
    /// place, or `None` to leave it. Scrubbers run in the order in which they were added, on whole
    /// texts: those of a stream once they are joined, those of tool arguments one by one.
    ///
    /// A text whose scrubber panics, or takes longer than
    /// [`scrub_time`](Self::scrub_time), is masked. No code can interrupt it: the call that ends waits
    /// until the scrubber returns. Meanwhile, and for a minute after three overruns in a row, the texts
    /// of other calls are masked without it.
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

    /// Runs ready rules over each text that is let through.
    #[cfg(feature = "scrub-rules")]
    #[must_use]
    pub fn rules(mut self, rules: super::rules::ScrubRules) -> Self {
        self.scrubbers.push(rules);
        self
    }

    /// How long the scrubbers may take over one text before it is masked; 250 ms unless told.
    #[must_use]
    pub fn scrub_time(mut self, limit: Duration) -> Self {
        self.scrubbers.time = limit;
        self
    }

    /// How many texts were masked because a scrubber panicked or took too long, in this policy
    /// and those made from it.
    pub fn scrub_failures(&self) -> u64 {
        self.scrubbers.failures()
    }

    /// Cuts texts longer than this many bytes of JSON; 64 KiB unless told.
    #[must_use]
    pub fn text_limit(mut self, bytes: usize) -> Self {
        self.budgets.text = bytes;
        self
    }

    /// Drops messages from the middle of an attribute longer than this many bytes of JSON; the
    /// system message and the newest stay. 256 KiB unless told.
    #[must_use]
    pub fn attribute_limit(mut self, bytes: usize) -> Self {
        self.budgets.attribute = bytes;
        self
    }

    /// As [`attribute_limit`](Self::attribute_limit), for all content of a span together; 1 MiB
    /// unless told.
    #[must_use]
    pub fn span_limit(mut self, bytes: usize) -> Self {
        self.budgets.span = bytes;
        self
    }

    /// Replaces base64 media longer than this many bytes by their size and SHA-256; 64 KiB unless
    /// told.
    #[must_use]
    pub fn media_limit(mut self, bytes: usize) -> Self {
        self.budgets.media = bytes;
        self
    }

    /// Masks both sides, and refuses to be loosened from now on: neither this value nor a
    /// [`PolicyHandle`](crate::PolicyHandle) that holds it will take a mask off again.
    #[must_use]
    pub fn lock_masked(mut self) -> Self {
        self.locked = true;
        self.masks = Masks::all();
        self
    }

    /// Whether the policy was locked by [`lock_masked`](Self::lock_masked).
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// What the policy says, as [`check`](crate::check) prints it.
    pub(crate) fn in_words(&self) -> String {
        let capture = match self.capture {
            Capture::Off => {
                return "content is off: set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY, or \
                        Policy::capture, to see prompts and answers"
                    .to_owned();
            }
            Capture::Span => "spans",
            Capture::Event => "events",
            Capture::SpanAndEvent => "spans and events",
        };
        let masked = match (self.masks.input, self.masks.output) {
            (true, true) => "all of it masked",
            (true, false) => "input masked",
            (false, true) => "output masked",
            (false, false) => "masked only where a call or a scope says so",
        };
        let share = match self.content_share {
            share if share.is_all() => String::new(),
            share => format!(" of {:.4} % of the traces", share.ratio() * 100.0).replace(".0000", ""),
        };
        format!("content goes on {capture}{share}, {masked}")
    }

    /// Keeps everything that `before`, a locked policy, had closed.
    pub(super) fn tighten(mut self, before: &Policy) -> Self {
        if before.locked {
            self = self.lock_masked();
            self.content_share = self.content_share.min(before.content_share);
            self.default_mask |= before.default_mask;
            self.mask_metadata |= before.mask_metadata;
            self.keep_free_text &= before.keep_free_text;
            self.hash_identity = before.hash_identity.clone().or(self.hash_identity);
            let said = self.keys.into_iter().filter(|(_, class)| !matches!(class, Class::Fact(_)));
            self.keys = before.keys.iter().cloned().chain(said).collect();
            let said = self.targets.into_iter().filter(|(_, content)| *content);
            self.targets = before.targets.iter().cloned().chain(said).collect();
            self.scrubbers = self.scrubbers.after(&before.scrubbers);
            // A hash tells which texts are equal, a placeholder how many there are.
            self.style = match (&before.style, self.style) {
                (Style::Drop, _) | (_, Style::Drop) => Style::Drop,
                (Style::Placeholder, _) => Style::Placeholder,
                (Style::Hash(_), style) => style,
            };
        }
        self
    }
}
