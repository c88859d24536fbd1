//! The current call.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use super::active_call::ActiveCall;
use crate::ambient::context::MaskContext;
use crate::ambient::mask_context as masks;
use crate::otel::{Context, ContextGuard, current_context};
use crate::policy::is_scrubbing;

thread_local! {
    static CURRENT: RefCell<Option<Arc<ActiveCall>>> = const { RefCell::new(None) };
}

impl ActiveCall {
    /// The call in `cx`, if it is still running.
    pub(crate) fn live_of(cx: &Context) -> Option<Arc<ActiveCall>> {
        let call = MaskContext::call(cx)?.own_span().call.as_ref()?.upgrade()?;
        call.downcast().ok().filter(|_| !is_scrubbing())
    }
}

/// The innermost call: that of this thread, or that of the active OpenTelemetry context, which instrumented tasks
/// propagate. `None` inside a scrubber, because the call whose text it scrubs may be locked.
pub(crate) fn get() -> Option<Arc<ActiveCall>> {
    let here = CURRENT.try_with(|current| current.try_borrow().ok()?.clone()).ok().flatten();
    here.filter(|_| !is_scrubbing()).or_else(|| current_context::map_current(ActiveCall::live_of))
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

/// Enters the call's span, unless this thread ends: the OpenTelemetry layer would panic.
pub(crate) fn enter(active: &Arc<ActiveCall>) -> Option<EnteredCall<'_>> {
    let span = current_context::exists().then(|| active.span().enter())?;
    // An unrecorded span attaches no context, but its masks and facts must apply below it.
    let context = active.detached_context().and_then(current_context::attach);
    let masks = masks::enter(active.masks().clone());
    Some(EnteredCall {
        _span: span,
        _context: context,
        _masks: masks,
        _before: Restore(swap(Some(active.clone())), PhantomData),
    })
}
