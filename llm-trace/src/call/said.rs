//! What the scopes around a call say of it, and what it was told itself.

use opentelemetry::Context;

use super::handle::LlmCall;
use super::live::Live;
use super::state::State;
use crate::redact::context;
use crate::redact::{Masks, PolicyState};
use crate::scope::{Facts, Scope, TraceError};
use crate::semconv::attr;
use crate::value::AttributeValue;

impl Live {
    /// What is said of this call: by itself, then by its attributes, then by the scopes around.
    pub(super) fn said(&self, state: &mut State, policy: &PolicyState) -> Facts {
        let mut own = std::mem::take(&mut state.facts);
        let mut kept = Vec::with_capacity(state.attributes.len());
        for (key, value) in std::mem::take(&mut state.attributes) {
            let field = match &*key {
                attr::USER_ID => &mut own.user,
                attr::SESSION_ID => &mut own.session,
                attr::CONVERSATION_ID => &mut own.conversation,
                attr::USER_EMAIL => &mut own.caller.email,
                attr::ENDUSER_ID => &mut own.caller.end_user_id,
                _ => {
                    let hashed = if policy.is_identity(&key) { policy.hashed_identity(&value.to_text()) } else { None };
                    kept.push((key, hashed.map_or(value, AttributeValue::from)));
                    continue;
                }
            };
            *field = Some(value.to_text().into_owned());
        }
        state.attributes = kept;
        match Facts::of(self.masks()) {
            Some(around) => own.over(&around),
            None => own,
        }
    }

    /// Takes on what holds where a stream is polled, as [`Around::settle`](super::around::Around::settle)
    /// does where a future is first.
    pub(crate) fn settle(&self) {
        for place in context::of_span(&Context::current()) {
            if self.masks().is_within(&place) {
                continue;
            }
            let masks = place.get();
            self.masks().add(Masks::new().mask_input(masks.input()).mask_output(masks.output()));
            if let (None, Some(facts)) = (self.masks().carried(), Facts::of(&place)) {
                let mut state = self.lock();
                let own = std::mem::take(&mut state.facts);
                state.facts = own.over(&facts);
            }
        }
    }

    fn apply(&self, scope: &Scope) {
        let (masks, facts) = scope.parts();
        self.masks().add(masks);
        let mut state = self.lock();
        let before = std::mem::take(&mut state.facts);
        state.facts = facts.clone().over(&before);
    }
}

impl LlmCall {
    /// Says of this one call what a [`Scope`] says of all below it: caller, session, metadata,
    /// masks, the update of its trace.
    ///
    /// ```
    /// use llm_trace::LlmCall;
    ///
    /// # fn main() -> Result<(), llm_trace::TraceError> {
    /// LlmCall::current().apply(&llm_trace::scope().session("s1").tags(["beta"]))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A scope that says in which trace calls are: this one has started. Everything else in it is
    /// applied all the same.
    pub fn apply(&self, scope: &Scope) -> Result<&Self, TraceError> {
        if let Some(live) = self.live() {
            live.apply(scope);
        }
        if scope.has_parent() { Err(TraceError::Started) } else { Ok(self) }
    }
}
