//! The error type, the error text and the cost of a call.

use std::borrow::Cow;

use super::CallRecord;
use crate::cost::{self, Priced, PricedCall, SharedPrices};
use crate::model::{Outcome, Provider};
use crate::policy::{Masks, PolicyState};
use crate::semconv::Fact;
use crate::semconv::identifier::{MAX_LABEL, is_cost, is_name, is_word};

/// The name of a type as an identifier, without its path if it is long or has spaces.
fn type_word(name: &str) -> Option<&str> {
    let fits = |name: &&str| !name.is_empty() && is_word(name) && name.len() <= MAX_LABEL;
    let plain = name.split('<').next().unwrap_or(name);
    let last = plain.rsplit("::").next().unwrap_or(plain);
    Some(name).filter(fits).or(Some(last).filter(fits))
}

/// The value of `error.type` for this name, or `_OTHER` for a name that may be the text of an error.
pub(crate) fn error_type_label(name: Cow<'_, str>) -> Cow<'_, str> {
    if is_name(&name) && name.len() <= MAX_LABEL { name } else { Cow::Borrowed("_OTHER") }
}

impl CallRecord {
    /// Sets the HTTP status of a failure. A later response that succeeds clears it.
    pub(crate) fn set_error_status(&mut self, status: u16) {
        self.error.status = Some(status).filter(|status| *status >= 400);
    }

    /// The low-cardinality name of a failure: the user's name, the provider's code, the HTTP status, or the error's
    /// type.
    pub(crate) fn error_type(&self, outcome: Outcome) -> Cow<'static, str> {
        let error = &self.error;
        let of_outcome = match outcome {
            Outcome::Panicked => Some("panic"),
            Outcome::Truncated => Some("truncated"),
            Outcome::Cancelled => Some("cancelled"),
            Outcome::Dropped => Some("dropped"),
            _ => None,
        };
        if let Some(by_user) = &error.by_user {
            return error_type_label(by_user.clone());
        }
        if let Some(word) = of_outcome {
            return Cow::Borrowed(word);
        }
        let status = error.status.or_else(|| self.response.error.as_ref()?.status);
        let by_provider = self.response.error.as_ref().and_then(|error| error.name());
        by_provider
            .filter(|name| name.len() <= MAX_LABEL)
            .map(str::to_owned)
            .or_else(|| error.code.clone().filter(|code| code.len() <= MAX_LABEL))
            .or_else(|| status.map(|status| status.to_string()))
            .or_else(|| error.transport.map(str::to_owned))
            .or_else(|| error.type_name.as_deref().and_then(type_word).map(str::to_owned))
            .map_or(Cow::Borrowed("_OTHER"), Cow::Owned)
    }

    /// The text of the error, if it may be recorded. It is content: masks added later apply.
    pub(crate) fn error_message(&self, policy: &PolicyState, masks: Masks) -> Option<&str> {
        self.error.message.as_deref().filter(|_| policy.error_text(masks).is_open())
    }

    /// The text of a failure, if it may be recorded and adds to the error's type.
    pub(crate) fn failure_text(&self, error_type: Option<&str>, policy: &PolicyState, masks: Masks) -> Option<&str> {
        let error_type = error_type?;
        self.error_message(policy, masks).filter(|message| *message != error_type)
    }

    pub(crate) fn cost(&self, prices: Option<&SharedPrices>) -> Option<Priced> {
        let provider_cost = self.response.cost;
        if provider_cost.is_none() && prices.is_none() {
            return None;
        }
        let mut priced = cost::of(&self.billed(), &self.response.usage_by_others, provider_cost, prices)?;
        // More may have been consumed than a cut stream reports.
        priced.cost.partial |= self.is_cut && provider_cost.is_none();
        Some(priced).filter(|priced| priced.cost.sum().is_none_or(is_cost))
    }

    fn billed(&self) -> PricedCall<'_> {
        PricedCall {
            operation: self.operation.as_str(),
            provider: self.provider.as_ref().map(Provider::as_str),
            request_model: self.request.text(Fact::RequestModel),
            response_model: self.response.model(),
            service_tier: self.response.facts.text(Fact::ResponseServiceTier),
            usage: &self.response.usage,
        }
    }
}
