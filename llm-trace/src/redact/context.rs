//! The masks of the place where the program is now.
//!
//! They travel in the OpenTelemetry `Context` and, for code that never looks at one, in a
//! thread-local of our own. Neither needs an enabled span.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::Context;
use opentelemetry::trace::SpanId;

use super::handle::Stamp;
use super::masks::Masks;

/// The masks of a call or a scope, shared by everything below it, and growing only.
#[derive(Clone, Debug)]
pub(crate) struct SharedMasks(Arc<Level>);

#[derive(Debug, Default)]
struct Level {
    bits: AtomicU8,
    above: Vec<SharedMasks>,
    /// The span of the call itself, which is no span of another crate's.
    own_span: AtomicU64,
    /// By what the call's content was filtered.
    filtered: Mutex<Option<Filtered>>,
}

/// A policy at one moment, and the masks that were asked with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Filtered {
    pub(crate) stamp: Stamp,
    pub(crate) masks: Masks,
}

impl SharedMasks {
    /// Masks below nothing.
    pub(crate) fn new(masks: Masks) -> Self {
        Self::below(masks, Vec::new())
    }

    fn below(masks: Masks, above: Vec<SharedMasks>) -> Self {
        Self(Arc::new(Level { bits: AtomicU8::new(masks.bits()), above, ..Level::default() }))
    }

    /// Masks below those of the place where the program is now.
    pub(crate) fn here(masks: Masks) -> Self {
        Self::below(masks, of_span(&Context::current()))
    }

    /// Adds masks, for good.
    pub(crate) fn add(&self, masks: Masks) {
        self.0.bits.fetch_or(masks.bits(), Ordering::AcqRel);
    }

    /// Everything that is masked here and above.
    pub(crate) fn get(&self) -> Masks {
        let own = Masks::from_bits(self.0.bits.load(Ordering::Acquire));
        self.0.above.iter().fold(own, |masks, above| masks.union(above.get()))
    }

    /// Says which span is the call's own.
    pub(crate) fn set_own_span(&self, span: SpanId) {
        self.0.own_span.store(u64::from_be_bytes(span.to_bytes()), Ordering::Release);
    }

    pub(crate) fn is_own_span(&self, span: SpanId) -> bool {
        self.0.own_span.load(Ordering::Acquire) == u64::from_be_bytes(span.to_bytes())
    }

    /// Says by what the call's content was filtered, so that it need not be filtered again as
    /// long as neither the policy nor the masks change.
    pub(crate) fn set_filtered(&self, by: Filtered) {
        *self.0.filtered.lock().unwrap_or_else(PoisonError::into_inner) = Some(by);
    }

    pub(crate) fn filtered(&self) -> Option<Filtered> {
        *self.0.filtered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The masks that an OpenTelemetry `Context` carries.
#[derive(Clone, Debug)]
pub(crate) struct MaskContext(SharedMasks);

impl MaskContext {
    /// The masks that `cx` carries, if any.
    pub(crate) fn of(cx: &Context) -> Option<SharedMasks> {
        cx.get::<MaskContext>().map(|carried| carried.0.clone())
    }

    /// `cx` with these masks.
    pub(crate) fn with(cx: &Context, masks: SharedMasks) -> Context {
        cx.with_value(MaskContext(masks))
    }
}

thread_local! {
    static AMBIENT: RefCell<Option<SharedMasks>> = const { RefCell::new(None) };
}

fn ambient() -> Option<SharedMasks> {
    // At the end of a thread the value may be gone.
    AMBIENT.try_with(|ambient| ambient.try_borrow().ok()?.clone()).ok()?
}

fn replace(masks: Option<SharedMasks>) -> Option<SharedMasks> {
    AMBIENT
        .try_with(|ambient| ambient.try_borrow_mut().ok().and_then(|mut a| std::mem::replace(&mut *a, masks)))
        .ok()?
}

/// Makes `masks` those of this thread until the guard is dropped. To be held around one poll or
/// one call of a closure, never across an `.await`.
pub(crate) fn enter(masks: SharedMasks) -> Entered {
    Entered { before: replace(Some(masks)), not_send: PhantomData }
}

/// Gives the thread its masks back when dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    before: Option<SharedMasks>,
    not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        replace(self.before.take());
    }
}

/// What is masked where the program is now; `None` outside of every call and scope.
pub(crate) fn current() -> Option<Masks> {
    let ambient = ambient().map(|masks| masks.get());
    let carried = Context::map_current(|cx| cx.get::<MaskContext>().map(|carried| carried.0.get()));
    match (ambient, carried) {
        (Some(ambient), Some(carried)) => Some(ambient.union(carried)),
        (one, other) => one.or(other),
    }
}

/// The masks of a span that begins here, below `cx`.
pub(crate) fn of_span(cx: &Context) -> Vec<SharedMasks> {
    let mut all: Vec<SharedMasks> = MaskContext::of(cx).into_iter().collect();
    all.extend(ambient().filter(|here| !all.iter().any(|known| Arc::ptr_eq(&known.0, &here.0))));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_set_above_later_holds_below() {
        let above = SharedMasks::new(Masks::new());
        let below = {
            let _entered = enter(above.clone());
            SharedMasks::here(Masks::new().mask_output(true))
        };
        assert!(!below.get().input());
        above.add(Masks::new().mask_input(true));
        assert_eq!(below.get(), Masks::all());
    }

    #[test]
    fn masks_of_the_context_and_of_the_thread_add_up() {
        let cx = MaskContext::with(&Context::new(), SharedMasks::new(Masks::new().mask_input(true)));
        let _attached = cx.attach();
        let _entered = enter(SharedMasks::new(Masks::new().mask_output(true)));
        assert_eq!(current(), Some(Masks::all()));
        assert_eq!(SharedMasks::here(Masks::new()).get(), Masks::all());
    }

    #[test]
    fn leaving_gives_the_masks_back() {
        {
            let _entered = enter(SharedMasks::new(Masks::all()));
            assert_eq!(current(), Some(Masks::all()));
        }
        assert_eq!(current(), None);
    }
}
