//! What a call cost: said by the provider, or worked out from prices the user gave. Never guessed.

mod billed;
mod entry;
mod table;

use std::sync::Arc;

pub use billed::{Billed, Cost};
pub use table::{PriceTable, PricesError};

use crate::guarded::{self, UserCode};

/// Something that knows prices: a [`PriceTable`], or a closure.
///
/// ```
/// use llm_trace::{Billed, Cost};
/// # use tracing_subscriber::Registry;
///
/// let layer = llm_trace::layer::<Registry>().prices(|call: &Billed<'_>| {
///     let per_token = (call.model()? == "house-model").then_some(2e-6)?;
///     Some(Cost::total(call.output_tokens()? as f64 * per_token))
/// });
/// # let _ = layer;
/// ```
pub trait Prices: Send + Sync + 'static {
    /// What the call cost; `None` where that is not known.
    fn cost(&self, call: &Billed<'_>) -> Option<Cost>;

    /// The value of `llm_trace.cost.source`.
    fn source(&self) -> &'static str {
        "function"
    }
}

impl<F> Prices for F
where
    F: Fn(&Billed<'_>) -> Option<Cost> + Send + Sync + 'static,
{
    fn cost(&self, call: &Billed<'_>) -> Option<Cost> {
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

/// A cost, and who said so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Priced {
    pub(crate) cost: Cost,
    pub(crate) source: &'static str,
}

impl Priced {
    /// The cost of both.
    pub(crate) fn and(self, other: Priced) -> Priced {
        Priced { cost: self.cost.and(other.cost), source: self.source }
    }
}

/// What a call cost. What the provider states outranks every table.
pub(crate) fn of(call: &Billed<'_>, stated: Option<f64>, prices: Option<&SharedPrices>) -> Option<Priced> {
    if let Some(cost) = stated.map(Cost::total).and_then(Cost::checked) {
        return Some(Priced { cost, source: "provider" });
    }
    let prices = &prices?.0;
    let (cost, source) = guarded::run(UserCode::Prices, || (prices.cost(call), prices.source()))?;
    cost.and_then(Cost::checked).map(|cost| Priced { cost, source })
}

#[cfg(test)]
mod tests;
