//! The cost of a call: reported by the provider or computed from prices that you set. It is never estimated.

mod billed;
mod entry;
mod keys;
mod table;

use std::sync::Arc;

pub use billed::{Cost, PricedCall};
pub use table::{PriceTable, PricesError};

use crate::model::Usage;
use crate::user_code::{self, UserCode};

/// A source of prices: a [`PriceTable`], or a closure.
///
/// ```
/// use llm_trace::{Cost, PricedCall};
/// use tracing_subscriber::prelude::*;
///
/// let layer = llm_trace::layer().with_prices(|call: &PricedCall<'_>| {
///     let per_token = (call.model()? == "house-model").then_some(2e-6)?;
///     Some(Cost::total(call.output_tokens()? as f64 * per_token))
/// });
/// tracing_subscriber::registry().with(layer).init();
/// ```
pub trait Prices: Send + Sync + 'static {
    /// The cost of the call; `None` if it is unknown.
    fn cost(&self, call: &PricedCall<'_>) -> Option<Cost>;

    /// The value of `llm_trace.cost.source`.
    fn source(&self) -> &'static str {
        "function"
    }
}

impl<F> Prices for F
where
    F: Fn(&PricedCall<'_>) -> Option<Cost> + Send + Sync + 'static,
{
    fn cost(&self, call: &PricedCall<'_>) -> Option<Cost> {
        self(call)
    }
}

/// The prices of a layer.
#[derive(Clone)]
pub(crate) struct SharedPrices(Arc<dyn Prices>);

impl std::fmt::Debug for SharedPrices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedPrices")
    }
}

impl SharedPrices {
    pub(crate) fn new(prices: impl Prices) -> Self {
        Self(Arc::new(prices))
    }
}

/// A cost and its source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Priced {
    pub(crate) cost: Cost,
    pub(crate) source: &'static str,
}

impl Priced {
    /// The sum of both costs.
    pub(crate) fn and(self, other: Priced) -> Priced {
        Priced { cost: self.cost.and(other.cost), source: self.source }
    }
}

/// The cost of a call. A cost reported by the provider takes precedence over prices. Tokens that other models used for
/// the call are priced by their models.
pub(crate) fn of(
    call: &PricedCall<'_>,
    others: &[(String, Usage)],
    provider_cost: Option<f64>,
    prices: Option<&SharedPrices>,
) -> Option<Priced> {
    if let Some(cost) = provider_cost.map(Cost::total).and_then(Cost::checked) {
        return Some(Priced { cost, source: "provider" });
    }
    let prices = prices?;
    if others.is_empty() {
        return priced(call, prices);
    }
    let mut usage = *call.usage;
    others.iter().for_each(|(_, part)| usage.subtract(*part));
    let own = priced(&PricedCall { usage: &usage, ..*call }, prices);
    let theirs = others.iter().map(|(model, usage)| {
        let model = Some(model.as_str());
        priced(&PricedCall { request_model: model, response_model: model, usage, ..*call }, prices)
    });
    let mut is_known = true;
    let all = std::iter::once(own).chain(theirs).inspect(|priced| is_known &= priced.is_some()).flatten();
    let mut all = all.reduce(Priced::and)?;
    all.cost.partial |= !is_known;
    Some(all)
}

fn priced(call: &PricedCall<'_>, prices: &SharedPrices) -> Option<Priced> {
    let prices = &prices.0;
    let (cost, source) = user_code::run(UserCode::Prices, || (prices.cost(call), prices.source()))?;
    cost.and_then(Cost::checked).map(|cost| Priced { cost, source })
}

#[cfg(test)]
mod tests;
