//! Facts of scopes as attributes, with one table of names.

use super::attributes::Attributes;
use super::compat::Compat;
use crate::ambient::{Caller, ScopeFacts};
use crate::otel::KeyValue;
use crate::policy::{Filter, Place, PolicyState, Report, TextKind};
use crate::semconv::{AttributeValue, Fact, FactKind, Profile};

/// A field of the caller, its fact, and LiteLLM's name for it.
type Row = (fn(&Caller) -> &Option<String>, Fact, &'static str);

#[rustfmt::skip]
const CALLER: [Row; 9] = [
    (|c| &c.key_hash,    Fact::CallerKeyHash,   "metadata.user_api_key_hash"),
    (|c| &c.key_alias,   Fact::CallerKeyAlias,  "metadata.user_api_key_alias"),
    (|c| &c.user_id,     Fact::CallerUserId,    "metadata.user_api_key_user_id"),
    (|c| &c.team_id,     Fact::CallerTeamId,    "metadata.user_api_key_team_id"),
    (|c| &c.team_alias,  Fact::CallerTeamAlias, "metadata.user_api_key_team_alias"),
    (|c| &c.org_id,      Fact::CallerOrgId,     "metadata.user_api_key_org_id"),
    (|c| &c.end_user_id, Fact::EndUserId,       "metadata.user_api_key_end_user_id"),
    (|c| &c.email,       Fact::UserEmail,       "metadata.user_api_key_user_email"),
    (|c| &c.route,       Fact::CallerRoute,     "metadata.user_api_key_request_route"),
];

/// LiteLLM's names of a caller's properties.
pub(crate) fn lite_llm_names() -> impl Iterator<Item = &'static str> {
    CALLER.into_iter().map(|(_, _, name)| name)
}

/// Writes identity and metadata as permitted by the policy.
pub(crate) struct Identity<'p> {
    policy: &'p PolicyState,
    /// Created when there is something to filter.
    scrubbed: Option<Filter>,
    report: Report,
}

impl<'p> Identity<'p> {
    pub(crate) fn new(policy: &'p PolicyState) -> Self {
        Self { policy, scrubbed: None, report: Report::default() }
    }

    /// Writes all facts of a scope except the conversation.
    pub(crate) fn write(&mut self, facts: &ScopeFacts, profile: Profile, compat: &[Compat], to: &mut Attributes) {
        let user = facts.user.as_ref().or(facts.caller.user_id.as_ref());
        to.add(Fact::UserId.key(), user.map(|id| self.id(id)));
        to.add(Fact::SessionId.key(), facts.session.as_ref().map(|id| self.id(id)));
        for (get, fact, lite_llm) in CALLER {
            let Some(value) = get(&facts.caller) else { continue };
            let value = if fact.row().kind == FactKind::Identity { self.id(value) } else { self.text(value) };
            if compat.contains(&Compat::LiteLlm) {
                to.add(lite_llm, Some(value.clone()));
            }
            // Already written as `user.id`, unless a scope sets another user.
            if fact != Fact::CallerUserId || user != facts.caller.user_id.as_ref() {
                to.fact(fact, Some(value));
            }
        }
        if let Some(prompt) = &facts.prompt {
            to.add_new(Fact::PromptName.key(), Some(self.text(&prompt.name)));
            if let Some(version) = Fact::PromptVersion.name(profile) {
                to.add_new(version, prompt.version.as_ref().map(|version| self.text(version)));
            }
        }
    }

    /// Writes tags and metadata, which come last because a span limits the number of attributes.
    pub(crate) fn write_metadata(&mut self, facts: &ScopeFacts, to: &mut Attributes) {
        let mut filter = self.policy.metadata_filter(true);
        let clean = |filter: &mut Filter, text: &str| filter.clean(text, Place::of(TextKind::Metadata)).into_owned();
        if let Some(tags) = &facts.tags {
            let tags: Vec<String> = tags.iter().map(|tag| clean(&mut filter, tag)).collect();
            to.add(Fact::Tags.key(), super::attributes::strings(tags));
        }
        let metadata = facts.metadata.iter().map(|(key, value)| {
            let value = match value {
                AttributeValue::Str(text) => clean(&mut filter, text).into(),
                AttributeValue::Strs(all) => {
                    AttributeValue::Strs(all.iter().map(|text| clean(&mut filter, text)).collect())
                }
                other if self.policy.masks_metadata() => clean(&mut filter, &other.to_text()).into(),
                other => other.clone(),
            };
            KeyValue::new(Fact::Metadata.key().replace("<key>", key), value)
        });
        to.user(metadata.collect(), &[]);
        self.report.absorb(filter.into_report());
    }

    /// An identifier, hashed if the policy requires it.
    pub(crate) fn id(&mut self, id: &str) -> String {
        match self.policy.hashed_identity(id) {
            Some(hash) => {
                self.report.dropped("identity");
                hash
            }
            None => self.text(id),
        }
    }

    fn text(&mut self, text: &str) -> String {
        let filter = self.scrubbed.get_or_insert_with(|| self.policy.metadata_filter(false));
        filter.clean(text, Place::of(TextKind::Metadata)).into_owned()
    }

    /// The report of hashed, masked and scrubbed values.
    pub(crate) fn into_report(self) -> Report {
        let mut report = self.report;
        if let Some(filter) = self.scrubbed {
            report.absorb(filter.into_report());
        }
        report
    }
}
