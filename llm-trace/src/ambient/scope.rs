//! A scope sets the caller, the session, the trace and the masks of every call inside it.

use std::borrow::Cow;
use std::future::Future;

use super::caller::{Caller, Id};
use super::entered_scope::{CapturedScope, Scoped};
use super::scope_facts::{PromptName, ScopeFacts};
use super::trace::Parent;
use super::trace_update::TraceUpdate;
use crate::ambient::mask_context::SharedMasks;
use crate::otel::{Context, current_context};
use crate::policy::Masks;
use crate::semconv::value::Maybe;

/// Creates a [`Scope`]: caller, session and masks for every call made inside it.
///
/// A scope applies to every call and span created inside [`run`](Scope::run) or [`instrument`](Scope::instrument),
/// across `.await`, instrumented tasks and streams, even if no surrounding span is enabled. Scopes nest: each field of
/// an inner scope overrides that of the outer one, but masks are only added. A call reads its scope when it is created
/// and keeps it.
///
/// ```
/// use llm_trace::Caller;
///
/// # async fn answer() {}
/// # async fn handle(key: &str) {
/// llm_trace::scope()
///     .caller(Caller::from_api_key(key).team_id("t7"))
///     .session("s1")
///     .mask_input(true)
///     .instrument(answer())
///     .await;
/// # }
/// ```
///
/// Fields of an enabled `tracing` span have the same effect: `info_span!("request", llm.user_id = id, llm.mask_input =
/// true)`. A mask field masks unless its value is one of those in [`Masks::from_metadata`].
///
/// A plain `spawn` does not inherit the scope. Instrument the spawned future with a scope, or pass [`Scope::current`]
/// to the task. [`Policy::default_mask`](crate::Policy::default_mask) masks calls in tasks without a scope.
pub fn scope() -> Scope {
    Scope::default()
}

/// Caller, session, trace and masks for every call made inside. Created by [`scope`].
///
/// ```
/// use llm_trace::Caller;
///
/// let scope = llm_trace::scope()
///     .caller(Caller::new().key_hash("9f86d081").key_alias("ci").team_id("t7").team_alias("platform"))
///     .user("ada")
///     .session("chat-7")
///     .conversation("conv-1")
///     .prompt("greeting", "3")
///     .tags(["beta"])
///     .metadata("tenant", 4711)
///     .mask_input(true);
/// scope.run(|| { /* calls */ });
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a scope does nothing until something runs in it"]
pub struct Scope {
    pub(super) masks: Masks,
    pub(super) facts: ScopeFacts,
    pub(super) parent: Option<Parent>,
    pub(super) base: Option<Base>,
}

/// A place captured by [`Scope::current`].
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(super) above: Vec<SharedMasks>,
    pub(super) context: Context,
}

impl Scope {
    /// Captures the current scope, to run code in it on another thread or task. It includes OpenTelemetry's current
    /// context, so that spans keep their parent.
    ///
    /// ```
    /// let here = llm_trace::Scope::current();
    /// std::thread::spawn(move || here.run(|| { /* calls */ }));
    /// ```
    ///
    /// In a thread pool, such as rayon's, clone it for each item:
    ///
    /// ```
    /// let here = llm_trace::Scope::current();
    /// let answers = ["a", "b"].iter().map(|prompt| here.clone().run(|| { /* calls */ }));
    /// # drop(answers);
    /// ```
    pub fn current() -> Scope {
        let context = current_context::current();
        let above = crate::ambient::mask_context::of_span(&context);
        Scope { base: Some(Base { above, context }), ..Scope::default() }
    }

    /// Masks the input of calls inside. `false` changes nothing.
    pub fn mask_input(mut self, mask: bool) -> Self {
        self.masks = self.masks.mask_input(mask);
        self
    }

    /// Masks the output of calls inside. `false` changes nothing.
    pub fn mask_output(mut self, mask: bool) -> Self {
        self.masks = self.masks.mask_output(mask);
        self
    }

    /// Adds masks.
    ///
    /// ```
    /// # use llm_trace::Masks;
    /// # let headers = [("x-mask-input", "1")];
    /// llm_trace::scope().masks(Masks::from_pairs(headers)).run(|| { /* calls */ });
    /// ```
    pub fn masks(mut self, masks: Masks) -> Self {
        self.masks = self.masks.union(masks);
        self
    }

