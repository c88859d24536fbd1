//! What the scopes say of a call, as attributes: the one table of names.

use opentelemetry::KeyValue;

use super::attributes::Attributes;
use super::compat::Compat;
use crate::redact::{Filter, Place, PolicyState, Report, TextKind};
use crate::scope::{Caller, ScopeFacts};
use crate::semconv::{Profile, attr};
use crate::value::AttributeValue;

/// What is known of a caller, the name we write it under, LiteLLM's name, and whether it tells
/// who it was.
type Row = (fn(&Caller) -> &Option<String>, &'static str, &'static str, bool);

/// Names where the conventions have a word for it; `llm_trace.caller.*` where they have none.
#[rustfmt::skip]
const CALLER: [Row; 9] = [
    (|c| &c.key_hash,    "llm_trace.caller.key_hash",   "metadata.user_api_key_hash",          true),
    (|c| &c.key_alias,   "llm_trace.caller.key_alias",  "metadata.user_api_key_alias",         true),
    (|c| &c.user_id,     "llm_trace.caller.user_id",    "metadata.user_api_key_user_id",       true),
    (|c| &c.team_id,     "llm_trace.caller.team_id",    "metadata.user_api_key_team_id",       true),
    (|c| &c.team_alias,  "llm_trace.caller.team_alias", "metadata.user_api_key_team_alias",    true),
    (|c| &c.org_id,      "llm_trace.caller.org_id",     "metadata.user_api_key_org_id",        true),
    (|c| &c.end_user_id, attr::ENDUSER_ID,              "metadata.user_api_key_end_user_id",   true),
    (|c| &c.email,       attr::USER_EMAIL,              "metadata.user_api_key_user_email",    true),
    (|c| &c.route,       "llm_trace.caller.route",      "metadata.user_api_key_request_route", false),
];

/// Writes identity and metadata as the policy lets them out.
pub(crate) struct Identity<'p> {
    policy: &'p PolicyState,
    /// Made where there is something to filter.
    scrubbed: Option<Filter>,
    report: Report,
}

impl<'p> Identity<'p> {
    pub(crate) fn new(policy: &'p PolicyState) -> Self {
        Self { policy, scrubbed: None, report: Report::default() }
    }

    /// Everything that a scope says, but for the conversation.
    pub(crate) fn write(&mut self, facts: &ScopeFacts, profile: Profile, compat: &[Compat], to: &mut Attributes) {
        let user = facts.user.as_ref().or(facts.caller.user_id.as_ref());
        to.add(attr::USER_ID, user.map(|id| self.id(id)));
        to.add(attr::SESSION_ID, facts.session.as_ref().map(|id| self.id(id)));
        for (get, name, lite_llm, is_id) in CALLER {
            let Some(value) = get(&facts.caller) else { continue };
            let value = if is_id { self.id(value) } else { self.text(value) };
            if compat.contains(&Compat::LiteLlm) {
                to.add(lite_llm, Some(value.clone()));
            }
            // Written as `user.id` already, where no scope names another user.
            if name != "llm_trace.caller.user_id" || user != facts.caller.user_id.as_ref() {
                to.add(name, Some(value));
            }
        }
        if let Some(prompt) = &facts.prompt {
            to.add_new(attr::PROMPT_NAME, Some(prompt.name.clone()));
            let version = if profile == Profile::Latest { "gen_ai.prompt.version" } else { "llm_trace.prompt.version" };
            to.add_new(version, prompt.version.clone());
        }
    }

    /// Tags and metadata: what comes last, if there are too many attributes.
    pub(crate) fn write_metadata(&mut self, facts: &ScopeFacts, to: &mut Attributes) {
        let mut filter = self.policy.metadata_filter(true);
        let clean = |filter: &mut Filter, text: &str| filter.clean(text, Place::of(TextKind::Metadata)).into_owned();
        if let Some(tags) = &facts.tags {
            let tags: Vec<String> = tags.iter().map(|tag| clean(&mut filter, tag)).collect();
            to.add("llm_trace.tags", super::attributes::strings(tags));
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
            KeyValue::new(format!("llm_trace.metadata.{key}"), value)
        });
        to.user(metadata.collect(), &[]);
        self.report.absorb(filter.into_report());
    }

    /// An identifier: hashed if the policy says so.
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

    /// What was hashed, masked or scrubbed.
    pub(crate) fn into_report(self) -> Report {
        let mut report = self.report;
        if let Some(filter) = self.scrubbed {
            report.absorb(filter.into_report());
        }
        report
    }
}
