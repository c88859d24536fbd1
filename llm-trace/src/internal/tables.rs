//! The tables of facts, content and metrics, for generated documentation and the tests that compare them.

use crate::Profile;
use crate::semconv::{ContentField, Fact, FactKind, Instrument, Metric, ValueType};

/// An attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name of its row.
    pub id: String,
    /// Its name in the core conventions.
    pub core: Option<&'static str>,
    /// Its name in the latest conventions.
    pub latest: Option<&'static str>,
    /// The type of its value in the terms of the conventions; `any` for content.
    pub value: [&'static str; 2],
    /// `identifier`, `identity`, `number`, `free` or `content`.
    pub kind: &'static str,
    /// Whether metrics may use it as an attribute.
    pub label: bool,
    /// One sentence.
    pub doc: &'static str,
}

/// A metric.
#[derive(Clone, Debug)]
pub struct MetricRow {
    /// Its name in the core conventions.
    pub core: Option<&'static str>,
    /// Its name in the latest conventions.
    pub latest: Option<&'static str>,
    /// `histogram` or `counter`.
    pub instrument: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// The bounds of its buckets.
    pub bounds: &'static [f64],
    /// One sentence.
    pub doc: &'static str,
}

/// All attributes: facts, then content.
pub fn attributes() -> Vec<Attribute> {
    let facts = Fact::ALL.iter().map(|fact| {
        let row = fact.row();
        Attribute {
            id: format!("{fact:?}"),
            core: fact.name(Profile::Core),
            latest: fact.name(Profile::Latest),
            value: value(row.value),
            kind: kind(row.kind),
            label: row.label,
            doc: row.doc.trim(),
        }
    });
    let content = ContentField::ALL.iter().map(|field| Attribute {
        id: format!("{field:?}"),
        core: Some(field.name(Profile::Core)),
        latest: Some(field.name(Profile::Latest)),
        value: ["any"; 2],
        kind: "content",
        label: false,
        doc: field.doc().trim(),
    });
    facts.chain(content).collect()
}

/// All metrics.
pub fn metrics() -> Vec<MetricRow> {
    let row = |metric: &Metric| MetricRow {
        core: metric.name(Profile::Core),
        latest: metric.name(Profile::Latest),
        instrument: match metric.instrument() {
            Instrument::Histogram => "histogram",
            Instrument::Counter => "counter",
            Instrument::UpDownCounter => "updowncounter",
        },
        unit: metric.unit(),
        bounds: metric.bounds(),
        doc: metric.doc().trim(),
    };
    Metric::ALL.iter().map(row).collect()
}

/// The type in each profile.
fn value(value: ValueType) -> [&'static str; 2] {
    match value {
        ValueType::Text => ["string"; 2],
        ValueType::Texts => ["string[]"; 2],
        ValueType::Int => ["int"; 2],
        ValueType::Float => ["double"; 2],
        ValueType::Bool => ["boolean"; 2],
        ValueType::FloatThenInt => ["double", "int"],
        ValueType::Any => ["any"; 2],
    }
}

fn kind(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Identifier => "identifier",
        FactKind::Identity => "identity",
        FactKind::Number => "number",
        FactKind::Free => "free",
    }
}
