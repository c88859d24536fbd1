//! The facts of a scope.

use std::borrow::Cow;

use super::caller::Caller;
use super::trace_update::TraceUpdate;
use crate::semconv::AttributeValue;

/// The facts that calls inside a scope inherit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ScopeFacts {
    pub(crate) caller: Caller,
    pub(crate) user: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) conversation: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) metadata: Vec<(Cow<'static, str>, AttributeValue)>,
    pub(crate) prompt: Option<PromptName>,
    pub(crate) update: Option<TraceUpdate>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PromptName {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
}

impl ScopeFacts {
    /// Fills unset fields from the surrounding facts.
    pub(crate) fn over(mut self, base: &ScopeFacts) -> ScopeFacts {
        self.caller = self.caller.over(&base.caller);
        self.user = self.user.or_else(|| base.user.clone());
        self.session = self.session.or_else(|| base.session.clone());
        self.conversation = self.conversation.or_else(|| base.conversation.clone());
        self.tags = self.tags.or_else(|| base.tags.clone());
        self.prompt = self.prompt.or_else(|| base.prompt.clone());
        self.update = self.update.or(base.update);
        for (key, value) in &base.metadata {
            if !self.metadata.iter().any(|(known, _)| known == key) {
                self.metadata.push((key.clone(), value.clone()));
            }
        }
        self
    }

    /// Sets one metadata key.
    pub(crate) fn set_metadata(&mut self, key: Cow<'static, str>, value: AttributeValue) {
        match self.metadata.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.metadata.push((key, value)),
        }
    }
}
