//! A scope: who calls, in which conversation and trace, and what is masked, for every call inside it.

use std::borrow::Cow;
use std::future::Future;

use opentelemetry::Context;

use super::caller::{Caller, Id};
use super::entered_scope::{ScopePlace, Scoped};
use super::scope_facts::{PromptName, ScopeFacts};
use super::trace::{ExistingTrace, TraceError};
use super::trace_update::TraceUpdate;
use crate::ambient::mask_context::SharedMasks;
use crate::policy::Masks;
use crate::semconv::value::Maybe;

/// Begins to say something of all calls below a place in the program.
///
/// It holds for every call and span made inside [`run`](Scope::run) or
/// [`instrument`](Scope::instrument), across `.await`, instrumented tasks and streams, whether or
/// not any span around is enabled. Scopes nest: what an inner one says overrides field by field,
/// except masks, which only add up. A call reads its scope when its arguments are read, and keeps
/// it.
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
/// A bare `spawn` carries nothing along. Instrument the spawned future with a scope, or hand one
/// over by [`Scope::current`]; [`Policy::default_mask`](crate::Policy::default_mask) masks what was
/// forgotten.
pub fn scope() -> Scope {
    Scope::default()
}

/// See [`scope`].
///
/// ```
/// use llm_trace::Caller;
///
/// let scope = llm_trace::scope()
///     .caller(Caller::builder().key_hash("9f86d081").key_alias("ci").team_id("t7").team_alias("platform"))
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
    pub(super) parent: Option<super::trace::Parent>,
    pub(super) base: Option<Base>,
}

/// A place that was captured by [`Scope::current`].
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(super) above: Vec<SharedMasks>,
    pub(super) context: Context,
}

impl Scope {
    /// The scope that holds here, to run something elsewhere in it: on another thread, in a task.
    /// OpenTelemetry's current context goes along, so that spans find their parent.
    ///
    /// ```
    /// let here = llm_trace::Scope::current();
    /// std::thread::spawn(move || here.run(|| { /* calls */ }));
    /// ```
    pub fn current() -> Scope {
        let context = Context::current();
        let above = crate::ambient::mask_context::of_span(&context);
        Scope { base: Some(Base { above, context }), ..Scope::default() }
    }

    /// Masks what is sent to models below; `false` leaves it as it was.
    pub fn mask_input(mut self, mask: bool) -> Self {
        self.masks = self.masks.mask_input(mask);
        self
    }

    /// Masks what models answer below; `false` leaves it as it was.
    pub fn mask_output(mut self, mask: bool) -> Self {
        self.masks = self.masks.mask_output(mask);
        self
    }

    /// Adds masks.
    ///
    /// ```
    /// # use llm_trace::Masks;
    /// # let headers = [("x-mask-input", "1")];
    /// let scope = llm_trace::scope().masks(Masks::from_pairs(headers));
    /// # let _ = scope;
    /// ```
    pub fn masks(mut self, masks: Masks) -> Self {
        self.masks = self.masks.union(masks);
        self
    }

    /// Says that this place is known and that [`Policy::default_mask`](crate::Policy::default_mask)
    /// need not hold below it. Every other mask still does.
    ///
    /// ```
    /// use llm_trace::Policy;
    ///
    /// let policy = Policy::new().default_mask(true); // all is masked …
    /// let scope = llm_trace::scope().clear_default_mask(); // … but here
    /// # let _ = (policy, scope);
    /// ```
    pub fn clear_default_mask(mut self) -> Self {
        self.masks = self.masks.clear_default();
        self
    }

    /// Whose calls they are.
    pub fn caller(mut self, caller: Caller) -> Self {
        self.facts.caller = caller.over(&self.facts.caller);
        self
    }

    /// `gen_ai.conversation.id`.
    pub fn conversation(mut self, id: impl Into<Id>) -> Self {
        self.facts.conversation = id.into().0;
        self
    }

