//! Scopes declared by the fields of plain tracing spans: `info_span!("request", llm.user_id = id)`.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::field::{Field, FieldSet, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::entered_scope::level;
use super::mask_context;
use super::mask_context::{SharedMasks, SpanPlace};
use super::scope_facts::ScopeFacts;
use super::span_masks;
use crate::otel::Context as OtelContext;
use crate::policy::Masks;
use crate::semconv::AttributeValue;
use crate::user_code::{self, UserCode};

/// Whether any span in the program has a place. Otherwise entering a span costs a single load.
static ANY: AtomicBool = AtomicBool::new(false);

const PREFIX: &str = "llm.";
const METADATA: &str = "metadata.";

/// The fact for a field.
fn slot<'f>(facts: &'f mut ScopeFacts, name: &str) -> Option<&'f mut Option<String>> {
    Some(match name {
        "user_id" => &mut facts.user,
        "session_id" => &mut facts.session,
        "conversation_id" => &mut facts.conversation,
        "key_hash" => &mut facts.caller.key_hash,
        "key_alias" => &mut facts.caller.key_alias,
        "team_id" => &mut facts.caller.team_id,
        "team_alias" => &mut facts.caller.team_alias,
        "org_id" => &mut facts.caller.org_id,
        "end_user_id" => &mut facts.caller.end_user_id,
        "email" => &mut facts.caller.email,
        "route" => &mut facts.caller.route,
        _ => return None,
    })
}

fn is_known(name: &str) -> bool {
    if span_masks::is_flag(name) {
        return true;
    }
    let Some(name) = name.strip_prefix(PREFIX) else { return false };
    name == "tags" || name.starts_with(METADATA) || slot(&mut ScopeFacts::default(), name).is_some()
}

fn has_known(fields: &FieldSet) -> bool {
    fields.iter().any(|field| is_known(field.name()))
}

/// Checks a new callsite.
pub(crate) fn on_callsite(metadata: &Metadata<'_>) {
    if metadata.is_span() && has_known(metadata.fields()) {
        ANY.store(true, Ordering::Relaxed);
    }
}

fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

#[derive(Default)]
struct RecordedScope {
    masks: Masks,
    facts: ScopeFacts,
    anything: bool,
}

impl RecordedScope {
    fn set(&mut self, field: &Field, value: AttributeValue) {
        let Some(name) = field.name().strip_prefix(PREFIX) else { return };
        match name {
            "tags" => {
                let text = value.to_text();
                let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                self.facts.tags = Some(tags.map(str::to_owned).collect());
            }
            name => match (name.strip_prefix(METADATA), slot(&mut self.facts, name)) {
                (Some(key), _) => self.facts.set_metadata(key.to_owned().into(), value),
                (None, Some(field)) => *field = Some(value.to_text().into_owned()).filter(|text| !text.is_empty()),
                (None, None) => return,
            },
        }
        self.anything = true;
    }
}

