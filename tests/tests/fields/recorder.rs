//! A layer that keeps what it sees of each span, as an OpenTelemetry layer of any version would see it.

use std::fmt;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub parent: Option<String>,
    pub fields: Vec<(String, Value)>,
    /// Whether the last fields were recorded while the span was entered.
    pub entered_last: bool,
    pub closed: bool,
    entered: usize,
}

impl Seen {
    pub fn get(&self, name: &str) -> Value {
        let mut found = self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let first = found.next().cloned().unwrap_or_default();
        assert!(found.next().is_none(), "{name} is recorded twice: {:?}", self.fields);
        first
    }

    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known == name)
    }
}

/// Spans in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Vec<(u64, Seen)>>>);

impl Recorder {
    pub fn spans(&self) -> Vec<Seen> {
        self.0.lock().unwrap().iter().map(|(_, seen)| seen.clone()).collect()
    }

    fn change(&self, id: &Id, change: impl FnOnce(&mut Seen)) {
        let mut spans = self.0.lock().unwrap();
        if let Some((_, seen)) = spans.iter_mut().rev().find(|(known, _)| *known == id.into_u64()) {
            change(seen);
        }
    }
}

struct Fields<'s>(&'s mut Vec<(String, Value)>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.push((field.name().to_owned(), value.into()));
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, _: u64) {
        panic!("{field} is a u64, which old OpenTelemetry layers make a text");
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Recorder {
    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let parent = ctx.span(id).and_then(|span| Some(span.parent()?.name().to_owned()));
        let mut seen = Seen { parent, ..Seen::default() };
        attrs.record(&mut Fields(&mut seen.fields));
        self.0.lock().unwrap().push((id.into_u64(), seen));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.change(id, |seen| {
            values.record(&mut Fields(&mut seen.fields));
            seen.entered_last = seen.entered > 0;
        });
    }

    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {}

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        self.change(id, |seen| seen.entered += 1);
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        self.change(id, |seen| seen.entered -= 1);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.change(&id, |seen| seen.closed = true);
    }
}
