//! The end of a call, once: its record becomes metrics, events, a call for hooks and the end of a span.

use std::sync::Arc;

use super::active_call::ActiveCall;
use super::corrections::report_replaced;
use super::pipeline::Pipeline;
use crate::ambient::ScopeFacts;
use crate::ambient::mask_context::{self, Filtered};
use crate::message::Messages;
use crate::model::{Operation, Outcome};
use crate::otel::TraceContextExt;
use crate::policy::Permit;
use crate::record::{CallEnd, CallRecord, EndedStream, NestedTotals, PermittedContent, Replaced};
use crate::semconv::Fact;
use crate::sink::call_attributes::AttributeSettings;
use crate::sink::call_span::{CallSpan, SpanTarget};
use crate::sink::ended_call::{EndedCall, Sink};
use crate::sink::otel::metrics::Instruments;
use crate::user_code::{self, UserCode};

impl ActiveCall {
    /// Ends the call, streamed or not. The response, or the end of its stream, determines the outcome.
    pub(crate) fn finish(&self) {
        self.finish_call(None);
    }

    /// Ends the call, unless its function is still running: then the return of the function ends it.
    pub(crate) fn release_stream(&self, given_up: Option<Outcome>) {
        if self.lock().panicked || !self.is_running() {
            return self.finish_call(given_up);
        }
        if let Some(stream) = &mut self.lock().stream {
            stream.owned = false;
            stream.dropped = given_up == Some(Outcome::Dropped);
        }
    }

    /// Ends the call early, for example because it was cancelled. After the stream's end mark it is complete all the same.
    pub(crate) fn finish_as(&self, outcome: Outcome) {
        self.finish_call(Some(outcome));
    }

    /// Ends the call. This is the only way, so that the stream is always read to its end first.
    fn finish_call(&self, given_up: Option<Outcome>) {
        let mut record = self.lock();
        if record.finished {
            return;
        }
        let given_up = if record.panicked { Some(Outcome::Panicked) } else { given_up };
        if record.stream.is_none() {
            let failed = record.is_http_error() || record.response.error.is_some();
            drop(record);
            let outcome = if failed { Outcome::Error } else { Outcome::Completed };
            return self.write_end(match given_up {
                Some(Outcome::Unobserved) if failed => outcome,
                given_up => given_up.unwrap_or(outcome),
            });
        }
        let Some(EndedStream { outcome, output, error_message }) = record.end_stream(given_up) else { return };
        drop(record);
        let permit = self.permit_output();
        let open = permit.is_open();
        // Scrubbing runs user code, so it runs outside of the lock.
        if let (Some(output), Some(filter)) = (output, permit.filter()) {
            let mut messages = Messages::output(filter, self.profile());
            output.write(&mut messages);
            self.lock().set_output(messages, open);
        }
        if let (Some(error_message), Permit::Open(filter)) = (error_message, self.permit_error_text()) {
            let message = filter.error_text(&error_message);
            let known = &mut self.lock().error.message;
            *known = known.take().or(Some(message));
        }
        self.write_end(outcome);
    }

    /// Ends the call. Only the first call has an effect.
    pub(crate) fn write_end(&self, outcome: Outcome) {
        let Some(pipeline) = self.pipeline() else { return };
        let Some(mut record) = self.lock().finish() else { return };
        let duration = self.start_instant().elapsed();
        record.retain_identifiers();
        self.unregister();
        let nested_totals = record.apply_inner_calls(outcome);
        record.correct_operation();
        record.assume_provider();
        let (cost, separate) = match nested_totals {
            NestedTotals::Cost(cost) => (Some(cost), false),
            NestedTotals::Elsewhere => (None, true),
            // The agent's inferences recorded their own costs.
            NestedTotals::Nothing if self.counts_inferences(&record) => (None, false),
            NestedTotals::Nothing => (record.cost(pipeline.prices.as_ref()), false),
        };
        let mut late = false;
        match self.outer() {
            None => self.report_counted(&record, separate),
            Some(outer) => match self.merge(outer, record, outcome, cost, separate) {
                None => return,
                // The outer call has ended: the usage of this one must still be counted, and the call only once.
                Some(again) => (record, late) = (again, true),
            },
        }
        if let Some(id) = record.response.facts.text(Fact::ResponseId) {
            self.set_response_id(id);
        }
        // An unobserved call has no known duration, so metrics omit it.
        let measured = outcome != Outcome::Unobserved;
        let instruments = pipeline.metrics.instruments(pipeline.profile).filter(|_| measured);
        let is_written = self.has_span_data() || self.is_hooked() || pipeline.events.wanted();
        if !is_written && instruments.is_none() {
            return;
        }
        let is_error = outcome.is_error()
            || (pipeline.cancelled_as_error && matches!(outcome, Outcome::Cancelled | Outcome::Dropped));
        let error_type = is_error.then(|| record.error_type(outcome));
        let end = CallEnd { outcome, start_time: self.start_time(), duration, late, error_type, cost };
        self.write(pipeline, record, end, instruments);
    }

