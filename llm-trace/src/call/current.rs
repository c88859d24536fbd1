//! Which call runs now.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::SystemTime;

use opentelemetry::{Context, ContextGuard};

use super::active_call::ActiveCall;
use crate::ambient::mask_context as masks;
use crate::ambient::mask_context::{MaskContext, SharedMasks};
use crate::policy::is_scrubbing;

thread_local! {
    static CURRENT: RefCell<Option<Arc<ActiveCall>>> = const { RefCell::new(None) };
}

/// The call that an OpenTelemetry `Context` carries: filled in once the span is there.
#[derive(Clone, Debug)]
pub(crate) struct CarriedCall(Arc<Call>);

/// How a call's own span is to start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// When the call began.
    pub(crate) begun: SystemTime,
    /// Whether it will most likely be recorded.
    pub(crate) likely: bool,
}

#[derive(Debug)]
struct Call {
    live: OnceLock<Weak<ActiveCall>>,
    start: Start,
    /// The call's own span has asked for it.
    taken: AtomicBool,
}

impl CarriedCall {
    pub(crate) fn new(begun: SystemTime, likely: bool) -> Self {
        Self(Arc::new(Call { live: OnceLock::new(), start: Start { begun, likely }, taken: AtomicBool::new(false) }))
    }

    /// `cx` with the call and its masks.
    pub(crate) fn onto(&self, cx: &Context, masks: SharedMasks) -> Context {
        MaskContext::with_call(cx, masks, self.0.clone())
    }

    /// Each call is registered once.
    pub(crate) fn set(&self, live: Weak<ActiveCall>) {
        let _ = self.0.live.set(live);
    }

    /// How the span of the call of `cx` starts, for the first that asks: the call's own span.
    pub(crate) fn take_start_of(cx: &Context) -> Option<Start> {
        MaskContext::call::<Call>(cx)?.take_start()
    }

    pub(crate) fn take_start(&self) -> Option<Start> {
        self.0.take_start()
    }

    /// The call of `cx`, if it still runs.
    pub(crate) fn live_of(cx: &Context) -> Option<Arc<ActiveCall>> {
        MaskContext::call::<Call>(cx)?.live.get()?.upgrade().filter(|_| !is_scrubbing())
    }
}

impl Call {
    fn take_start(&self) -> Option<Start> {
        (!self.taken.swap(true, Ordering::Relaxed)).then_some(self.start)
    }
}

/// The innermost call: of this thread's stack, or of the active OpenTelemetry context, which an
/// instrumented task brings along. None for a scrubber: the call whose text it has may be locked.
pub(crate) fn get() -> Option<Arc<ActiveCall>> {
    let here = CURRENT.try_with(|current| current.try_borrow().ok()?.clone()).ok().flatten();
    here.filter(|_| !is_scrubbing()).or_else(|| Context::map_current(CarriedCall::live_of))
}

fn swap(call: Option<Arc<ActiveCall>>) -> Option<Arc<ActiveCall>> {
    CURRENT
        .try_with(|current| current.try_borrow_mut().ok().and_then(|mut now| std::mem::replace(&mut *now, call)))
        .ok()
        .flatten()
}

/// A call's span is entered and the call is the current one, until this is dropped.
#[doc(hidden)]
pub struct EnteredCall<'a> {
    // Fields drop in this order: the reverse of how they were entered.
    _before: Restore,
    _masks: masks::EnteredMasks,
    _context: Option<ContextGuard>,
    _span: tracing::span::Entered<'a>,
}

impl std::fmt::Debug for EnteredCall<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnteredCall")
    }
}

struct Restore(Option<Arc<ActiveCall>>, PhantomData<*const ()>);

impl Drop for Restore {
    fn drop(&mut self) {
        swap(self.0.take());
    }
}

pub(crate) fn enter(live: &Arc<ActiveCall>) -> EnteredCall<'_> {
    let span = live.span().enter();
    // A span that nobody records attaches no context; what must hold below it still must.
    let context = live.detached_context().map(Context::attach);
    let masks = masks::enter(live.masks().clone());
    EnteredCall {
        _span: span,
        _context: context,
        _masks: masks,
        _before: Restore(swap(Some(live.clone())), PhantomData),
    }
}
