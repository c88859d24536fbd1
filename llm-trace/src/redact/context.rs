//! The masks of the place where the program is now.
//!
//! They travel in the OpenTelemetry `Context` and, for code that never looks at one, in a
//! thread-local of our own. Neither needs an enabled span.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use opentelemetry::Context;

use super::masks::Masks;

/// The masks of a call or a scope, shared by everything below it, and growing only.
#[derive(Clone, Debug)]
pub(crate) struct SharedMasks(Arc<Level>);

#[derive(Debug)]
struct Level {
    bits: AtomicU8,
    above: Vec<SharedMasks>,
}

impl SharedMasks {
    /// Masks below nothing.
    pub(crate) fn new(masks: Masks) -> Self {
        Self(Arc::new(Level { bits: AtomicU8::new(masks.bits()), above: Vec::new() }))
    }

    /// Masks below those of the place where the program is now.
    pub(crate) fn here(masks: Masks) -> Self {
        let mut above: Vec<SharedMasks> = Vec::new();
        for place in [ambient(), MaskContext::of(&Context::current())].into_iter().flatten() {
            if !above.iter().any(|other| Arc::ptr_eq(&other.0, &place.0)) {
                above.push(place);
            }
        }
        Self(Arc::new(Level { bits: AtomicU8::new(masks.bits()), above }))
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

/// What is masked where the program is now.
pub(crate) fn current() -> Masks {
    let ambient = ambient().map_or(Masks::new(), |masks| masks.get());
    Context::map_current(|cx| cx.get::<MaskContext>().map_or(ambient, |carried| ambient.union(carried.0.get())))
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
        assert_eq!(current(), Masks::all());
        assert_eq!(SharedMasks::here(Masks::new()).get(), Masks::all());
    }

    #[test]
    fn leaving_gives_the_masks_back() {
        {
            let _entered = enter(SharedMasks::new(Masks::all()));
            assert!(current().any());
        }
        assert!(!current().any());
    }
}
