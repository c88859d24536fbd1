//! A context of values that is attached to a thread.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use super::span::SpanRef;

type Entry = (TypeId, Arc<dyn Any + Send + Sync>);

/// Values by their type. There are few.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context(Vec<Entry>);

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context(Vec::new())) };
}

impl Context {
    #[cfg(test)]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn current() -> Self {
        Self::map_current(Clone::clone)
    }

    pub(crate) fn map_current<T>(map: impl FnOnce(&Context) -> T) -> T {
        // A copy is read, since `map` may attach another one.
        let current = CURRENT.try_with(|current| current.try_borrow().map(|current| current.clone()));
        map(&current.ok().and_then(Result::ok).unwrap_or_default())
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.0.iter().find(|(id, _)| *id == TypeId::of::<T>())?.1.downcast_ref()
    }

    pub(crate) fn with_value<T: Send + Sync + 'static>(&self, value: T) -> Self {
        let others = self.0.iter().filter(|(id, _)| *id != TypeId::of::<T>()).cloned();
        Self(others.chain([(TypeId::of::<T>(), Arc::new(value) as _)]).collect())
    }

    pub(crate) fn attach(self) -> ContextGuard {
        ContextGuard { before: replace(self), not_send: PhantomData }
    }
}

fn replace(context: Context) -> Context {
    let before = CURRENT
        .try_with(|current| current.try_borrow_mut().ok().map(|mut current| std::mem::replace(&mut *current, context)));
    before.ok().flatten().unwrap_or_default()
}

/// Attaches the context before again when it is dropped.
#[derive(Debug)]
pub(crate) struct ContextGuard {
    before: Context,
    not_send: PhantomData<*const ()>,
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        replace(std::mem::take(&mut self.before));
    }
}

/// No context has a span.
pub(crate) trait TraceContextExt {
    fn has_active_span(&self) -> bool;
    fn span(&self) -> SpanRef<'_>;
}

impl TraceContextExt for Context {
    fn has_active_span(&self) -> bool {
        false
    }

    fn span(&self) -> SpanRef<'_> {
        SpanRef::default()
    }
}
