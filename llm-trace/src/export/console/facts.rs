//! Formats a span's facts: model, tokens, cost and outcome.

use opentelemetry::trace::Status;
use opentelemetry::{Array, Value};
use opentelemetry_sdk::trace::SpanData;

use super::content::clean;
use super::paint::{Colour, Paint};

pub(super) fn attribute<'a>(span: &'a SpanData, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|kv| kv.key.as_str() == key).map(|kv| &kv.value)
}

fn text(span: &SpanData, key: &str) -> Option<String> {
    attribute(span, key).map(|value| clean(&value.as_str(), 60))
}

fn number(span: &SpanData, key: &str) -> Option<i64> {
    match attribute(span, key) {
        Some(Value::I64(n)) => Some(*n),
        _ => None,
    }
}

/// Whether this is the span of an LLM call.
pub(super) fn is_llm(span: &SpanData) -> bool {
    attribute(span, "gen_ai.operation.name").is_some()
}

/// The text beside the bar, with facts separated by dots.
pub(super) fn summary(span: &SpanData, paint: Paint) -> String {
    let words = [
        provider(span, paint),
        model(span, paint),
        decision(span, paint),
        tokens(span, paint),
        cost(span, paint),
        end(span, paint),
        caller(span, paint),
        redaction(span, paint),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(&paint.paint(Colour::Dim, " · "))
}

fn provider(span: &SpanData, paint: Paint) -> Option<String> {
    text(span, "gen_ai.provider.name").map(|name| paint.paint(Colour::Cyan, name))
}

/// The response model, unless the span's name contains it.
fn model(span: &SpanData, paint: Paint) -> Option<String> {
    let answered = text(span, "gen_ai.response.model").or_else(|| text(span, "gen_ai.request.model"))?;
    let named = span.name.split_whitespace().any(|word| word == answered);
    (!named).then(|| paint.paint(Colour::Magenta, answered))
}

/// The decision of a guardrail.
fn decision(span: &SpanData, paint: Paint) -> Option<String> {
    text(span, "llm_trace.guardrail.decision").map(|word| paint.paint(Colour::Magenta, word))
}

fn tokens(span: &SpanData, paint: Paint) -> Option<String> {
    let input = number(span, "gen_ai.usage.input_tokens");
    let output = number(span, "gen_ai.usage.output_tokens");
    let mut line = match (input, output) {
        (Some(i), Some(o)) => format!("{} → {} tokens", grouped(i), grouped(o)),
        (Some(i), None) => format!("{} tokens in", grouped(i)),
        (None, Some(o)) => format!("{} tokens out", grouped(o)),
        (None, None) => return None,
    };
    let parts =
        [("gen_ai.usage.cache_read.input_tokens", "cached"), ("gen_ai.usage.reasoning.output_tokens", "reasoning")];
    let parts: Vec<_> = parts
        .into_iter()
        .filter_map(|(key, word)| number(span, key).filter(|n| *n > 0).map(|n| format!("{} {word}", grouped(n))))
        .collect();
    if !parts.is_empty() {
        line = format!("{line} ({})", parts.join(", "));
    }
    Some(paint.paint(Colour::Blue, line))
}

fn cost(span: &SpanData, paint: Paint) -> Option<String> {
    let keys = ["llm_trace.cost.total", "llm_trace.cost", "gen_ai.usage.cost"];
    let usd = keys.into_iter().find_map(|key| match attribute(span, key) {
        Some(Value::F64(usd)) => Some(*usd),
        Some(Value::I64(usd)) => Some(*usd as f64),
        _ => None,
    })?;
    let shown = if usd >= 0.01 || usd == 0.0 { format!("${usd:.2}") } else { format!("${usd:.6}") };
    let shown = if shown.contains('.') && usd < 0.01 {
        shown.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        shown
    };
    Some(paint.paint(Colour::Yellow, shown))
}

/// The outcome: an error, an outcome other than success, or the finish reason.
fn end(span: &SpanData, paint: Paint) -> Option<String> {
    let outcome = text(span, "llm_trace.outcome").filter(|o| !matches!(o.as_str(), "ok" | "success" | "completed"));
    if let Status::Error { description } = &span.status {
        let kind = text(span, "error.type").or_else(|| outcome.clone()).unwrap_or_else(|| "error".into());
        let mut words = vec![format!("✗ {kind}")];
        words.extend(outcome.filter(|o| *o != kind && o != "error"));
        words.extend(Some(clean(description, 100)).filter(|d| !d.is_empty() && *d != kind));
        return Some(paint.paint(Colour::Red, words.join(": ")));
    }
    if let Some(outcome) = outcome {
        return Some(paint.paint(Colour::Yellow, format!("◌ {outcome}")));
    }
    let reasons = match attribute(span, "gen_ai.response.finish_reasons") {
        Some(Value::Array(Array::String(reasons))) => reasons.iter().map(|r| clean(r.as_str(), 30)).collect(),
        Some(other) => vec![clean(&other.as_str(), 30)],
        None => Vec::new(),
    };
    let done = if reasons.is_empty() {
        is_llm(span).then(|| "✓".to_owned())
    } else {
        Some(format!("✓ {}", reasons.join(", ")))
    };
    done.map(|text| paint.paint(Colour::Green, text))
}

/// The caller.
fn caller(span: &SpanData, paint: Paint) -> Option<String> {
    let names = [
        ("user", "user.id"),
        ("team", "llm_trace.caller.team_id"),
        ("org", "llm_trace.caller.org_id"),
        ("key", "llm_trace.caller.key_alias"),
    ];
    let mut known: Vec<_> =
        names.iter().filter_map(|(word, key)| Some(format!("{word} {}", text(span, key)?))).collect();
    if known.is_empty() {
        let hash = text(span, "llm_trace.caller.key_hash")?;
        known.push(format!("key {}…", hash.chars().take(8).collect::<String>()));
    }
    Some(paint.paint(Colour::Dim, known.join(", ")))
}

/// The kinds and counts of masked or cut content.
fn redaction(span: &SpanData, paint: Paint) -> Option<String> {
    match attribute(span, "llm_trace.redaction")? {
        Value::Array(Array::String(done)) if !done.is_empty() => {
            let done: Vec<_> =
                done.iter().map(|one| clean(one.as_str(), 40).replace(':', " ").replace('=', " × ")).collect();
            Some(paint.paint(Colour::Yellow, format!("⊘ {}", done.join(", "))))
        }
        _ => None,
    }
}

/// `1234567` as `1,234,567`.
fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::from(if n < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
