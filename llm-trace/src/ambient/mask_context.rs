//! The masks at the current place of the program.
//!
//! They travel in the OpenTelemetry `Context` and in a thread-local, for code that does not propagate a `Context`.
//! Neither requires an enabled span. The facts of a scope travel with the masks.

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::LocalKey;

use super::context::{CallStart, MaskContext};
use super::scope_facts::ScopeFacts;
use crate::otel::{Context, KeyValue, SpanContext, SpanId, TraceId, Value, current_context};
use crate::policy::{Masks, Stamp};

/// The masks of a call or scope, shared by everything inside it. Masks can only be added.
#[derive(Clone, Debug)]
pub(crate) struct SharedMasks(Arc<Ambient>);

#[derive(Debug, Default)]
struct Ambient {
    bits: AtomicU8,
    above: Vec<SharedMasks>,
    /// The facts of the surrounding scopes.
    facts: Option<Arc<ScopeFacts>>,
    own_span: Mutex<OwnSpan>,
    /// A guard of llm-trace sees the span before it is exported.
    redacted_on_export: AtomicBool,
}

/// A call's own span, as far as code below `call` and guards need it.
#[derive(Debug, Default)]
pub(crate) struct OwnSpan {
    id: Option<(TraceId, SpanId)>,
    /// The call.
    pub(crate) call: Option<Weak<dyn Any + Send + Sync>>,
    /// The start, until a tracer has taken it.
    pub(crate) start: Option<CallStart>,
    /// The policy and masks that filtered the call's content. It is not filtered again unless either changes.
    pub(crate) filtered: Option<Filtered>,
    /// The range of attributes that the call wrote to its span, if known.
    pub(crate) written: Option<WrittenContent>,
    /// The corrections that the guard applies to the span.
    pub(crate) corrections: Vec<Correction>,
}

/// The final value of an attribute that was set at the start.
pub(crate) type Correction = (&'static str, Option<Value>);

/// The attributes that a call writes at its end, located by the key of one of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct WrittenContent {
    pub(crate) key: &'static str,
    /// The number of attributes before that one.
    pub(crate) before: usize,
    pub(crate) count: usize,
}

impl WrittenContent {
    /// The range of these attributes on the span. Attributes that other code set directly are not in it.
    pub(crate) fn range(self, attributes: &[KeyValue]) -> Range<usize> {
        let known = attributes.iter().rposition(|attribute| attribute.key.as_str() == self.key);
        let start = known.and_then(|at| at.checked_sub(self.before)).unwrap_or(attributes.len());
        start..attributes.len().min(start.saturating_add(self.count))
    }
}

/// A version of a policy, and the masks that were applied with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Filtered {
    pub(crate) stamp: Stamp,
    pub(crate) masks: Masks,
}

impl SharedMasks {
    /// Masks without a surrounding place.
    #[cfg(test)]
    pub(crate) fn new(masks: Masks) -> Self {
        Self::child_of(masks, Vec::new())
    }

    /// Masks inside other places, the innermost first. The facts are those of the innermost place.
    pub(crate) fn child_of(masks: Masks, above: Vec<SharedMasks>) -> Self {
        let facts = above.iter().find_map(|masks| masks.0.facts.clone());
        Self(Arc::new(Ambient { bits: AtomicU8::new(masks.bits()), above, facts, ..Ambient::default() }))
    }

    /// Like [`child_of`](Self::child_of), with facts of its own.
    pub(crate) fn with_scope(masks: Masks, above: Vec<SharedMasks>, facts: Arc<ScopeFacts>) -> Self {
        let bits = AtomicU8::new(masks.bits());
        Self(Arc::new(Ambient { bits, above, facts: Some(facts), ..Ambient::default() }))
    }

    /// The same place without its facts. Its masks apply, including those that are added later.
    pub(crate) fn without_facts(&self) -> Self {
        Self(Arc::new(Ambient { above: vec![self.clone()], ..Ambient::default() }))
    }

    /// The facts of the surrounding scopes.
    pub(crate) fn facts(&self) -> Option<&Arc<ScopeFacts>> {
        self.0.facts.as_ref()
    }

    /// Whether the facts of this place replace those of `other`.
    fn overrides(&self, other: &SharedMasks) -> bool {
        fn has(masks: &SharedMasks, facts: &Arc<ScopeFacts>) -> bool {
            masks.facts().is_some_and(|own| Arc::ptr_eq(own, facts))
        }
        let Some(facts) = other.facts() else { return self.facts().is_some() };
        let mut above = self.0.above.iter();
        !has(self, facts) && above.any(|above| has(above, facts) || above.overrides(other))
    }

