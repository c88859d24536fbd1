//! Token counts of a message, including all attempts that led to it.
//!
//! <https://docs.claude.com/en/api/messages>, <https://docs.claude.com/en/docs/build-with-claude/compaction>

use crate::json::{FoundNode, Tree};
use crate::model::facts::{ResponseFacts, Usage, add_by_model};
use crate::semconv::Fact;
use crate::wire::paths::{key, keys};

/// The counts as sent. A later report replaces an earlier one.
#[derive(Debug, Default)]
pub(super) struct RawUsage {
    counts: Counts,
    searches: Option<i64>,
}

impl RawUsage {
    /// Applies a report and updates the facts.
    pub(super) fn report(&mut self, usage: FoundNode<'_>, facts: &mut ResponseFacts) {
        self.counts.read(usage);
        let searches = usage.path(keys!["server_tool_use", "web_search_requests"]).and_then(Tree::i64);
        self.searches = searches.or(self.searches);
        match usage.get(key!("iterations")).filter(|iterations| iterations.len() > 0) {
            Some(iterations) => {
                let (all, others) = consumed(iterations, facts.model());
                facts.usage.update(Usage { searches: self.searches, ..all });
                facts.usage_by_others = others;
            }
            None => facts.usage.update(Usage { searches: self.searches, ..self.counts.totals() }),
        }
        facts.update_text(Fact::ResponseServiceTier, usage.get_str(key!("service_tier")));
        // Added by OpenRouter.
        facts.cost = usage.get_f64(key!("cost")).or(facts.cost);
    }
}

/// The usage of all iterations, and the part of models other than `model`. The counts beside the iterations omit
/// compactions and advisors. A declined attempt that another model took over is not billed.
fn consumed(iterations: FoundNode<'_>, model: Option<&str>) -> (Usage, Vec<(String, Usage)>) {
    let mut all = Usage::default();
    let mut others: Vec<(String, Usage)> = Vec::new();
    let iterations: Vec<_> = iterations.items().collect();
    let mut rest = iterations.as_slice();
    while let Some((&iteration, after)) = rest.split_first() {
        rest = after;
        if is_declined(iteration, rest) {
            continue;
        }
        let mut counts = Counts::default();
        counts.read(iteration);
        let usage = counts.totals();
        all.add(usage);
        let other =
            iteration.get_str(key!("model")).filter(|other| model.is_some_and(|model| !is_same_model(model, other)));
        if let Some(other) = other {
            add_by_model(&mut others, other, usage);
        }
    }
    (all, others)
}

/// Whether another model took over after this iteration.
fn is_declined(iteration: FoundNode<'_>, rest: &[FoundNode<'_>]) -> bool {
    let is_attempt = |node: &FoundNode<'_>| matches!(node.get_str(key!("type")), Some("message" | "fallback_message"));
    let next = if is_attempt(&iteration) { rest.iter().find(|node| is_attempt(node)) } else { None };
    next.is_some_and(|next| {
        next.get_str(key!("type")) == Some("fallback_message")
            && next.get_str(key!("model")) != iteration.get_str(key!("model"))
    })
}

/// Whether two names denote the same model, one of them with a date suffix.
fn is_same_model(a: &str, b: &str) -> bool {
    let (long, short) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let dated = |rest: &str| rest.starts_with('-') && rest.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || dated(rest))
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    input: Option<i64>,
    output: Option<i64>,
    cache_read: Option<i64>,
    cache_creation: Option<i64>,
    cache_creation_1h: Option<i64>,
    thinking: Option<i64>,
}

impl Counts {
    fn read(&mut self, usage: FoundNode<'_>) {
        for (known, key) in [
            (&mut self.input, key!("input_tokens")),
            (&mut self.output, key!("output_tokens")),
            (&mut self.cache_read, key!("cache_read_input_tokens")),
            (&mut self.cache_creation, key!("cache_creation_input_tokens")),
        ] {
            *known = usage.get_i64(key).or(*known);
        }
        let hour = usage.path(keys!["cache_creation", "ephemeral_1h_input_tokens"]).and_then(Tree::i64);
        self.cache_creation_1h = hour.or(self.cache_creation_1h);
        let thinking = usage.path(keys!["output_tokens_details", "thinking_tokens"]).and_then(Tree::i64);
        self.thinking = thinking.or(self.thinking);
    }

    /// The counts by the conventions. As sent, `input_tokens` excludes cached tokens.
    fn totals(self) -> Usage {
        let cached = self.cache_read.unwrap_or(0).saturating_add(self.cache_creation.unwrap_or(0));
        Usage {
            input: self.input.map(|input| input.saturating_add(cached)),
            output: self.output,
            cache_read: self.cache_read,
            cache_creation: self.cache_creation,
            cache_creation_1h: self.cache_creation_1h,
            reasoning: self.thinking,
            ..Usage::default()
        }
    }
}
