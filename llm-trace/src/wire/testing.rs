//! Test helpers for readers: JSON in, facts and messages out.

use serde_json::{Value, json};

use super::collect::{Collector, StreamEnd};
use super::paths::PATHS;
use super::stream::StreamOutput;
use super::{Format, Reader};
use crate::json::{Found, JsonView, Mode};
use crate::message::{FinishedInput, InputContent, Messages};
use crate::model::facts::ResponseFacts;
use crate::policy::Filter;
use crate::semconv::{AttributeValue, Fact, Facts, Profile};

/// Typed values of facts.
pub(super) trait TypedFacts {
    fn int(&self, fact: Fact) -> Option<i64>;
    fn float(&self, fact: Fact) -> Option<f64>;
    fn texts(&self, fact: Fact) -> Option<Vec<String>>;
}

impl TypedFacts for Facts {
    fn int(&self, fact: Fact) -> Option<i64> {
        self.get(fact)?.as_i64()
    }

    fn float(&self, fact: Fact) -> Option<f64> {
        self.get(fact)?.as_f64()
    }

    fn texts(&self, fact: Fact) -> Option<Vec<String>> {
        if let Some(AttributeValue::Strs(texts)) = self.get(fact) { Some(texts.clone()) } else { None }
    }
}

pub(super) fn request(reader: &dyn Reader, body: Value) -> Facts {
    let mut facts = Facts::default();
    reader.request(Found::from_value(&PATHS, &body, false).root(), &mut facts);
    facts
}

fn input(reader: &dyn Reader, body: &Value) -> FinishedInput {
    let mut out = InputContent::new(Filter::plain());
    reader.input(JsonView::from_value(body, Mode::Full).root(), &mut out);
    out.finish()
}

/// The input messages, the system instructions and the tools.
pub(super) fn content(reader: &dyn Reader, body: Value) -> [Value; 3] {
    let FinishedInput { messages, instructions, tools, .. } = input(reader, &body);
    [messages, instructions, tools].map(parsed)
}

/// The facts and the output messages of a whole response.
pub(super) fn answer(reader: &dyn Reader, body: Value) -> (ResponseFacts, Value) {
    let mut facts = ResponseFacts::default();
    let doc = JsonView::from_value(&body, Mode::Full);
    reader.response(Found::from_value(&PATHS, &body, false).root(), &mut facts);
    let mut out = Messages::output(Filter::plain(), Profile::Core);
    reader.output(doc.root(), &mut out);
    (facts, parsed(out.finish().0))
}

/// The end, the facts and the output messages of a stream of events.
pub(super) fn stream(format: Format, events: &[Value]) -> (StreamEnd, ResponseFacts, Value) {
    let mut stream = Collector::new(None, Some(format), None, Some((Mode::Full, StreamOutput::default())));
    for event in events {
        let name = event.get("type").and_then(Value::as_str).unwrap_or("message");
        stream.push(format!("event: {name}\ndata: {event}\n\n").as_bytes());
    }
    let collected = stream.finish();
    let mut out = Messages::output(Filter::plain(), Profile::Core);
    if let Some(output) = collected.output {
        output.write(&mut out);
    }
    (collected.end, collected.facts, parsed(out.finish().0))
}

fn parsed(json: Option<String>) -> Value {
    json.map_or(json!(null), |json| serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}")))
}