    /// Whether both are the same place.
    pub(crate) fn is_same(&self, other: &SharedMasks) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether this is `other` or a place inside it.
    pub(crate) fn is_within(&self, other: &SharedMasks) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.above.iter().any(|above| above.is_within(other))
    }

    /// Masks inside the current place of the program.
    pub(crate) fn here(masks: Masks) -> Self {
        Self::child_of(masks, current_context::map_current(of_span))
    }

    /// Adds masks permanently.
    pub(crate) fn add(&self, masks: Masks) {
        self.0.bits.fetch_or(masks.bits(), Ordering::AcqRel);
    }

    /// The masks of this place and all places around it.
    pub(crate) fn get(&self) -> Masks {
        let own = Masks::from_bits(self.0.bits.load(Ordering::Acquire));
        self.0.above.iter().fold(own, |masks, above| masks.union(above.get()))
    }

    /// Sets the id of the call's own span.
    pub(crate) fn set_own_span(&self, span: &SpanContext) {
        self.own_span().id = Some((span.trace_id(), span.span_id()));
    }

    /// Whether this is the call's own span.
    pub(crate) fn is_own_span(&self, span: &SpanContext) -> bool {
        self.own_span().id == Some((span.trace_id(), span.span_id()))
    }

    /// The call's own span, locked.
    pub(crate) fn own_span(&self) -> MutexGuard<'_, OwnSpan> {
        self.0.own_span.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_redacted_on_export(&self) {
        if !self.is_redacted_on_export() {
            self.0.redacted_on_export.store(true, Ordering::Release);
        }
    }

    pub(crate) fn is_redacted_on_export(&self) -> bool {
        self.0.redacted_on_export.load(Ordering::Acquire)
    }
}

thread_local! {
    static AMBIENT: RefCell<Option<SharedMasks>> = const { RefCell::new(None) };
    /// The entered spans that have a place.
    static SPANS: RefCell<Vec<EnteredSpan>> = const { RefCell::new(Vec::new()) };
}

/// The place that a tracing span stores: its masks.
#[derive(Clone, Debug)]
pub(crate) struct SpanPlace {
    pub(crate) masks: SharedMasks,
    /// The span is a scope by its own fields. Otherwise it only stores the place where it was created.
    pub(crate) is_scope: bool,
}

#[derive(Debug)]
struct EnteredSpan {
    id: u64,
    span: SpanPlace,
}

/// Records that a span with a place was entered on this thread.
pub(crate) fn enter_span(id: u64, span: SpanPlace) {
    let _ = SPANS.try_with(|spans| spans.try_borrow_mut().map(|mut spans| spans.push(EnteredSpan { id, span })));
}

/// Records that the span was exited, in any order.
pub(crate) fn exit_span(id: u64) {
    let _ = SPANS.try_with(|spans| {
        let mut spans = spans.try_borrow_mut().ok()?;
        let at = spans.iter().rposition(|entered| entered.id == id)?;
        Some(spans.remove(at))
    });
}

/// Updates the place of an entered span.
pub(crate) fn change_span(id: u64, span: &SpanPlace) {
    let _ = SPANS.try_with(|spans| {
        let mut spans = spans.try_borrow_mut().ok()?;
        spans.iter_mut().filter(|entered| entered.id == id).for_each(|entered| entered.span = span.clone());
        Some(())
    });
}

/// The places of the entered spans, the innermost first: either those that are scopes or those that are not.
fn entered(scopes: bool) -> Vec<SharedMasks> {
    // The thread-local may be destroyed at the end of a thread.
    let spans = SPANS.try_with(|spans| {
        let spans = spans.try_borrow().ok()?;
        let wanted = spans.iter().rev().filter(|entered| entered.span.is_scope == scopes);
        Some(wanted.map(|entered| entered.span.masks.clone()).collect())
    });
    spans.ok().flatten().unwrap_or_default()
}

/// The place of the call or scope that is running on this thread.
fn running() -> Option<SharedMasks> {
    AMBIENT.try_with(|ambient| ambient.try_borrow().ok()?.clone()).ok().flatten()
}

/// The place that a new span stores, for use if it is entered elsewhere. `None` outside of every scope, and if no
/// surrounding call or scope has masks or facts.
pub(crate) fn remembered(cx: &Context) -> Option<SharedMasks> {
    fn has_any(masks: &SharedMasks) -> bool {
        masks.facts().is_some() || masks.get() != Masks::new()
    }
    if !any_here(cx, has_any) {
        return None;
    }
    let mut all = of_span(cx);
    all.retain(has_any);
    match all.len() {
        0 | 1 => all.pop(),
        _ => Some(SharedMasks::child_of(Masks::new(), all)),
    }
}

