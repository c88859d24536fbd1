//! Masks that `tracing` spans carry: declared as fields, or found where the span was made.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context as OtelContext;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::mask_context;
use super::mask_context::SharedMasks;
use crate::guarded;
use crate::guarded::UserCode;
use crate::policy::{MaskFlag, Masks};

const INPUT: &str = "llm.mask_input";
const OUTPUT: &str = "llm.mask_output";

/// Whether any span carries masks: nothing is looked up before.
static ANY: AtomicBool = AtomicBool::new(false);

/// The masks of a `tracing` span, among its extensions.
#[derive(Clone, Debug)]
struct SpanMasks(SharedMasks);

/// Remembers the masks of a new span, and says them: those it declares, and those of the place where
/// it is made. `None` where it has none.
pub(crate) fn on_new_span<S>(attrs: &Attributes<'_>, id: &Id, cx: &Context<'_, S>) -> Option<Masks>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let declared = declared(attrs);
    // The span that is entered is among the places of the thread.
    let mut above = OtelContext::map_current(mask_context::of_span);
    above.extend(attrs.parent().and_then(|parent| of(parent, cx)));
    let span = cx.span(id).filter(|_| declared.is_some() || !above.is_empty())?;
    let mut extensions = span.extensions_mut();
    // Several layers of ours can see the same span.
    if let Some(known) = extensions.get_mut::<SpanMasks>() {
        return Some(known.0.get());
    }
    let masks = match (declared, above.as_slice()) {
        (None, [place]) => place.clone(),
        _ => SharedMasks::child_of(declared.unwrap_or_default(), above),
    };
    let said = masks.get();
    extensions.insert(SpanMasks(masks));
    // All threads read it: it is written once.
    if !any() {
        ANY.store(true, Ordering::Relaxed);
    }
    Some(said)
}

/// Adds masks that are recorded later.
pub(crate) fn on_record<S>(id: &Id, values: &Record<'_>, cx: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if cx.metadata(id).is_some_and(declares) {
        let recorded = recorded(values);
        if let Some(masks) = of(id, cx).filter(|_| recorded.any()) {
            masks.add(recorded);
        }
    }
}

/// Makes the span's masks those of the thread.
pub(crate) fn on_enter<S>(id: &Id, cx: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if let Some(masks) = of(id, cx) {
        mask_context::enter_span(id.into_u64(), mask_context::SpanPlace { place: masks, is_scope: true });
    }
}

/// Ends what [`on_enter`] began.
pub(crate) fn on_exit(id: &Id) {
    if any() {
        mask_context::exit_span(id.into_u64());
    }
}

/// Whether any span carries masks.
pub(crate) fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// The masks that a span carries.
pub(crate) fn of<S>(id: &Id, cx: &Context<'_, S>) -> Option<SharedMasks>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if !any() {
        return None;
    }
    cx.span(id)?.extensions().get::<SpanMasks>().map(|masks| masks.0.clone())
}

/// Whether a field says a mask.
pub(crate) fn is_flag(name: &str) -> bool {
    matches!(name, INPUT | OUTPUT)
}

pub(crate) fn declares(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().any(|field| is_flag(field.name()))
}

/// The masks that a new span says by its fields; `None` where it has no such field.
pub(crate) fn declared(attrs: &Attributes<'_>) -> Option<Masks> {
    declares(attrs.metadata()).then(|| {
        let mut flags = Flags(Masks::new());
        attrs.record(&mut flags);
        flags.0
    })
}

/// The masks among values that are recorded later.
pub(crate) fn recorded(values: &Record<'_>) -> Masks {
    let mut flags = Flags(Masks::new());
    values.record(&mut flags);
    flags.0
}

struct Flags(Masks);

impl Flags {
    fn set(&mut self, field: &Field, mask: bool) {
        self.0 = self.0.mask_input(mask && field.name() == INPUT).mask_output(mask && field.name() == OUTPUT);
    }
}

impl Visit for Flags {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value != 0);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value != 0);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.is_mask());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Formatting is the user's code, and may be dear.
        if is_flag(field.name())
            && let Some(text) = guarded::run(UserCode::Field, || format!("{value:?}"))
        {
            self.set(field, text.is_mask());
        }
    }
}
