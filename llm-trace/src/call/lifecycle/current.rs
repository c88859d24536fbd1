//! The current call.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tracing::Span;

use super::active_call::ActiveCall;
use crate::ambient::context::{CallStart, CurrentCall, MaskContext};
use crate::ambient::mask_context as masks;
use crate::ambient::mask_context::SharedMasks;
use crate::otel::{Context, ContextGuard};
use crate::policy::is_scrubbing;

thread_local! {
    static CURRENT: RefCell<Option<Arc<ActiveCall>>> = const { RefCell::new(None) };
    /// The context in which the call starts whose span this thread creates.
    static OFFERED: Cell<Option<Context>> = const { Cell::new(None) };
}

/// The call in an OpenTelemetry `Context`, set when its span exists.
#[derive(Clone, Debug, Default)]
pub(crate) struct CarriedCall(Arc<Call>);

#[derive(Debug, Default)]
struct Call(Mutex<CallState>);

#[derive(Debug, Default)]
struct CallState {
    active: Weak<ActiveCall>,
    start: Option<CallStart>,
}

impl CarriedCall {
    /// Returns `cx` with the call and its masks.
    pub(crate) fn onto(&self, cx: &Context, masks: SharedMasks) -> Context {
        MaskContext::with_call(cx, masks, self.0.clone())
    }

    /// Sets the call.
    pub(crate) fn set(&self, active: Weak<ActiveCall>) {
        self.0.lock().active = active;
    }

    /// Creates the call's span, and offers the layer of this crate to start it in `context` without its fields. Returns
    /// whether the layer accepted.
    pub(crate) fn offer(&self, start: CallStart, context: &Context, make: impl FnOnce() -> Span) -> (Span, bool) {
        self.0.lock().start = Some(start);
        let _ = OFFERED.try_with(|offered| offered.set(Some(context.clone())));
        let _offer = Offer;
        let span = make();
        (span, Self::accept().is_none())
    }

    /// Accepts the offer for the span that this thread creates.
    pub(crate) fn accept() -> Option<Context> {
        OFFERED.try_with(Cell::take).ok().flatten()
    }

    /// Takes the start for the first span that asks, which is the call's own.
    pub(crate) fn take_start_of(cx: &Context) -> Option<CallStart> {
        MaskContext::call(cx)?.take_start()
    }

    pub(crate) fn take_start(&self) -> Option<CallStart> {
        self.0.take_start()
    }

    /// The call in `cx`, if it is still running.
    pub(crate) fn live_of(cx: &Context) -> Option<Arc<ActiveCall>> {
        let call = (MaskContext::call(cx)? as &dyn Any).downcast_ref::<Call>()?;
        let active = call.lock().active.upgrade();
        active.filter(|_| !is_scrubbing())
    }
}

impl Call {
    fn lock(&self) -> MutexGuard<'_, CallState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CurrentCall for Call {
    fn take_start(&self) -> Option<CallStart> {
        self.lock().start.take()
    }
}

/// Withdraws the offer of this thread on drop, also if a layer panics.
struct Offer;

impl Drop for Offer {
    fn drop(&mut self) {
        CarriedCall::accept();
    }
}

/// The innermost call: that of this thread, or that of the active OpenTelemetry context, which instrumented tasks
/// propagate. `None` inside a scrubber, because the call whose text it scrubs may be locked.
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

/// Exits the call's span and restores the previous call when dropped.
#[doc(hidden)]
pub struct EnteredCall<'a> {
    // Fields drop in declaration order, which is the reverse of the entry order.
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

pub(crate) fn enter(active: &Arc<ActiveCall>) -> EnteredCall<'_> {
    let span = active.span().enter();
    // An unrecorded span attaches no context, but its masks and facts must apply below it.
    let context = active.detached_context().map(Context::attach);
    let masks = masks::enter(active.masks().clone());
    EnteredCall {
        _span: span,
        _context: context,
        _masks: masks,
        _before: Restore(swap(Some(active.clone())), PhantomData),
    }
}