    /// `session.id`.
    pub fn session(mut self, id: impl Into<Id>) -> Self {
        self.facts.session = id.into().0;
        self
    }

    /// `user.id`.
    pub fn user(mut self, id: impl Into<Id>) -> Self {
        self.facts.user = id.into().0;
        self
    }

    /// `llm_trace.tags`.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        let tags: Vec<String> = tags.into_iter().map(Into::into).collect();
        self.facts.tags = Some(tags).filter(|tags| !tags.is_empty());
        self
    }

    /// `llm_trace.metadata.<key>`: a typed value; a JSON object goes as JSON text; `None` and null
    /// say nothing.
    pub fn metadata(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Maybe>) -> Self {
        if let Maybe(Some(value)) = value.into() {
            self.facts.set_metadata(key.into(), value);
        }
        self
    }

    /// Which prompt of a prompt registry is used: `gen_ai.prompt.name` and its version.
    pub fn prompt(mut self, name: impl Into<Id>, version: impl Into<Id>) -> Self {
        self.facts.prompt = name.into().0.map(|name| PromptName { name, version: version.into().0 });
        self
    }

    /// Has the calls below write the input and output of the trace they are in, for backends that
    /// show them per trace. What is masked is written as the redaction mark, so that a backend that
    /// merges by trace id replaces what it held. See `docs/one-trace.md` for the backends.
    ///
    /// ```
    /// use llm_trace::TraceUpdate;
    ///
    /// let scope = llm_trace::scope().update_trace(TraceUpdate::INPUT | TraceUpdate::OUTPUT);
    /// # let _ = scope;
    /// ```
    pub fn update_trace(mut self, update: TraceUpdate) -> Self {
        self.facts.update = Some(update);
        self
    }

    /// Continues a trace that exists: a trace id, or `(trace id, span id)`, or an [`ExistingTrace`].
    ///
    /// With a span id, the calls right below are children of that span, and sampled. With a trace id
    /// alone they are roots of that trace, given [`init`](crate::export::init) or our [`IdGenerator`]. A
    /// local span that is open here becomes a link.
    ///
    /// ```
    /// # fn main() -> Result<(), llm_trace::TraceError> {
    /// let scope = llm_trace::scope().existing_trace("4bf92f3577b34da6a3ce929d0e0e4736")?;
    /// # let _ = scope;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An id that is none.
    pub fn existing_trace<T>(mut self, trace: T) -> Result<Self, TraceError>
    where
        T: TryInto<ExistingTrace>,
        TraceError: From<T::Error>,
    {
        self.parent = Some(trace.try_into()?.into());
        Ok(self)
    }

    pub(crate) fn parts(&self) -> (Masks, &ScopeFacts) {
        (self.masks, &self.facts)
    }

    pub(crate) fn has_parent(&self) -> bool {
        self.parent.is_some()
    }

    /// Runs `f` in this scope.
    pub fn run<R>(self, f: impl FnOnce() -> R) -> R {
        let mut place = ScopePlace::new(self);
        let _entered = place.enter();
        f()
    }

    /// A future or stream that is polled in this scope, and in what surrounds it here, wherever
    /// it is polled.
    ///
    /// ```
    /// # async fn work() {}
    /// # fn spawn<F: Future>(_: F) {}
    /// spawn(llm_trace::scope().user("u1").instrument(work()));
    /// ```
    pub fn instrument<T>(self, inner: T) -> Scoped<T> {
        Scoped::new(inner, ScopePlace::new(self))
    }
}

/// `.in_scope(..)` on futures; for streams there is [`Scope::instrument`].
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
    /// As [`Scope::instrument`].
    fn in_scope(self, scope: Scope) -> Scoped<Self> {
        scope.instrument(self)
    }
}

// Not for every type: it would come before `tracing::Span::in_scope`, which takes a reference.
impl<F: Future> InScope for F {}

mod sealed {
    pub trait Sealed {}
    impl<F: Future> Sealed for F {}
}
