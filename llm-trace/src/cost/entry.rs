//! One model's prices, as LiteLLM's table has them.

use std::cell::Cell;

use serde_json::{Map, Value};

use super::billed::{Billed, Cost, tidy};

/// US dollars per token.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Rates {
    input: Option<f64>,
    output: Option<f64>,
    cache_read: Option<f64>,
    cache_creation: Option<f64>,
    reasoning: Option<f64>,
    input_audio: Option<f64>,
    output_audio: Option<f64>,
}

impl Rates {
    fn field(&mut self, key: &str) -> Option<&mut Option<f64>> {
        Some(match key {
            "input_cost_per_token" => &mut self.input,
            "output_cost_per_token" => &mut self.output,
            "cache_read_input_token_cost" => &mut self.cache_read,
            "cache_creation_input_token_cost" => &mut self.cache_creation,
            "output_cost_per_reasoning_token" => &mut self.reasoning,
            "input_cost_per_audio_token" => &mut self.input_audio,
            "output_cost_per_audio_token" => &mut self.output_audio,
            _ => return None,
        })
    }

    /// These rates where they are given, else the others.
    fn or(self, other: Rates) -> Rates {
        Rates {
            input: self.input.or(other.input),
            output: self.output.or(other.output),
            cache_read: self.cache_read.or(other.cache_read),
            cache_creation: self.cache_creation.or(other.cache_creation),
            reasoning: self.reasoning.or(other.reasoning),
            input_audio: self.input_audio.or(other.input_audio),
            output_audio: self.output_audio.or(other.output_audio),
        }
    }
}

/// When rates apply: for inputs longer than this, in this service tier.
#[derive(Clone, Debug, PartialEq)]
struct Case {
    above: i64,
    tier: Option<&'static str>,
    rates: Rates,
}

/// One model's prices.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// LiteLLM's own word for who offers the model.
    pub(super) provider: Option<Box<str>>,
    /// The most special ones last.
    cases: Vec<Case>,
}

const TIERS: [&str; 2] = ["priority", "flex"];

impl Entry {
    /// Reads an entry; `None` where it has no price per token.
    pub(super) fn read(entry: &Map<String, Value>) -> Option<Entry> {
        let mut cases: Vec<Case> = Vec::new();
        for (key, value) in entry {
            let Some(rate) = value.as_f64().filter(|rate| rate.is_finite() && *rate >= 0.0) else { continue };
            let Some((name, above, tier)) = case_of(key) else { continue };
            let at = match cases.iter().position(|case| case.above == above && case.tier == tier) {
                Some(at) => at,
                None => {
                    cases.push(Case { above, tier, rates: Rates::default() });
                    cases.len() - 1
                }
            };
            if let Some(field) = cases[at].rates.field(name) {
                *field = Some(rate);
            }
        }
        cases.sort_by_key(|case| (case.above, case.tier));
        let provider = entry.get("litellm_provider").and_then(Value::as_str).map(Box::from);
        (!cases.is_empty()).then_some(Entry { provider, cases })
    }

    fn rates(&self, input: i64, tier: Option<&str>) -> Rates {
        let fits = |case: &&Case| input >= case.above && (case.tier.is_none() || case.tier == tier);
        self.cases.iter().filter(fits).fold(Rates::default(), |before, case| case.rates.or(before))
    }

    /// What a call cost: `None` where nothing about it is known.
    pub(super) fn cost(&self, call: &Billed<'_>) -> Option<Cost> {
        let usage = call.usage;
        let rates = self.rates(usage.input.unwrap_or(0), call.service_tier);
        let partial = Cell::new(false);
        let bill = |rate: Option<f64>, tokens: i64| match rate {
            // Nothing of a kind that has no price costs nothing.
            _ if tokens == 0 => None,
            Some(rate) => Some(tidy(rate * tokens as f64)),
            None => {
                partial.set(true);
                None
            }
        };
        let mut cost = Cost::new();
        match usage.input {
            Some(all) => {
                let (read, written) = (known(usage.cache_read), known(usage.cache_creation));
                let audio = known(usage.input_audio).min(all);
                let text = (all - read - written - audio).max(0);
                // Without a price of their own, cached tokens are input like any other.
                cost.cache_read = bill(rates.cache_read.or(rates.input), read);
                cost.cache_creation = bill(rates.cache_creation.or(rates.input), written);
                cost.input = added(bill(rates.input, text), bill(rates.input_audio.or(rates.input), audio));
            }
            None => partial.set(rates.input != Some(0.0)),
        }
        match usage.output {
            Some(all) => {
                let thought = known(usage.reasoning).min(all);
                let audio = known(usage.output_audio).min(all - thought);
                cost.reasoning = bill(rates.reasoning.or(rates.output), thought);
                let text = bill(rates.output, all - thought - audio);
                cost.output = added(text, bill(rates.output_audio.or(rates.output), audio));
            }
            // Embeddings have no output to pay for.
            None if usage.input.is_some() && rates.output.is_none_or(|rate| rate == 0.0) => {}
            None => partial.set(true),
        }
        cost.partial = partial.get();
        if usage.input == Some(0) && usage.output.unwrap_or(0) == 0 && !cost.partial {
            cost.total = Some(0.0);
        }
        Some(cost)
    }
}

fn known(tokens: Option<i64>) -> i64 {
    tokens.unwrap_or(0).max(0)
}

fn added(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(tidy(a + b)),
        (a, b) => a.or(b),
    }
}

/// `input_cost_per_token_above_200k_tokens_priority`: the rate's name, its threshold, its tier.
fn case_of(key: &str) -> Option<(&str, i64, Option<&'static str>)> {
    let (mut name, mut tier) = (key, None);
    for word in TIERS {
        if let Some(rest) = name.strip_suffix(word).and_then(|rest| rest.strip_suffix('_')) {
            (name, tier) = (rest, Some(word));
        }
    }
    let mut above = 0;
    if let Some((rest, threshold)) = name.rsplit_once("_above_") {
        let thousands: i64 = threshold.strip_suffix("k_tokens")?.parse().ok()?;
        // The threshold itself still has the lower price.
        (name, above) = (rest, thousands.checked_mul(1000)?.checked_add(1)?);
    }
    Rates::default().field(name).is_some().then_some((name, above, tier))
}
