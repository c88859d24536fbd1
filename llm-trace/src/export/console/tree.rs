//! Draws a trace as a tree with a timeline.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::trace::SpanData;

use super::content;
use super::content::clean;
use super::facts;
use super::paint::{Colour, Paint};

const BAR: usize = 16;
const NAME: usize = 44;
const CONTENT: usize = 96;

/// Renders spans of one trace. The text ends with a line break.
pub(super) fn render(spans: &[SpanData], service: &str, paint: Paint) -> String {
    let ids: HashSet<SpanId> = spans.iter().map(|s| s.span_context.span_id()).collect();
    let mut children: HashMap<SpanId, Vec<&SpanData>> = HashMap::new();
    let mut tops = Vec::new();
    for span in spans {
        if ids.contains(&span.parent_span_id) && !span.parent_span_is_remote {
            children.entry(span.parent_span_id).or_default().push(span);
        } else {
            tops.push(span);
        }
    }
    let sort = |spans: &mut Vec<&SpanData>| spans.sort_by_key(|span| span.start_time);
    sort(&mut tops);
    children.values_mut().for_each(sort);

    let mut rows = Vec::new();
    for top in &tops {
        collect(top, &children, String::new(), String::new(), &mut rows);
    }
    let width = rows.iter().map(Row::width).max().unwrap_or(0);
    let scale = Scale::of(spans);
    let mut text = header(&tops, service, scale.total, paint);
    for row in rows {
        row.write(&mut text, width, &scale, paint);
    }
    text
}

fn header(tops: &[&SpanData], service: &str, total: Duration, paint: Paint) -> String {
    let Some(first) = tops.first() else { return String::new() };
    let mut words = vec![paint.paint(Colour::Dim, format!("trace {}", first.span_context.trace_id()))];
    if !service.is_empty() {
        words.push(paint.paint(Colour::Bold, clean(service, 60)));
    }
    if first.parent_span_id != SpanId::INVALID {
        let whose =
            if first.parent_span_is_remote { "below a span of another program" } else { "below an earlier span" };
        words.push(paint.paint(Colour::Dim, whose));
    }
    words.push(paint.paint(Colour::Dim, duration(total)));
    words.join(&paint.paint(Colour::Dim, " · ")) + "\n"
}

struct Row<'a> {
    span: &'a SpanData,
    /// The branches before the span's name.
    lead: String,
    /// The branches before the span's content lines.
    below: String,
    name: String,
}

/// Uses an explicit stack, because the depth of recursion would depend on the program.
fn collect<'a>(
    top: &'a SpanData,
    children: &HashMap<SpanId, Vec<&'a SpanData>>,
    lead: String,
    below: String,
    rows: &mut Vec<Row<'a>>,
) {
    let mut stack = vec![(top, lead, below)];
    while let Some((span, lead, below)) = stack.pop() {
        let own = children.get(&span.span_context.span_id()).map(Vec::as_slice).unwrap_or_default();
        // From the last child to the first one, because the stack is read from its end.
        for (after, child) in own.iter().rev().enumerate() {
            let last = after == 0;
            let (branch, rest) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            stack.push((child, format!("{below}{branch}"), format!("{below}{rest}")));
        }
        let below = if own.is_empty() { below } else { format!("{below}│") };
        rows.push(Row { span, lead, below, name: clean(&span.name, NAME) });
    }
}

impl Row<'_> {
    fn width(&self) -> usize {
        self.lead.chars().chain(self.name.chars()).count()
    }

    fn write(&self, text: &mut String, width: usize, scale: &Scale, paint: Paint) {
        let span = self.span;
        let failed = matches!(span.status, Status::Error { .. });
        let colour = if failed { Colour::Red } else { Colour::Bold };
        let pad = width.saturating_sub(self.width());
        let time = duration(span.end_time.duration_since(span.start_time).unwrap_or_default());
        let bar_colour = if failed {
            Colour::Red
        } else if facts::is_llm(span) {
            Colour::Green
        } else {
            Colour::Dim
        };
        let _ = write!(
            text,
            "{}{}{:pad$}  {time:>8}  {}",
            paint.paint(Colour::Dim, &self.lead),
            paint.paint(colour, &self.name),
            "",
            paint.paint(bar_colour, scale.bar(span)),
        );
        let summary = facts::summary(span, paint);
        if !summary.is_empty() {
            let _ = write!(text, "  {summary}");
        }
        while text.ends_with(' ') {
            text.pop();
        }
        text.push('\n');
        for line in content::lines(span, CONTENT) {
            let who = paint.paint(Colour::Dim, format!("{:>9}", line.who));
            let _ = writeln!(text, "{} {who}  {}", paint.paint(Colour::Dim, &self.below), line.what);
        }
    }
}

/// Maps time to columns.
struct Scale {
    start: SystemTime,
    total: Duration,
}

impl Scale {
    fn of(spans: &[SpanData]) -> Self {
        let start = spans.iter().map(|s| s.start_time).min().unwrap_or(SystemTime::UNIX_EPOCH);
        let end = spans.iter().map(|s| s.end_time).max().unwrap_or(start);
        Self { start, total: end.duration_since(start).unwrap_or_default() }
    }

    fn bar(&self, span: &SpanData) -> String {
        let at = |time: SystemTime| {
            let total = self.total.as_secs_f64().max(f64::MIN_POSITIVE);
            let part = time.duration_since(self.start).unwrap_or_default().as_secs_f64() / total;
            (part * BAR as f64).round().clamp(0.0, BAR as f64) as usize
        };
        let from = at(span.start_time).min(BAR - 1);
        let to = at(span.end_time).clamp(from.saturating_add(1), BAR);
        let column = |column| if (from..to).contains(&column) { '━' } else { '·' };
        (0..BAR).map(column).collect()
    }
}

fn duration(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    match ms {
        ms if ms < 1.0 => format!("{:.0} µs", ms * 1000.0),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms if ms < 100_000.0 => format!("{:.2} s", ms / 1000.0),
        ms => format!("{:.0} s", ms / 1000.0),
    }
}