    /// Whether the call's span receives its data.
    fn has_span_data(&self) -> bool {
        self.recording() || self.has_fields()
    }

    fn write(
        &self,
        pipeline: &Pipeline,
        mut record: Box<CallRecord>,
        end: CallEnd,
        instruments: Option<Arc<Instruments>>,
    ) {
        let is_written = self.has_span_data() || self.is_hooked() || pipeline.events.wanted();
        // The version is read before the policy: a change in between is then processed twice instead of missed.
        let stamp = pipeline.policy.stamp();
        let (policy, masks) = (self.policy(pipeline), self.masks().get());
        let content_on_span = policy.span_content() && (!self.has_fields() || pipeline.content_fields);
        let scope_facts = self.inherit_facts(&mut record, &policy);
        let content = if is_written {
            let is_same = self.is_read_by(stamp);
            if is_same {
                self.masks().own_span().filtered = Some(Filtered { stamp, masks });
            }
            record.take_content(pipeline.profile, &policy, masks, !is_same)
        } else {
            PermittedContent::default()
        };
        let context = self.context().map(|context| context.span().span_context().clone());
        let mut call = EndedCall {
            record,
            end,
            profile: pipeline.profile,
            start_attributes: self.start_attributes(),
            agent_provider: self.agent().provider(),
            agent_calls: self.agent().calls(),
            span: context.as_ref(),
            recorded: self.recording(),
            attributes: Vec::new(),
            facts: 0,
            content,
            policy: &policy,
            masks,
        };
        if is_written || instruments.as_ref().is_some_and(|instruments| instruments.reads_attributes()) {
            let keeps_texts = instruments.is_some();
            let settings = AttributeSettings { compat: &pipeline.compat, content: content_on_span, keeps_texts };
            call.set_attributes(scope_facts.as_deref(), &settings);
        }
        if let Some(instruments) = instruments {
            user_code::run(UserCode::Meter, || instruments.write(&mut call));
        }
        if pipeline.events.wanted() {
            // The log processor reads the masks of the place where the record is emitted.
            let _entered = mask_context::enter(self.masks().clone());
            user_code::run(UserCode::Logger, || pipeline.events.write(&mut call));
        }
        if self.is_hooked() {
            pipeline.hooks.write(&mut call);
        }
        if self.has_span_data() {
            self.write_span(&mut call, scope_facts.as_deref(), pipeline, content_on_span);
        }
    }

    fn write_span(
        &self,
        call: &mut EndedCall<'_>,
        scope_facts: Option<&ScopeFacts>,
        pipeline: &Pipeline,
        content_on_span: bool,
    ) {
        if let Some(context) = self.context().filter(|_| self.recording()) {
            self.correct_start(&context.span(), &mut call.record, call.policy);
        } else if call.record.replaced != Replaced::default() {
            report_replaced("facts are fields of its `tracing` span");
        }
        let update = scope_facts.and_then(|scope_facts| scope_facts.update).unwrap_or_default();
        let trace = self.update_trace(update, call, pipeline, content_on_span);
        let span = CallSpan {
            span: self.span(),
            context: self.context(),
            masks: self.masks(),
            target: if self.has_fields() { SpanTarget::Fields } else { SpanTarget::Attributes },
            compat: &pipeline.compat,
            content: content_on_span,
            error_text: !self.has_fields() || pipeline.content_fields || call.policy.keeps_error_text(),
            trace,
        };
        span.write(call);
    }

    /// Whether it is an agent whose inferences are separate calls.
    fn counts_inferences(&self, record: &CallRecord) -> bool {
        record.operation == Operation::InvokeAgent && self.agent().calls().is_some_and(|(inferences, _)| inferences > 0)
    }
}
