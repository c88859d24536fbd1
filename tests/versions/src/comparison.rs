//! The spans of a version against ours, fact by fact.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::exported::ExportedSpan;

/// Other layers write these about the code, the thread and the span itself.
const OF_THE_LAYER: [&str; 7] = ["busy_ns", "code.", "idle_ns", "level", "logfire.", "target", "thread."];

/// Where fields have the user's attributes, as JSON.
const COLLECTED: &str = "llm_trace.attributes";

/// They are no two times the same.
const TIMES: [&str; 2] = ["gen_ai.response.time_to_first_chunk", "llm_trace.response.time_to_last_chunk"];

/// Fact by fact, how a version has it otherwise, with the calls where it does.
pub type Differences = BTreeMap<(String, String), BTreeSet<String>>;

/// The model calls, tools and agents, in the order of their end.
pub fn calls(spans: &[ExportedSpan]) -> Vec<&ExportedSpan> {
    spans.iter().filter(|span| span.is_call()).collect()
}

/// Each span's name with that of its parent, in the order of their end.
pub fn tree(spans: &[ExportedSpan]) -> Vec<(&str, &str)> {
    let parent = |span: &ExportedSpan| spans.iter().find(|other| other.span_id == span.parent_id);
    spans.iter().map(|span| (&*span.name, parent(span).map_or("", |parent| &*parent.name))).collect()
}

/// Name, kind, status and attributes.
fn facts(span: &ExportedSpan) -> BTreeMap<&str, Value> {
    let attributes =
        span.attributes.iter().filter(|(key, _)| !OF_THE_LAYER.iter().any(|prefix| key.starts_with(prefix)));
    let mut facts: BTreeMap<&str, Value> = attributes.map(|(key, value)| (&**key, value.clone())).collect();
    facts.extend([("(name)", json!(span.name)), ("(kind)", json!(span.kind)), ("(status)", json!(span.status))]);
    facts
}

/// How a fact that differs is recorded: in words that hold for every value of it.
fn difference(fact: &str, ours: Option<&Value>, theirs: Option<&Value>) -> Option<String> {
    let (ours, theirs) = match (ours, theirs) {
        (ours, theirs) if ours == theirs => return None,
        (Some(_), None) => return Some("missing".to_owned()),
        (None, Some(_)) => return Some("added".to_owned()),
        (Some(ours), Some(theirs)) => (ours, theirs),
        (None, None) => return None,
    };
    if TIMES.contains(&fact) && ours.is_f64() && theirs.is_f64() {
        return None;
    }
    let text = theirs.as_str();
    if ours.is_array() && text.and_then(|text| serde_json::from_str(text).ok()).as_ref() == Some(ours) {
        return Some("JSON text".to_owned());
    }
    if text.is_some_and(|text| text == ours.to_string()) {
        return Some("text".to_owned());
    }
    // A description is only there where the layer knows its field.
    if fact == "(status)" && theirs == "error: " {
        return Some("an error without its description".to_owned());
    }
    let short = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(format!("`{}` for `{}`", short(theirs), short(ours)))
}

/// What differs between the same calls, and how many facts there are.
pub fn compare(ours: &[ExportedSpan], theirs: &[ExportedSpan]) -> (Differences, usize) {
    let (ours, theirs) = (calls(ours), calls(theirs));
    let mut differences = Differences::new();
    let mut count = 0;
    assert_eq!(ours.len(), theirs.len(), "as many calls");
    for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        let call = crate::calls::NAMES[index];
        let mut differs = |fact: &str, how: String| {
            differences.entry((fact.to_owned(), how)).or_default().insert(call.to_owned());
        };
        let (our_facts, mut their_facts) = (facts(ours), facts(theirs));
        // The user's own attributes share one field.
        let collected = their_facts.remove(COLLECTED).and_then(|text| serde_json::from_str(text.as_str()?).ok());
        let collected: BTreeMap<String, Value> = collected.unwrap_or_default();
        count += our_facts.len();
        let keys = our_facts.keys().chain(their_facts.keys()).copied().chain(collected.keys().map(|key| &**key));
        for fact in keys.collect::<BTreeSet<_>>() {
            let (our, their) = (our_facts.get(fact), their_facts.get(fact));
            let how = match collected.get(fact) {
                Some(value) if their.is_none() && our == Some(value) => Some(format!("in `{COLLECTED}`")),
                Some(_) => Some(format!("otherwise in `{COLLECTED}`")),
                None => difference(fact, our, their),
            };
            if let Some(how) = how {
                differs(fact, how);
            }
        }
        for key in &theirs.repeated {
            differs(key, "more than once".to_owned());
        }
    }
    (differences, count)
}

/// A table in Markdown: a line for each fact that some version has otherwise, a column for each version.
pub fn table(versions: &[(String, Differences)]) -> String {
    let facts: BTreeSet<&str> = versions.iter().flat_map(|(_, all)| all.keys().map(|(fact, _)| &**fact)).collect();
    let mut table = String::from("| fact |");
    for (name, _) in versions {
        let _ = write!(table, " {name} |");
    }
    let _ = write!(table, "\n|---|{}\n", "---|".repeat(versions.len()));
    // Facts that differ alike stand in one line.
    let mut lines = BTreeMap::<Vec<String>, Vec<&str>>::new();
    for fact in facts {
        let cells = versions.iter().map(|(_, all)| {
            let hows = all.iter().filter(|((key, _), _)| key == fact);
            let cell: Vec<_> = hows.map(|((_, how), calls)| cell(how, calls)).collect();
            if cell.is_empty() { "the same".to_owned() } else { cell.join("; ") }
        });
        lines.entry(cells.collect()).or_default().push(fact);
    }
    let mut lines: Vec<_> = lines.into_iter().map(|(cells, facts)| (facts, cells)).collect();
    lines.sort();
    for (facts, cells) in lines {
        let facts: Vec<_> = facts.iter().map(|fact| fact_name(fact)).collect();
        let _ = writeln!(table, "| {} | {} |", facts.join(", "), cells.join(" | "));
    }
    table
}

fn fact_name(fact: &str) -> String {
    match fact {
        "(name)" | "(kind)" | "(status)" => format!("the span's {}", fact.trim_matches(['(', ')'])),
        key => format!("`{key}`"),
    }
}

/// How a fact is recorded otherwise, and in which calls if that is not all of them.
fn cell(how: &str, calls: &BTreeSet<String>) -> String {
    let everywhere = how == "JSON text" || how.starts_with("in `") || calls.len() == crate::calls::NAMES.len();
    let calls: Vec<_> = calls.iter().map(|call| &**call).collect();
    if everywhere { how.to_owned() } else { format!("{how} ({})", calls.join(", ")) }
}
