//! The prices of one model in LiteLLM's table.

use serde_json::{Map, Value};

use super::billed::{Cost, PricedCall, tidy};
use super::keys::{Kind, Kinds, OTHER_KEYS, SEARCH_KEY, kind_of};
use crate::model::Usage;

/// US dollars per token, search or request of each kind.
type Rates = Kinds<Option<f64>>;

/// Rates with their conditions: inputs from this length on, and this service tier.
#[derive(Clone, Debug, PartialEq)]
struct Case {
    above: i64,
    tier: Option<&'static str>,
    rates: Rates,
}

/// One model's prices.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// LiteLLM's name for the model's provider.
    pub(super) provider: Option<Box<str>>,
    /// Ordered so that the most specific ones are last.
    cases: Vec<Case>,
    /// Kinds that are not priced by token.
    priced_otherwise: Kinds<bool>,
}

/// Suffixes of keys, and their service tiers.
const TIERS: [(&str, &str); 3] = [("priority", "priority"), ("flex", "flex"), ("batches", "batch")];

impl Entry {
    /// Reads an entry; `None` if it has no price per token.
    pub(super) fn read(entry: &Map<String, Value>) -> Option<Entry> {
        let mut cases: Vec<Case> = Vec::new();
        let mut priced_otherwise = Kinds::default();
        for (key, value) in entry {
            let value = if key == SEARCH_KEY { one_price(value) } else { value.as_f64() };
            let other = OTHER_KEYS.iter().find(|(other, _)| key.starts_with(other));
            if let Some((_, kinds)) = other {
                kinds.iter().for_each(|kind| *priced_otherwise.get_mut(*kind) = true);
            }
            let Some((kind, above, tier)) = case_of(key) else { continue };
            let Some(rate) = value.filter(|rate| rate.is_finite() && *rate >= 0.0) else { continue };
            let at = match cases.binary_search_by_key(&(above, tier), |case| (case.above, case.tier)) {
                Ok(at) => at,
                Err(at) => {
                    cases.insert(at, Case { above, tier, rates: Rates::default() });
                    at
                }
            };
            if let Some(case) = cases.get_mut(at) {
                *case.rates.get_mut(kind) = Some(rate);
            }
        }
        let provider = entry.get("litellm_provider").and_then(Value::as_str).map(Box::from);
        (!cases.is_empty()).then_some(Entry { provider, cases, priced_otherwise })
    }

    fn rates(&self, input: i64, tier: Option<&str>) -> Rates {
        let fits = |case: &&Case| input >= case.above && (case.tier.is_none() || case.tier == tier);
        self.cases.iter().filter(fits).fold(Rates::default(), |before, case| case.rates.or(&before))
    }

    /// The cost of a call; `None` if no part is known.
    pub(super) fn cost(&self, call: &PricedCall<'_>) -> Option<Cost> {
        let usage = call.usage;
        let mut bill = Bill {
            rates: self.rates(usage.input.unwrap_or(0), call.service_tier),
            otherwise: &self.priced_otherwise,
            is_partial: false,
        };
        let mut cost = Cost::new();
        if let Some(all) = usage.input {
            bill.input(all, usage, &mut cost);
        }
        cost.input = added(cost.input, bill.price(&[Kind::Citation], known(usage.citations)));
        if let Some(all) = usage.output {
            bill.output(all, usage, &mut cost);
        }
        bill.requests(usage, &mut cost);
        // Embeddings have no output to bill, and rerankers no tokens.
        let is_free = |kind| bill.rates.get(kind).is_none_or(|rate| rate == 0.0);
        let lacks_input = usage.input.is_none() && bill.rates.get(Kind::Input) != Some(0.0) && cost.requests.is_none();
        let has_known_input = usage.input.is_some() || cost.requests.is_some();
        let lacks_output = usage.output.is_none() && !(has_known_input && is_free(Kind::Output));
        cost.partial = bill.is_partial || lacks_input || lacks_output;
        if usage.input == Some(0) && usage.output.unwrap_or(0) == 0 && !cost.partial && cost.requests.is_none() {
            cost.total = Some(0.0);
        }
        Some(cost)
    }
}

/// The bill of one call.
struct Bill<'e> {
    rates: Rates,
    otherwise: &'e Kinds<bool>,
    is_partial: bool,
}

