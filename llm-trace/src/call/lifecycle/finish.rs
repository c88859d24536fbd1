//! The end of a call: its record becomes metrics, events and span attributes, once.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::active_call::ActiveCall;
use super::final_content::Permitted;
use super::pipeline::Pipeline;
use crate::ambient::{ScopeFacts, TraceUpdate, mask_context};
use crate::call::record::{CallRecord, NestedTotals};
use crate::cost::Priced;
use crate::model::Outcome;
use crate::otel::{KeyValue, TraceContextExt, Value};
use crate::policy::{Masks, PolicyState, Report, own_attributes, user_attributes};
use crate::semconv::{Fact, Profile};
use crate::sink::Compat;
use crate::sink::attributes::{Attributes, strings};
use crate::sink::events;
use crate::sink::identity::Identity;
use crate::sink::measured::Measured;
use crate::sink::metrics::Instruments;
use crate::sink::openinference;
use crate::sink::span_end::{Failure, OtelSpan, SpanEnd, SpanFields, SpanSink};

/// The end of a call.
pub(crate) struct CallEnd {
    pub(crate) outcome: Outcome,
    pub(crate) duration: Duration,
    /// The outer call already ended and recorded the duration.
    late: bool,
    /// Set for failures only.
    pub(crate) error_type: Option<Cow<'static, str>>,
    cost: Option<Priced>,
}

/// A finished call, as events and hooks receive it.
pub(crate) struct Ended<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) state: &'a CallRecord,
    pub(crate) end: &'a CallEnd,
    /// The attributes of the span, without those of its start.
    pub(crate) facts: &'a [KeyValue],
    pub(crate) content: &'a Permitted,
    pub(crate) policy: &'a PolicyState,
    pub(crate) masks: Masks,
}

impl ActiveCall {
    /// Ends the call. Only the first call has an effect.
    pub(crate) fn finish(&self, outcome: Outcome) {
        let mut known = self.lock();
        if std::mem::replace(&mut known.finished, true) {
            return;
        }
        let Some(pipeline) = self.pipeline() else { return };
        let duration = self.begun().elapsed();
        // Later updates find a finished call and change nothing.
        let mut state = std::mem::replace(&mut *known, CallRecord::finished());
        drop(known);
        state.retain_identifiers();
        self.unregister();
        let stated = state.settle_inside(outcome);
        state.assume_provider();
        let (cost, separate) = match stated {
            NestedTotals::Cost(cost) => (Some(cost), false),
            NestedTotals::Elsewhere => (None, true),
            // The agent's inferences recorded their own costs.
            NestedTotals::Nothing if self.counts_inferences(&state) => (None, false),
            NestedTotals::Nothing => (state.cost(pipeline.prices.as_ref()), false),
        };
        let mut late = false;
        match self.outer() {
            None => self.report_counted(&state, separate),
            Some(outer) => match self.merge(outer, state, outcome, cost, separate) {
                None => return,
                // The outer call has ended: the usage of this one must still be counted, and the call only once.
                Some(again) => (state, late) = (again, true),
            },
        }
        #[cfg(feature = "otel")]
        if let Some(id) = &state.response.id {
            self.set_response_id(id);
        }
        // The duration is unknown.
        let measured = outcome != Outcome::Unobserved;
        let instruments = pipeline.metrics.instruments(pipeline.profile).filter(|_| measured);
        let is_written = self.recording() || self.has_fields() || self.is_hooked() || pipeline.events.wanted();
        if !is_written && instruments.is_none() {
            return;
        }
        let is_error = outcome.is_error()
            || (pipeline.cancelled_as_error && matches!(outcome, Outcome::Cancelled | Outcome::Dropped));
        let end = CallEnd { outcome, duration, late, error_type: is_error.then(|| state.error_type(outcome)), cost };
        self.write(pipeline, state, &end, instruments);
    }

