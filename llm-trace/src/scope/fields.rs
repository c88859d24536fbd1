//! The same by fields of plain tracing spans: `info_span!("request", llm.user_id = id)`.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context as OtelContext;
use tracing::field::{Field, FieldSet, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::facts::ScopeFacts;
use super::place::level;
use crate::guarded::{self, UserCode};
use crate::redact::context::{self, SharedMasks};
use crate::redact::{Masks, flags};
use crate::value::AttributeValue;

/// Whether any span in the program has such fields: spans of programs without cost one load.
static ANY: AtomicBool = AtomicBool::new(false);

const PREFIX: &str = "llm.";
const METADATA: &str = "metadata.";

/// Where a field's text goes.
fn place<'f>(facts: &'f mut ScopeFacts, name: &str) -> Option<&'f mut Option<String>> {
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
    if flags::is_flag(name) {
        return true;
    }
    let Some(name) = name.strip_prefix(PREFIX) else { return false };
    name == "tags" || name.starts_with(METADATA) || place(&mut ScopeFacts::default(), name).is_some()
}

fn has_known(fields: &FieldSet) -> bool {
    fields.iter().any(|field| is_known(field.name()))
}

/// Looks at a callsite once.
pub(crate) fn on_callsite(metadata: &Metadata<'_>) {
    if metadata.is_span() && has_known(metadata.fields()) {
        ANY.store(true, Ordering::Relaxed);
    }
}

fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// What a span says, or the spans around it.
#[derive(Clone)]
struct SpanScope(SharedMasks);

#[derive(Default)]
struct Said {
    masks: Masks,
    facts: ScopeFacts,
    anything: bool,
}

impl Said {
    fn set(&mut self, field: &Field, value: AttributeValue) {
        let Some(name) = field.name().strip_prefix(PREFIX) else { return };
        match name {
            "tags" => {
                let text = value.to_text();
                let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                self.facts.tags = Some(tags.map(str::to_owned).collect());
            }
            name => match (name.strip_prefix(METADATA), place(&mut self.facts, name)) {
                (Some(key), _) => self.facts.set_metadata(key.to_owned().into(), value),
                (None, Some(field)) => *field = Some(value.to_text().into_owned()).filter(|text| !text.is_empty()),
                (None, None) => return,
            },
        }
        self.anything = true;
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Formatting is the user's code, and may be dear.
        if is_known(field.name()) {
            if let Some(text) = guarded::run(UserCode::Field, || format!("{value:?}")) {
                self.set(field, text.into());
            }
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

/// Keeps what a new span says, or what the spans around it do.
pub(crate) fn on_new_span<S>(attributes: &Attributes<'_>, id: &Id, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if !any() {
        return;
    }
    let parent = match attributes.parent() {
        Some(parent) => ctx.span(parent),
        None if attributes.is_contextual() => ctx.lookup_current(),
        None => None,
    };
    let around = parent.and_then(|span| span.extensions().get::<SpanScope>().cloned());
    let mut said = Said::default();
    if has_known(attributes.metadata().fields()) {
        attributes.record(&mut said);
        if let Some(masks) = flags::declared(attributes) {
            said.masks = masks;
            said.anything = true;
        }
    }
    let own = if said.anything {
        let mut above = context::of_span(&OtelContext::current());
        above.extend(around.map(|around| around.0).filter(|around| !above.iter().any(|place| place.is_within(around))));
        Some(SpanScope(level(said.masks, said.facts, above)))
    } else {
        around
    };
    if let (Some(own), Some(span)) = (own, ctx.span(id)) {
        span.extensions_mut().replace(own);
    }
}

/// Takes on what a span says late. Masks hold from now on for everything below.
pub(crate) fn on_record<S>(id: &Id, values: &Record<'_>, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if !any() {
        return;
    }
    let Some(span) = ctx.span(id).filter(|span| has_known(span.metadata().fields())) else { return };
    let mut said = Said::default();
    values.record(&mut said);
    said.masks = flags::recorded(values);
    if !said.anything && !said.masks.any() {
        return;
    }
    let before = span.extensions().get::<SpanScope>().map(|scope| scope.0.clone());
    if let Some(before) = &before {
        before.add(said.masks);
    }
    let own = level(said.masks, said.facts, before.into_iter().collect());
    context::change_span(id.into_u64(), &own);
    span.extensions_mut().replace(SpanScope(own));
}

pub(crate) fn on_enter<S>(id: &Id, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if any() {
        let scope = ctx.span(id).and_then(|span| span.extensions().get::<SpanScope>().cloned());
        if let Some(SpanScope(masks)) = scope {
            context::enter_span(id.into_u64(), masks);
        }
    }
}

pub(crate) fn on_exit(id: &Id) {
    if any() {
        context::exit_span(id.into_u64());
    }
}
