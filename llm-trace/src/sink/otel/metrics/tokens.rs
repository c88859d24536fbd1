//! Token counts: one histogram in the core conventions, counters by modality in the latest.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use super::labels::{counts, sum, with};
use crate::model::Usage;
use crate::semconv::{Fact, Metric, Profile};

pub(super) enum Tokens {
    /// Counts input and output.
    Core(Histogram<u64>),
    Latest(Box<ByModality>),
}

pub(super) struct ByModality {
    input: Counter<u64>,
    output: Counter<u64>,
    cache_read: Counter<u64>,
    cache_write: Counter<u64>,
    reasoning: Counter<u64>,
    call_input: Histogram<u64>,
    call_output: Histogram<u64>,
}

impl Tokens {
    pub(super) fn new(meter: &Meter, profile: Profile) -> Self {
        let histogram = |metric| counts(meter, metric, profile);
        let sum = |metric| sum(meter, metric, profile);
        match profile {
            Profile::Core => Self::Core(histogram(Metric::TokenUsage)),
            Profile::Latest => Self::Latest(Box::new(ByModality {
                input: sum(Metric::UsageInput),
                output: sum(Metric::UsageOutput),
                cache_read: sum(Metric::UsageCacheRead),
                cache_write: sum(Metric::UsageCacheWrite),
                reasoning: sum(Metric::UsageReasoning),
                call_input: histogram(Metric::OperationInput),
                call_output: histogram(Metric::OperationOutput),
            })),
        }
    }

    pub(super) fn record(&self, usage: &Usage, labels: &mut Vec<KeyValue>) {
        match self {
            Tokens::Core(histogram) => {
                for (kind, count) in [("input", usage.input), ("output", usage.output)] {
                    if let Some(count) = unsigned(count) {
                        with(labels, KeyValue::new(Fact::TokenType.key(), kind), |labels| {
                            histogram.record(count, labels)
                        });
                    }
                }
            }
            Tokens::Latest(tokens) => tokens.record(usage, labels),
        }
    }
}

impl ByModality {
    fn record(&self, usage: &Usage, labels: &mut Vec<KeyValue>) {
        let input = [usage.input_text, usage.input_image, usage.input_audio];
        let output = [usage.output_text, usage.output_image, usage.output_audio];
        add(&self.input, usage.input, input, labels);
        add(&self.output, usage.output, output, labels);
        for (counter, count) in [
            (&self.cache_read, usage.cache_read),
            (&self.cache_write, usage.cache_creation),
            (&self.reasoning, usage.reasoning),
        ] {
            add(counter, count, [None; 3], labels);
        }
        for (histogram, count) in [(&self.call_input, usage.input), (&self.call_output, usage.output)] {
            if let Some(count) = unsigned(count) {
                histogram.record(count, labels);
            }
        }
    }
}

/// Adds the tokens of each known modality, and the rest without a modality.
fn add(counter: &Counter<u64>, total: Option<i64>, known: [Option<i64>; 3], labels: &mut Vec<KeyValue>) {
    let mut rest = unsigned(total);
    for (modality, count) in ["text", "image", "audio"].into_iter().zip(known) {
        if let Some(count) = unsigned(count) {
            rest = rest.and_then(|rest| rest.checked_sub(count)).filter(|rest| *rest > 0);
            with(labels, KeyValue::new(Fact::TokenModality.key(), modality), |labels| counter.add(count, labels));
        }
    }
    if let Some(rest) = rest {
        with(labels, KeyValue::new(Fact::TokenModality.key(), "unknown"), |labels| counter.add(rest, labels));
    }
}

fn unsigned(count: Option<i64>) -> Option<u64> {
    count.and_then(|count| u64::try_from(count).ok())
}