/// Whether masks here have a property. Most spans are created outside of all calls and scopes, and nothing is cloned.
fn any_here(cx: &Context, has: fn(&SharedMasks) -> bool) -> bool {
    MaskContext::masks(cx).is_some_and(has)
        || AMBIENT.try_with(|masks| masks.try_borrow().is_ok_and(|masks| masks.as_ref().is_some_and(has))) == Ok(true)
        || SPANS.try_with(|spans| spans.try_borrow().is_ok_and(|spans| spans.iter().any(|span| has(&span.span.masks))))
            == Ok(true)
}

fn replace(masks: Option<SharedMasks>) -> Option<SharedMasks> {
    AMBIENT
        .try_with(|ambient| ambient.try_borrow_mut().ok().and_then(|mut a| std::mem::replace(&mut *a, masks)))
        .ok()?
}

/// Makes `masks` the masks of this thread until the guard is dropped. Hold the guard for one poll or one call of a
/// closure, never across an `.await`.
pub(crate) fn enter(masks: SharedMasks) -> EnteredMasks {
    EnteredMasks { before: replace(Some(masks)), not_send: PhantomData }
}

/// Restores the thread's previous masks when dropped.
#[derive(Debug)]
pub(crate) struct EnteredMasks {
    before: Option<SharedMasks>,
    not_send: PhantomData<*const ()>,
}

impl Drop for EnteredMasks {
    fn drop(&mut self) {
        replace(self.before.take());
    }
}

/// The masks at the current place, or `None` outside of every call and scope.
pub(crate) fn current() -> Option<Masks> {
    fn and(known: Option<Masks>, more: &SharedMasks) -> Option<Masks> {
        Some(known.map_or_else(|| more.get(), |known| known.union(more.get())))
    }
    fn of_thread<T>(kept: &'static LocalKey<RefCell<T>>, get: impl FnOnce(&T) -> Option<Masks>) -> Option<Masks> {
        // At the end of a thread the masks are unknown, and everything is masked.
        let known = kept.try_with(|kept| kept.try_borrow().ok().and_then(|kept| get(&kept)));
        known.unwrap_or_else(|_| Some(Masks::all()))
    }
    let carried = if current_context::exists() {
        Context::map_current(|cx| MaskContext::masks(cx).map(SharedMasks::get))
    } else {
        Some(Masks::all())
    };
    let entered = of_thread(&SPANS, |spans| spans.iter().fold(None, |known, entered| and(known, &entered.span.masks)));
    let ambient = of_thread(&AMBIENT, |ambient| ambient.as_ref().map(SharedMasks::get));
    [carried, entered, ambient].into_iter().flatten().reduce(Masks::union)
}

/// The places around a call, scope or span that starts here, below `cx`. No place in the list contains another one, and
/// those with precedence for facts come first.
///
/// The masks of all places apply. Facts are those of the scopes that are current on this thread. Facts stored in `cx`
/// and in entered spans are used only if there are no current ones: the span of a pooled connection must not assign one
/// caller's facts to the call of another.
pub(crate) fn of_span(cx: &Context) -> Vec<SharedMasks> {
    around(cx, true)
}

/// Like [`of_span`], for a call with an explicit parent in another trace: the facts stored in `cx` and in entered spans
/// do not apply.
pub(crate) fn of_other_trace(cx: &Context) -> Vec<SharedMasks> {
    around(cx, false)
}

fn around(cx: &Context, fill: bool) -> Vec<SharedMasks> {
    if !any_here(cx, |_| true) {
        return Vec::new();
    }
    let mut all: Vec<SharedMasks> = Vec::with_capacity(1);
    let add = |masks: SharedMasks, all: &mut Vec<SharedMasks>| {
        if !all.iter().any(|known| known.is_within(&masks)) {
            let at = all.iter().position(|known| masks.is_within(known)).unwrap_or(all.len());
            all.retain(|known| !masks.is_within(known));
            all.insert(at, masks);
        }
    };
    for masks in entered(true).into_iter().chain(running()) {
        add(masks, &mut all);
    }
    // Two layers may keep masks for the same span. The newer facts take precedence.
    if let Some(at) = all.iter().position(|masks| !all.iter().any(|other| other.overrides(masks))) {
        all[..=at].rotate_right(1);
    }
    for masks in MaskContext::masks(cx).cloned().into_iter().chain(entered(false)) {
        let is_below = all.iter().any(|known| masks.is_within(known));
        let has_facts = all.iter().any(|known| known.facts().is_some());
        let fills = is_below || (fill && !has_facts);
        add(if fills || masks.facts().is_none() { masks } else { masks.without_facts() }, &mut all);
    }
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
