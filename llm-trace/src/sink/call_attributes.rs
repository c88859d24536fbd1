//! The attributes of a call that has ended.

use super::attributes::Attributes;
use super::compat::Compat;
use super::ended_call::EndedCall;
use super::identity::Identity;
use crate::ambient::ScopeFacts;
use crate::model::Provider;
use crate::otel::{KeyValue, Value};
use crate::policy::{Report, redact_user_attributes};
use crate::semconv::{Fact, Profile};

/// The settings of attributes.
pub(crate) struct AttributeSettings<'s> {
    pub(crate) compat: &'s [Compat],
    /// Content is written to the span.
    pub(crate) content: bool,
    /// Metrics read the texts of the facts afterwards.
    pub(crate) keeps_texts: bool,
}

impl EndedCall<'_> {
    /// Converts the facts of the record, and the attributes of the user, to attributes.
    pub(crate) fn set_attributes(&mut self, scope_facts: Option<&ScopeFacts>, settings: &AttributeSettings<'_>) {
        let mut identity = Identity::new(self.policy);
        // The number of facts of most calls, in a size that allocators serve quickly.
        let capacity = 18 + self.content.len(settings.content);
        let mut attributes = Attributes::new(self.profile, capacity, settings.keeps_texts);
        if self.policy.masks(self.masks).input() {
            // Stop sequences are part of the input.
            self.record.request.take(Fact::RequestStopSequences);
        }
        self.add_facts(scope_facts, settings.compat, &mut identity, &mut attributes);
        self.facts = attributes.len();
        if let Some(scope_facts) = scope_facts {
            identity.write_metadata(scope_facts, &mut attributes);
        }
        let by_user = self.user_attributes(settings.content, &mut attributes);
        self.attributes = attributes.into_vec();
        self.policy.cut_texts(&mut self.attributes);
        self.content.note(identity.into_report());
        let of_operation = self.record.subject.as_ref().map_or(0, |subject| subject.facts.refused());
        let of_model = self.record.request.refused() + self.record.response.facts.refused();
        self.content.note(Report::of_facts(self.record.omitted_values + of_model + of_operation));
        self.content.note(by_user);
    }

    /// Adds the attributes of the user, redacted.
    fn user_attributes(&mut self, content: bool, to: &mut Attributes) -> Report {
        let mut by_user = std::mem::take(&mut self.record.attributes);
        if by_user.is_empty() {
            return Report::default();
        }
        // The SDK would keep both of two equal keys.
        by_user.retain(|(key, _)| !Fact::from_name(key).is_some_and(|fact| self.start_attributes.has(fact)));
        let mut by_user = by_user.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
        let report = redact_user_attributes(&mut by_user, self.policy, self.masks, content);
        to.user(by_user, self.content.on(content).0);
        report
    }

    fn add_facts(
        &mut self,
        scope_facts: Option<&ScopeFacts>,
        compat: &[Compat],
        identity: &mut Identity<'_>,
        attributes: &mut Attributes,
    ) {
        let profile = self.profile;
        let (record, end) = (&mut self.record, &self.end);
        attributes.add(Fact::ErrorType.key(), end.error_type.clone().map(Value::from));
        let status = record.error.status.or(record.http_status);
        attributes.add(Fact::HttpStatusCode.key(), status.map(i64::from));
        let code = record.error.code.take().or_else(|| record.response.error.as_ref()?.name().map(str::to_owned));
        let code = code.filter(|code| Some(code.as_str()) != end.error_type.as_deref());
        attributes.add(Fact::ErrorCode.key(), code);
        attributes.add(Fact::Outcome.key(), Some(end.outcome.as_str()));
        record.response.move_shared(&mut record.request);
        let request_conversation = record.request.take(Fact::ConversationId);
        let conversation = record
            .conversation
            .take()
            .or_else(|| scope_facts?.conversation.clone())
            .or_else(|| request_conversation.map(|id| id.to_text().into_owned()));
        attributes.response(&mut record.response, record.provider.as_ref());
        attributes.add(Fact::TimeToFirstChunk.key(), record.first_chunk().map(|time| time.as_secs_f64()));
        attributes.cost(end.cost.as_ref(), compat);
        self.late_facts(attributes);
        self.subject_facts(attributes);
        let record = &mut self.record;
        let api = record.openai_api();
        attributes.request(&mut record.request, api, record.provider.as_ref());
        attributes.add(Fact::ConversationId.key(), conversation.map(|id| identity.id(&id)));
        if let Some(scope_facts) = scope_facts {
            identity.write(scope_facts, profile, compat, attributes);
        }
    }

    /// Facts that were not known when the span started.
    fn late_facts(&self, attributes: &mut Attributes) {
        let (record, start) = (&self.record, self.start_attributes);
        let latest = self.profile == Profile::Latest;
        let omits_provider = latest && record.is_internal_agent();
        if !start.provider && !omits_provider {
            attributes.add(Fact::ProviderName.key(), record.provider.as_ref().map(Provider::to_name));
        }
        if !start.model {
            attributes.add(Fact::RequestModel.key(), record.request.get(Fact::RequestModel).cloned());
        }
        if let Some(server) = record.server.as_ref().filter(|_| !start.server) {
            attributes.add(Fact::ServerAddress.key(), Some(server.address.clone()));
            attributes.add(Fact::ServerPort.key(), server.port.map(i64::from));
        }
    }

    /// Facts of operations other than model calls.
    fn subject_facts(&self, attributes: &mut Attributes) {
        let (record, profile) = (&self.record, self.profile);
        let hosted = profile == Profile::Core || !record.is_internal_agent();
        if profile == Profile::Core && record.is_internal_agent() && record.provider.is_none() {
            attributes.add(Fact::ProviderName.key(), self.agent_provider.map(Provider::to_name));
        }
        let Some(subject) = &record.subject else { return };
        for (fact, value) in subject.facts.iter() {
            let hidden = match fact {
                Fact::ResponseId => true,
                Fact::AgentId | Fact::AgentVersion => !hosted,
                fact => self.start_attributes.has(fact),
            };
            if !hidden {
                attributes.fact(fact, fact.value(value.clone(), profile));
            }
        }
    }

    /// The attributes set when the span started.
    pub(crate) fn start_key_values(&self) -> Vec<KeyValue> {
        let (record, start) = (&self.record, self.start_attributes);
        let name = record.operation_name().map(|name| KeyValue::new(Fact::OperationName.key(), name.to_owned()));
        let mut facts: Vec<KeyValue> = name.into_iter().collect();
        let mut add = |key, value: Option<Value>| facts.extend(value.map(|value| KeyValue::new(key, value)));
        add(Fact::ProviderName.key(), record.provider.as_ref().map(|provider| provider.to_name().into()));
        add(
            Fact::RequestModel.key(),
            record.request.get(Fact::RequestModel).filter(|_| start.model).cloned().map(Value::from),
        );
        if let Some(server) = record.server.as_ref().filter(|_| start.server) {
            add(Fact::ServerAddress.key(), Some(server.address.clone().into()));
            add(Fact::ServerPort.key(), server.port.map(|port| i64::from(port).into()));
        }
        facts
    }
}
