//! Facts that a call inherits from its scopes, and those set on the call itself.

use super::active_call::ActiveCall;
use crate::ambient::{Scope, ScopeFacts, TraceError, mask_context};
use crate::call::handle::LlmCall;
use crate::otel::current_context;
use crate::policy::{Masks, PolicyState};
use crate::record::CallRecord;
use crate::semconv::{AttributeValue, Fact};

impl ActiveCall {
    /// The facts of this call: set on the call, set by its attributes, then inherited from its scopes.
    pub(crate) fn inherit_facts(&self, record: &mut CallRecord, policy: &PolicyState) -> Option<Box<ScopeFacts>> {
        let mut own = record.scope_facts.take();
        let mut kept = Vec::with_capacity(record.attributes.len());
        for (key, value) in std::mem::take(&mut record.attributes) {
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
        record.attributes = kept;
        match self.masks().facts() {
            Some(around) => Some(Box::new(own.map_or_else(ScopeFacts::default, |own| *own).over(around))),
            None => own,
        }
    }

    /// Adopts the scopes of the place where a stream is polled, as
    /// [`StartContext::adopt_scopes`](super::start_context::StartContext::adopt_scopes) does at the first poll of a
    /// future.
    pub(crate) fn adopt_scopes(&self) {
        for around in mask_context::of_span(&current_context::current()) {
            if self.masks().is_within(&around) {
                continue;
            }
            let masks = around.get();
            self.masks().add(Masks::new().mask_input(masks.input()).mask_output(masks.output()));
            if let (None, Some(facts)) = (self.masks().facts(), around.facts()) {
                let mut record = self.lock();
                let own = record.scope_facts.take().map_or_else(ScopeFacts::default, |own| *own);
                record.scope_facts = Some(Box::new(own.over(facts)));
            }
        }
    }

    fn apply(&self, scope: &Scope) {
        let (masks, facts) = scope.parts();
        self.masks().add(masks);
        let mut record = self.lock();
        let own = facts.clone();
        record.scope_facts = Some(Box::new(match record.scope_facts.take() {
            Some(before) => own.over(&before),
            None => own,
        }));
    }
}

impl LlmCall {
    /// Applies a [`Scope`] to this call only: caller, session, metadata, masks, and the update of its trace.
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
    ///
    /// If the scope sets the trace, because the call has already started. The rest of the scope is applied
    /// nevertheless.
    pub fn apply(&self, scope: &Scope) -> Result<&Self, TraceError> {
        if let Some(active) = self.active() {
            active.apply(scope);
        }
        if scope.has_parent() { Err(TraceError::Started) } else { Ok(self) }
    }
}
