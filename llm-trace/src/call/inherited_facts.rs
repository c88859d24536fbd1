//! What the scopes around a call say of it, and what it was told itself.

use opentelemetry::Context;

use super::active_call::ActiveCall;
use super::call_record::CallRecord;
use super::handle::LlmCall;
use crate::ambient::{Scope, ScopeFacts, TraceError, mask_context};
use crate::policy::{Masks, PolicyState};
use crate::semconv::{AttributeValue, Fact};

impl ActiveCall {
    /// What is said of this call: by itself, then by its attributes, then by the scopes around.
    pub(super) fn said(&self, state: &mut CallRecord, policy: &PolicyState) -> Option<Box<ScopeFacts>> {
        let mut own = state.facts.take();
        let mut kept = Vec::with_capacity(state.attributes.len());
        for (key, value) in std::mem::take(&mut state.attributes) {
            let field: fn(&mut ScopeFacts) -> &mut Option<String> = match Fact::from_name(&key) {
                Some(Fact::UserId) => |own| &mut own.user,
                Some(Fact::SessionId) => |own| &mut own.session,
                Some(Fact::ConversationId) => |own| &mut own.conversation,
                Some(Fact::UserEmail) => |own| &mut own.caller.email,
                Some(Fact::EndUserId) => |own| &mut own.caller.end_user_id,
                _ => {
                    let hashed = if policy.is_identity(&key) { policy.hashed_identity(&value.to_text()) } else { None };
                    kept.push((key, hashed.map_or(value, AttributeValue::from)));
                    continue;
                }
            };
            *field(own.get_or_insert_default()) = Some(value.to_text().into_owned());
        }
        state.attributes = kept;
        match ScopeFacts::of(self.masks()) {
            Some(around) => Some(Box::new(own.map_or_else(ScopeFacts::default, |own| *own).over(&around))),
            None => own,
        }
    }

    /// Takes on what holds where a stream is polled, as [`StartContext::adopt_scopes`](super::around::StartContext::adopt_scopes)
    /// does where a future is first.
    pub(crate) fn adopt_scopes(&self) {
        for place in mask_context::of_span(&Context::current()) {
            if self.masks().is_within(&place) {
                continue;
            }
            let masks = place.get();
            self.masks().add(Masks::new().mask_input(masks.input()).mask_output(masks.output()));
            if let (None, Some(facts)) = (self.masks().context_link(), ScopeFacts::of(&place)) {
                let mut state = self.lock();
                let own = state.facts.take().map_or_else(ScopeFacts::default, |own| *own);
                state.facts = Some(Box::new(own.over(&facts)));
            }
        }
    }

    fn apply(&self, scope: &Scope) {
        let (masks, facts) = scope.parts();
        self.masks().add(masks);
        let mut state = self.lock();
        let said = facts.clone();
        state.facts = Some(Box::new(match state.facts.take() {
            Some(before) => said.over(&before),
            None => said,
        }));
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