    /// Exempts calls inside from [`Policy::default_mask`](crate::Policy::default_mask). All other masks still apply.
    ///
    /// ```
    /// use llm_trace::Policy;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let policy = Policy::new().default_mask(true); // masks every call …
    /// tracing_subscriber::registry().with(llm_trace::layer().with_policy(policy)).init();
    /// llm_trace::scope().clear_default_mask().run(|| { /* … except these calls */ });
    /// ```
    pub fn clear_default_mask(mut self) -> Self {
        self.masks = self.masks.clear_default();
        self
    }

    /// Sets the caller.
    pub fn caller(mut self, caller: Caller) -> Self {
        self.facts.caller = caller.over(&self.facts.caller);
        self
    }

    /// Sets `gen_ai.conversation.id`.
    pub fn conversation(mut self, id: impl Into<Id>) -> Self {
        self.facts.conversation = id.into().0;
        self
    }

    /// Sets `session.id`.
    pub fn session(mut self, id: impl Into<Id>) -> Self {
        self.facts.session = id.into().0;
        self
    }

    /// Sets `user.id`.
    pub fn user(mut self, id: impl Into<Id>) -> Self {
        self.facts.user = id.into().0;
        self
    }

    /// Sets `llm_trace.tags`.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        let tags: Vec<String> = tags.into_iter().map(Into::into).collect();
        self.facts.tags = Some(tags).filter(|tags| !tags.is_empty());
        self
    }

    /// Sets `llm_trace.metadata.<key>`. Scalars keep their type, and JSON objects are recorded as JSON text. `None` and
    /// null set nothing.
    pub fn metadata(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Maybe>) -> Self {
        if let Maybe(Some(value)) = value.into() {
            self.facts.set_metadata(key.into(), value);
        }
        self
    }

    /// Sets the prompt of a prompt registry, `gen_ai.prompt.name`, and its version: `gen_ai.prompt.version`, or
    /// `llm_trace.prompt.version` in the core profile.
    pub fn prompt(mut self, name: impl Into<Id>, version: impl Into<Id>) -> Self {
        self.facts.prompt = name.into().0.map(|name| PromptName { name, version: version.into().0 });
        self
    }

    /// Makes the calls inside write the input and output of their trace, for backends that show them per trace. Masked
    /// values are written as the redaction mark, so that a backend that merges by trace id replaces its stored value.
    /// `docs/one-trace.md` lists the backends.
    ///
    /// ```
    /// use llm_trace::TraceUpdate;
    ///
    /// llm_trace::scope().update_trace(TraceUpdate::INPUT | TraceUpdate::OUTPUT).run(|| { /* calls */ });
    /// ```
    pub fn update_trace(mut self, update: TraceUpdate) -> Self {
        self.facts.update = Some(update);
        self
    }

    pub(crate) fn parts(&self) -> (Masks, &ScopeFacts) {
        (self.masks, &self.facts)
    }

    pub(crate) fn has_parent(&self) -> bool {
        self.parent.is_some()
    }

    /// Runs `f` in this scope.
    pub fn run<R>(self, f: impl FnOnce() -> R) -> R {
        let mut scope = CapturedScope::new(self);
        let _entered = scope.enter();
        f()
    }

    /// Instruments a future or stream with this scope and the current surroundings, wherever it is polled.
    ///
    /// ```
    /// # async fn work() {}
    /// # fn spawn<F: Future>(_: F) {}
    /// spawn(llm_trace::scope().user("u1").instrument(work()));
    /// ```
    pub fn instrument<T>(self, inner: T) -> Scoped<T> {
        Scoped::new(inner, CapturedScope::new(self))
    }
}

/// Adds `.in_scope(..)` to futures. For streams, use [`Scope::instrument`].
///
/// ```
/// use llm_trace::InScope as _;
///
/// # async fn work() {}
/// # async fn run() {
/// work().in_scope(llm_trace::scope().session("s1")).await;
/// # }
/// ```
pub trait InScope: Sized + sealed::Sealed {
    /// Like [`Scope::instrument`].
    fn in_scope(self, scope: Scope) -> Scoped<Self> {
        scope.instrument(self)
    }
}

// Only for futures: a blanket implementation would shadow `tracing::Span::in_scope`, which takes a reference.
impl<F: Future> InScope for F {}

mod sealed {
    pub trait Sealed {}
    impl<F: Future> Sealed for F {}
}