    fn write(
        &self,
        pipeline: &Pipeline,
        mut state: Box<CallRecord>,
        end: &CallEnd,
        instruments: Option<Arc<Instruments>>,
    ) {
        let span = self.context().filter(|_| self.recording()).map(|context| context.span());
        let events = pipeline.events.wanted();
        let stated = span.is_some() || self.has_fields() || events || self.is_hooked();
        // The version is read before the policy: a change in between is then processed twice instead of missed.
        let stamp = pipeline.policy.stamp();
        let (policy, masks) = (self.policy(pipeline), self.masks().get());
        let content_on_span = policy.span_content() && (!self.has_fields() || pipeline.content_fields);
        let scope_facts = self.inherit_facts(&mut state, &policy);
        let mut identity = Identity::new(&policy);
        let mut content = if stated { self.permitted(&mut state, stamp, &policy, masks) } else { Permitted::default() };
        let mut facts = Vec::new();
        let mut own = 0;
        if stated || instruments.as_ref().is_some_and(|instruments| instruments.reads_attributes()) {
            let more = content.len(content_on_span);
            let mut attributes = Attributes::new(pipeline.profile, more, instruments.is_some());
            if policy.masks(masks).input() {
                // Stop sequences are part of the input.
                state.request.stop_sequences = None;
            }
            self.facts(pipeline, &mut state, end, scope_facts.as_deref(), &mut identity, &mut attributes);
            own = attributes.len();
            let (on_span, _) = content.on(content_on_span);
            if let Some(scope_facts) = &scope_facts {
                identity.write_metadata(scope_facts, &mut attributes);
            }
            let by_user = std::mem::take(&mut state.attributes);
            let mut by_user = by_user.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
            let done = user_attributes(&mut by_user, &policy, masks, content_on_span);
            attributes.user(by_user, on_span);
            facts = attributes.into_vec();
            content.note(identity.into_report());
            content.note(Report::of_facts(state.refused));
            content.note(done);
        }
        if let Some(instruments) = instruments {
            let mut attributes = Vec::new();
            if instruments.reads_attributes() {
                attributes.clone_from(&facts);
                own_attributes(&mut attributes, &policy, masks, false);
            }
            instruments.record(&self.measured(&state, end, &attributes));
        }
        let ended = Ended { pipeline, state: &state, end, facts: &facts, content: &content, policy: &policy, masks };
        if events {
            self.emit_events(&ended);
        }
        if self.is_hooked() {
            self.hand_over(&ended);
        }
        if span.is_some() || self.has_fields() {
            if let Some(span) = &span {
                let renamed = policy.masks_metadata() && state.name.take().is_some();
                if renamed || (!self.started().named && state.target().is_some()) {
                    span.update_name(state.span_name().into_owned());
                }
                self.correct_start(span, &state);
            }
            let (list, report) = content.on(content_on_span);
            let report = strings(report.values()).map(|report| KeyValue::new(Fact::Redaction.key(), report));
            let compat = if pipeline.compat.contains(&Compat::OpenInference) {
                openinference::attributes(&state.operation, state.request.model.is_some(), &state.response.usage, list)
            } else {
                Vec::new()
            };
            let update = scope_facts.and_then(|scope_facts| scope_facts.update).unwrap_or_default();
            let stated = if update == TraceUpdate::NONE { Vec::new() } else { list.to_vec() };
            let texts = content.take(content_on_span).into_iter().map(|(key, json)| KeyValue::new(key, json));
            // Important attributes come first, because a span limits their number.
            if texts.len() > 0 || report.is_some() || !compat.is_empty() {
                facts.splice(own..own, texts.chain(report).chain(compat));
            }
            self.update_trace(update, &mut state, (&policy, masks), pipeline, &stated, &mut facts);
            let may_be_recorded = !self.has_fields() || pipeline.content_fields || policy.keeps_error_text();
            let description = state.failure_text(end.error_type.as_deref(), &policy, masks).filter(|_| may_be_recorded);
            let failure = end.error_type.is_some().then_some(Failure { description });
            let end = SpanEnd { attributes: facts, failure, time: self.ended(end.duration) };
            if self.has_fields() {
                SpanFields { span: self.span(), context: self.context() }.end(end);
            } else if let Some(span) = span {
                OtelSpan { span, masks: self.masks() }.end(end);
            }
        }
    }

    fn facts(
        &self,
        pipeline: &Pipeline,
        state: &mut CallRecord,
        end: &CallEnd,
        scope_facts: Option<&ScopeFacts>,
        identity: &mut Identity<'_>,
        attributes: &mut Attributes,
    ) {
        attributes.add(Fact::ErrorType.key(), end.error_type.clone().map(Value::from));
        attributes.add(
            Fact::HttpStatusCode.key(),
            state.error.status.or(state.unread_status).or(state.http_status).map(i64::from),
        );
        let code = state.error.code.take().or_else(|| state.response.error.as_ref()?.name().map(str::to_owned));
        let code = code.filter(|code| Some(code.as_str()) != end.error_type.as_deref());
        attributes.add(Fact::ErrorCode.key(), code);
        attributes.add(Fact::Outcome.key(), Some(end.outcome.as_str()));
        attributes.response(&mut state.response, state.provider.as_ref());
        attributes.add(Fact::TimeToFirstChunk.key(), state.first_chunk().map(|time| time.as_secs_f64()));
        attributes.cost(end.cost.as_ref(), &pipeline.compat);
        self.late_facts(state, attributes);
        self.subject_facts(state, pipeline.profile, attributes);
        if let Some(api) = state.openai_api() {
            state.request.extra.push((Fact::OpenAiApiType.key(), api.into()));
        }
        attributes.request(&mut state.request, state.provider.as_ref());
        attributes.add(Fact::OutputType.key(), state.response.output_type.or(state.request.output_type));
        let dimensions = state.response.dimensions.or(state.request.dimensions);
        attributes.add(Fact::Dimensions.key(), dimensions);
        let conversation = state
            .conversation
            .take()
            .or_else(|| scope_facts?.conversation.clone())
            .or(state.request.conversation_id.take())
            .or(state.response.conversation_id.take());
        attributes.add(Fact::ConversationId.key(), conversation.map(|id| identity.id(&id)));
        if let Some(scope_facts) = scope_facts {
            identity.write(scope_facts, pipeline.profile, &pipeline.compat, attributes);
        }
    }

