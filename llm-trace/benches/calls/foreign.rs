//! The overhead of `RedactLayer` for spans of other crates, without content.

use std::hint::black_box;

use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use super::setup::content_on;
use super::table::Table;

/// Visits each field and keeps no value.
struct Looks;

struct Look;

impl Visit for Look {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        black_box(value);
    }
}

impl<S: tracing::Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Looks {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut Look);
    }
}

fn span() {
    let span = tracing::info_span!("query", db.system = "postgresql", db.name = "app", rows = 3_i64, pooled = true);
    span.in_scope(|| black_box(()));
}

pub(crate) fn spans(table: &mut Table) {
    with_default(&Dispatch::new(tracing_subscriber::registry().with(Looks)), || {
        table.row("foreign span, layer", 1, span);
    });
    let redacted = llm_trace::redact(Looks).with_policy(content_on());
    with_default(&Dispatch::new(tracing_subscriber::registry().with(redacted)), || {
        table.row_against("foreign span, layer in RedactLayer", 1, Some("foreign span, layer"), span);
    });
}