impl Bill<'_> {
    fn input(&mut self, all: i64, usage: &Usage, cost: &mut Cost) {
        let (read, written) = (known(usage.cache_read), known(usage.cache_creation));
        let read_audio = known(usage.cache_read_audio).min(read);
        let hour = known(usage.cache_creation_1h).min(written);
        let audio = (known(usage.input_audio) - read_audio).clamp(0, all);
        let (image, video) = (known(usage.input_image).min(all), known(usage.input_video).min(all));
        // Without a separate price, images and video are billed as text input, cached or not.
        let image = if self.has(Kind::InputImage) { image } else { 0 };
        let video = if self.has(Kind::InputVideo) { video } else { 0 };
        let text =
            [read, written, audio, image, video].iter().fold(all, |rest, part| rest.saturating_sub(*part)).max(0);
        // Without a separate price, cached tokens are billed as input.
        let read = self.price(&[Kind::CacheRead, Kind::Input], read - read_audio);
        cost.cache_read = added(read, self.price(&[Kind::CacheReadAudio, Kind::CacheRead, Kind::Input], read_audio));
        let written = self.price(&[Kind::CacheWrite, Kind::Input], written - hour);
        // If cache writes have a price, one-hour writes need a separate one.
        let hours =
            if self.has(Kind::CacheWrite) { &[Kind::CacheWriteHour][..] } else { &[Kind::CacheWriteHour, Kind::Input] };
        cost.cache_creation = added(written, self.price(hours, hour));
        for (kind, tokens) in [(Kind::InputAudio, audio), (Kind::InputImage, image), (Kind::InputVideo, video)] {
            cost.input = added(cost.input, self.price(&[kind, Kind::Input], tokens));
        }
        cost.input = added(cost.input, self.price(&[Kind::Input], text));
    }

    fn output(&mut self, all: i64, usage: &Usage, cost: &mut Cost) {
        let thought = known(usage.reasoning).min(all);
        cost.reasoning = self.price(&[Kind::Reasoning, Kind::Output], thought);
        let mut rest = all - thought;
        for (kind, tokens) in [
            (Kind::OutputAudio, usage.output_audio),
            (Kind::OutputImage, usage.output_image),
            (Kind::OutputVideo, usage.output_video),
        ] {
            let tokens = known(tokens).min(rest);
            rest -= tokens;
            cost.output = added(cost.output, self.price(&[kind, Kind::Output], tokens));
        }
        cost.output = added(cost.output, self.price(&[Kind::Output], rest));
    }

    fn requests(&mut self, usage: &Usage, cost: &mut Cost) {
        let requests = if self.has(Kind::Request) { 1 } else { 0 };
        let queries = if self.has(Kind::Query) { usage.searches.unwrap_or(1) } else { 0 };
        let searches = if self.has(Kind::Query) { 0 } else { known(usage.searches) };
        for (kind, count) in [(Kind::Request, requests), (Kind::Query, queries), (Kind::Search, searches)] {
            cost.requests = added(cost.requests, self.price(&[kind], count));
        }
    }

    fn has(&self, kind: Kind) -> bool {
        self.rates.get(kind).is_some() || self.otherwise.get(kind)
    }

    /// The price of `count` tokens at the first available rate of these kinds. A kind that is not priced by token is
    /// not billed at the rate of the next kind.
    fn price(&mut self, kinds: &[Kind], count: i64) -> Option<f64> {
        // A missing price does not matter if there is nothing to bill.
        if count <= 0 {
            return None;
        }
        let rate = kinds.iter().find(|kind| self.has(**kind)).and_then(|kind| self.rates.get(*kind));
        self.is_partial |= rate.is_none();
        rate.map(|rate| tidy(rate * count as f64))
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

/// The price of a search, if it is the same for every context size, because responses do not contain the size.
fn one_price(sizes: &Value) -> Option<f64> {
    let mut prices = sizes.as_object()?.values().map(Value::as_f64);
    let first = prices.next()??;
    prices.all(|price| price == Some(first)).then_some(first)
}

/// Parses `input_cost_per_token_above_200k_tokens_priority`: the kind, the minimum number of input tokens, and the
/// tier.
fn case_of(key: &str) -> Option<(Kind, i64, Option<&'static str>)> {
    let (mut name, mut tier) = (key, None);
    for (ending, word) in TIERS {
        if let Some(rest) = name.strip_suffix(ending).and_then(|rest| rest.strip_suffix('_')) {
            (name, tier) = (rest, Some(word));
        }
    }
    let mut above = 0;
    if let Some((rest, threshold)) = name.strip_suffix("k_tokens").and_then(|name| name.rsplit_once("_above_")) {
        let thousands: i64 = threshold.parse().ok()?;
        // The lower price includes the threshold.
        (name, above) = (rest, thousands.checked_mul(1000)?.checked_add(1)?);
    }
    Some((kind_of(name)?, above, tier))
}
