//! Masks of `tracing` spans: declared as fields, or inherited from the place where the span was created.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::mask_context;
use super::mask_context::SharedMasks;
use crate::otel::Context as OtelContext;
use crate::policy::{MaskFlag, Masks};
use crate::user_code::{self, UserCode};

const INPUT: &str = "llm.mask_input";
const OUTPUT: &str = "llm.mask_output";

/// Whether any span has masks. Nothing is looked up before.
static ANY: AtomicBool = AtomicBool::new(false);

/// The masks of a `tracing` span, stored in its extensions.
#[derive(Clone, Debug)]
struct SpanMasks(SharedMasks);

/// Stores and returns the masks of a new span: those it declares and those of the place where it is created. Returns
/// `None` if it has none.
pub(crate) fn on_new_span<S>(attrs: &Attributes<'_>, id: &Id, cx: &Context<'_, S>) -> Option<Masks>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let declared = declared(attrs);
    // The places of the thread include the entered span.
    let mut above = OtelContext::map_current(mask_context::of_span);
    above.extend(attrs.parent().and_then(|parent| of(parent, cx)));
    let span = cx.span(id).filter(|_| declared.is_some() || !above.is_empty())?;
    let mut extensions = span.extensions_mut();
    // Several layers of llm-trace may see the same span.
    if let Some(known) = extensions.get_mut::<SpanMasks>() {
        return Some(known.0.get());
    }
    let masks = match (declared, above.as_slice()) {
        (None, [masks]) => masks.clone(),
        _ => SharedMasks::child_of(declared.unwrap_or_default(), above),
    };
    let own = masks.get();
    extensions.insert(SpanMasks(masks));
    // Written only once, because all threads read it.
    if !any() {
        ANY.store(true, Ordering::Relaxed);
    }
    Some(own)
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

/// Adds the span's masks to those of the thread.
pub(crate) fn on_enter<S>(id: &Id, cx: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if let Some(masks) = of(id, cx) {
        mask_context::enter_span(id.into_u64(), mask_context::SpanPlace { masks, is_scope: true });
    }
}

/// Reverts [`on_enter`].
pub(crate) fn on_exit(id: &Id) {
    if any() {
        mask_context::exit_span(id.into_u64());
    }
}

/// Whether any span has masks.
pub(crate) fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// The masks of a span.
pub(crate) fn of<S>(id: &Id, cx: &Context<'_, S>) -> Option<SharedMasks>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if !any() {
        return None;
    }
    cx.span(id)?.extensions().get::<SpanMasks>().map(|masks| masks.0.clone())
}

/// Whether a field declares a mask. Its values are those of [`MaskFlag`].
pub(crate) fn is_flag(name: &str) -> bool {
    matches!(name, INPUT | OUTPUT)
}

pub(crate) fn declares(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().any(|field| is_flag(field.name()))
}

/// The masks that a new span declares, or `None` if it has no such field.
pub(crate) fn declared(attrs: &Attributes<'_>) -> Option<Masks> {
    declares(attrs.metadata()).then(|| {
        let mut flags = Flags(Masks::new());
        attrs.record(&mut flags);
        flags.0
    })
}

/// The masks in values that are recorded later.
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
        // Formatting runs user code and may be expensive.
        if is_flag(field.name())
            && let Some(text) = user_code::run(UserCode::Field, || format!("{value:?}"))
        {
            self.set(field, text.is_mask());
        }
    }
}