impl Visit for RecordedScope {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Formatting runs user code and may be expensive.
        if is_known(field.name())
            && let Some(text) = user_code::run(UserCode::Field, || format!("{value:?}"))
        {
            self.set(field, text.into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if is_known(field.name()) {
            self.set(field, value.into());
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }
}

/// Stores the place of a new span: the scope declared by its fields, or the place where it is created.
pub(crate) fn on_new_span<S>(attributes: &Attributes<'_>, id: &Id, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let here = OtelContext::map_current(mask_context::remembered);
    if here.is_none() && !any() {
        return;
    }
    let parent = match attributes.parent() {
        Some(parent) => ctx.span(parent),
        None if attributes.is_contextual() => ctx.lookup_current(),
        None => None,
    };
    let around = parent.as_ref().and_then(|span| span.extensions().get::<SpanPlace>().cloned());
    let own = if has_known(attributes.metadata().fields()) {
        let mut recorded = RecordedScope::default();
        attributes.record(&mut recorded);
        if let Some(masks) = span_masks::declared(attributes) {
            recorded.masks = masks;
            recorded.anything = true;
        }
        let mut above = OtelContext::map_current(mask_context::of_span);
        let around = around.map(|around| around.masks);
        above.extend(around.filter(|around| !above.iter().any(|masks| masks.is_within(around))));
        // Fields recorded later are added to a place of its own, which spans inside share.
        Some(SpanPlace { masks: level(recorded.masks, recorded.facts, above), is_scope: recorded.anything })
    } else {
        let here = here.map(|here| if is_of_other_trace(attributes, ctx) { here.without_facts() } else { here });
        let masks = match (here, around.map(|around| around.masks)) {
            (Some(here), Some(around)) if around.is_within(&here) => Some(around),
            (Some(here), Some(around)) if !here.is_within(&around) => {
                Some(level(Masks::new(), ScopeFacts::default(), vec![here, around]))
            }
            (here, around) => here.or(around),
        };
        masks.map(|masks| SpanPlace { masks, is_scope: false })
    };
    if let (Some(own), Some(span)) = (own, ctx.span(id)) {
        ANY.store(true, Ordering::Relaxed);
        span.extensions_mut().replace(own);
    }
}

/// Whether a span has an explicit parent, or is an explicit root, while another trace is current.
fn is_of_other_trace<S>(attributes: &Attributes<'_>, ctx: &Context<'_, S>) -> bool
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if attributes.is_contextual() {
        return false;
    }
    let root = |span: SpanRef<'_, S>| span.scope().from_root().next().map(|root| root.id());
    let Some(current) = ctx.lookup_current().and_then(root) else { return false };
    attributes.parent().and_then(|parent| ctx.span(parent)).and_then(root) != Some(current)
}

/// Applies fields that a span records later. Their masks apply to everything inside from now on.
pub(crate) fn on_record<S>(id: &Id, values: &Record<'_>, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if !any() {
        return;
    }
    let Some(span) = ctx.span(id).filter(|span| has_known(span.metadata().fields())) else { return };
    let mut recorded = RecordedScope::default();
    values.record(&mut recorded);
    recorded.masks = span_masks::recorded(values);
    if !recorded.anything && !recorded.masks.any() {
        return;
    }
    let mut extensions = span.extensions_mut();
    let before = extensions.get_mut::<SpanPlace>().map(|before| before.masks.clone());
    let first = extensions.remove::<FirstMasks>();
    let first = first.or_else(|| Some(FirstMasks { masks: before.clone()?, records: 0 }));
    let (own, first) = match (first, before) {
        (Some(FirstMasks { masks, records }), Some(before)) => {
            masks.add(recorded.masks);
            let records = (records + 1) % MAX_RECORDS;
            let above = if records == 0 { masks.clone() } else { before.clone() };
            let facts = match before.facts() {
                Some(facts) => recorded.facts.over(facts),
                None => recorded.facts,
            };
            let own = level(Masks::new(), facts, vec![above]);
            (own, FirstMasks { masks, records })
        }
        _ => {
            let own = level(recorded.masks, recorded.facts, Vec::new());
            (own.clone(), FirstMasks { masks: own, records: 0 })
        }
    };
    extensions.replace(first);
    let own = SpanPlace { masks: own, is_scope: true };
    mask_context::change_span(id.into_u64(), &own);
    ANY.store(true, Ordering::Relaxed);
    extensions.replace(own);
}

/// The masks that a span had before its fields were recorded. Calls, spans and threads inside it hold these, so masks
/// that are recorded later are added to them. Facts are the newest ones.
struct FirstMasks {
    masks: SharedMasks,
    /// The number of records in the chain of masks.
    records: usize,
}

/// Each record makes masks inside of those before it, up to this number. Then a new chain starts, because a connection
/// may record its fields for days.
const MAX_RECORDS: usize = 64;

pub(crate) fn on_enter<S>(id: &Id, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if any() {
        let masks = ctx.span(id).and_then(|span| span.extensions().get::<SpanPlace>().cloned());
        if let Some(masks) = masks {
            mask_context::enter_span(id.into_u64(), masks);
        }
    }
}

pub(crate) fn on_exit(id: &Id) {
    if any() {
        mask_context::exit_span(id.into_u64());
    }
}
