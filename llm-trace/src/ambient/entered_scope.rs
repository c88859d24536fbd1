//! Entering a scope for one poll or one call of a closure.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use super::context::MaskContext;
use super::mask_context;
use super::mask_context::SharedMasks;
use super::scope::{Base, Scope};
use super::scope_facts::ScopeFacts;
use super::trace::{Continued, Parent};
use crate::otel::{Context, ContextGuard, current_context};
use crate::policy::Masks;

/// A scope and the surroundings in which it was created.
#[derive(Clone, Debug)]
pub(crate) struct CapturedScope {
    own: SharedMasks,
    parent: Option<Parent>,
    context: Option<Context>,
    /// The surroundings in which it was last entered, and its masks combined with theirs.
    last: Option<(Vec<SharedMasks>, SharedMasks)>,
}

impl CapturedScope {
    pub(crate) fn new(scope: Scope) -> Self {
        let Scope { masks, facts, parent, base } = scope;
        let (above, context) = match base {
            Some(Base { above, context }) => (above, Some(context)),
            None => (mask_context::of_span(&current_context::current()), None),
        };
        Self { own: level(masks, facts, above), parent, context, last: None }
    }

    /// Enters the scope. The guard must not be held across an `.await`.
    pub(crate) fn enter(&mut self) -> EnteredScope {
        let current = current_context::current();
        let here = mask_context::of_span(&current);
        let masks = self.within(here);
        let context = self.context.clone().unwrap_or(current);
        let context = MaskContext::with(&context, masks.clone());
        let context = match &self.parent {
            Some(parent) => Continued::below(&context, parent),
            None => context,
        };
        EnteredScope { _context: current_context::attach(context), _masks: mask_context::enter(masks) }
    }

    /// The masks of the scope and of the surroundings in which it is entered. Both apply.
    fn within(&mut self, here: Vec<SharedMasks>) -> SharedMasks {
        if here.iter().all(|around| self.own.is_within(around)) {
            return self.own.clone();
        }
        if let Some((_, masks)) = self.last.as_ref().filter(|(last, _)| same(last, &here)) {
            return masks.clone();
        }
        let own = self.own.facts().map_or_else(ScopeFacts::default, |facts| ScopeFacts::clone(facts));
        let above = std::iter::once(self.own.clone()).chain(here.iter().cloned()).collect();
        let masks = level(Masks::new(), own, above);
        self.last = Some((here, masks.clone()));
        masks
    }
}

fn same(one: &[SharedMasks], other: &[SharedMasks]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_same(other))
}

/// Masks and facts inside others. Facts that `own` lacks are inherited.
pub(crate) fn level(masks: Masks, own: ScopeFacts, above: Vec<SharedMasks>) -> SharedMasks {
    let facts = above.iter().filter_map(SharedMasks::facts).fold(own, |facts, base| facts.over(base));
    if facts == ScopeFacts::default() {
        return SharedMasks::child_of(masks, above);
    }
    SharedMasks::with_scope(masks, above, Arc::new(facts))
}

/// Restores the thread's previous scope when dropped.
pub(crate) struct EnteredScope {
    // Fields drop in declaration order, which is the reverse of the entry order.
    _masks: mask_context::EnteredMasks,
    _context: Option<ContextGuard>,
}

pin_project_lite::pin_project! {
    /// A future or stream inside a [`Scope`].
    ///
    /// ```
    /// let task = llm_trace::scope().session("chat-7").instrument(async { /* calls */ });
    /// let inner = task.into_inner();
    /// # drop(inner);
    /// ```
    #[derive(Clone, Debug)]
    #[must_use = "futures and streams do nothing until they are polled"]
    pub struct Scoped<T> {
        #[pin]
        inner: T,
        scope: CapturedScope,
    }
}

impl<T> Scoped<T> {
    pub(crate) fn new(inner: T, scope: CapturedScope) -> Self {
        Self { inner, scope }
    }

    /// Returns the future or stream without the scope.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.scope.enter();
        this.inner.poll(task)
    }
}

#[cfg(feature = "stream")]
impl<S: futures_core::Stream> futures_core::Stream for Scoped<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let _entered = this.scope.enter();
        this.inner.poll_next(task)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