    /// Whether it is an agent whose inferences are separate calls.
    fn counts_inferences(&self, state: &CallRecord) -> bool {
        state.operation == crate::model::Operation::InvokeAgent
            && self.agent().calls().is_some_and(|(inferences, _)| inferences > 0)
    }

    /// Facts that were not known when the span started.
    fn late_facts(&self, state: &CallRecord, attributes: &mut Attributes) {
        let started = self.started();
        let latest = self.pipeline().is_some_and(|pipeline| pipeline.profile == Profile::Latest);
        let omits_provider = latest && state.is_internal_agent();
        if !started.provider && !omits_provider {
            attributes
                .add(Fact::ProviderName.key(), state.provider.as_ref().map(|provider| provider.as_str().to_owned()));
        }
        if !started.model {
            attributes.add(Fact::RequestModel.key(), state.request.model.clone());
        }
        if let Some(server) = state.server.as_ref().filter(|_| !started.server) {
            attributes.add(Fact::ServerAddress.key(), Some(server.address.clone()));
            attributes.add(Fact::ServerPort.key(), server.port.map(i64::from));
        }
    }

    /// Facts of operations other than model calls.
    fn subject_facts(&self, state: &CallRecord, profile: Profile, attributes: &mut Attributes) {
        let hosted = profile == Profile::Core || !state.is_internal_agent();
        if profile == Profile::Core && state.is_internal_agent() && state.provider.is_none() {
            attributes
                .add(Fact::ProviderName.key(), self.agent().provider().map(|provider| provider.as_str().to_owned()));
        }
        let Some(subject) = &state.subject else { return };
        for (fact, value) in subject.facts.iter() {
            let hidden = match fact {
                Fact::ResponseId => true,
                Fact::AgentId | Fact::AgentVersion => !hosted,
                fact => self.started().has(fact),
            };
            if !hidden {
                attributes.fact(fact, fact.value(value.clone(), profile));
            }
        }
    }

    fn measured<'a>(&self, state: &'a CallRecord, end: &'a CallEnd, attributes: &'a [KeyValue]) -> Measured<'a> {
        Measured {
            operation: &state.operation,
            provider: state.provider.as_ref(),
            request_model: state.request.model.as_deref(),
            response: &state.response,
            server: state.server.as_ref().map(|server| (server.address.as_str(), server.port)),
            error_type: end.error_type.as_deref(),
            outcome: end.outcome,
            duration: (!end.late).then_some(end.duration),
            first_chunk: state.first_chunk(),
            gaps: state.stream.as_ref().and_then(|stream| stream.gaps.as_deref()),
            cost: end.cost.and_then(|priced| priced.cost.sum()),
            facts: state.subject.as_ref().map(|subject| &subject.facts),
            calls: self.agent().calls().filter(|_| state.operation == crate::model::Operation::InvokeAgent),
            attributes,
        }
    }

    /// Emits the events of the call's end.
    fn emit_events(&self, ended: &Ended<'_>) {
        let &Ended { pipeline, state, end, facts, content, policy, masks } = ended;
        // The log processor reads the masks of the place where the record is emitted.
        let _entered = mask_context::enter(self.masks().clone());
        let span = self.context().map(|context| context.span().span_context().clone());
        let span = span.as_ref();
        let (profile, time) = (pipeline.profile, self.ended(end.duration));
        if state.operation.is_inference() {
            let mut attributes = self.start_facts(state);
            attributes.extend_from_slice(facts);
            own_attributes(&mut attributes, policy, masks, policy.event_content());
            let (list, report) = content.on(policy.event_content());
            let fields = events::details(attributes, list, report);
            pipeline.events.details(profile, span, time, fields);
        }
        if let Some(error_type) = &end.error_type {
            let kind = state.error.type_name.as_deref().unwrap_or(error_type);
            let fields = events::exception(kind, state.error_message(policy, masks));
            pipeline.events.exception(profile, span, time, fields);
        }
    }

    /// The attributes set when the span started.
    pub(crate) fn start_facts(&self, state: &CallRecord) -> Vec<KeyValue> {
        let started = self.started();
        let name = state.operation_name().map(|name| KeyValue::new(Fact::OperationName.key(), name.to_owned()));
        let mut facts: Vec<KeyValue> = name.into_iter().collect();
        let mut add = |key, value: Option<Value>| facts.extend(value.map(|value| KeyValue::new(key, value)));
        add(Fact::ProviderName.key(), state.provider.as_ref().map(|provider| provider.as_str().to_owned().into()));
        add(Fact::RequestModel.key(), state.request.model.clone().filter(|_| started.model).map(Value::from));
        if let Some(server) = state.server.as_ref().filter(|_| started.server) {
            add(Fact::ServerAddress.key(), Some(server.address.clone().into()));
            add(Fact::ServerPort.key(), server.port.map(|port| i64::from(port).into()));
        }
        facts
    }
}
