//! The end of a call: what is known becomes the span's attributes, once.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::Value;
use opentelemetry::trace::{Status, TraceContextExt};

use super::live::Live;
use super::outcome::Outcome;
use super::state::{Content, State};
use crate::message;
use crate::otel::Pipeline;
use crate::otel::attributes::Attributes;
use crate::redact::context::Filtered;
use crate::redact::{Permit, Report, Shape, rewrite};
use crate::semconv::attr;

impl Live {
    /// Ends the call. Only the first end counts.
    pub(crate) fn finish(&self, outcome: Outcome) {
        let ended = SystemTime::now();
        let state = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.finished, true) {
                return;
            }
            // What comes later finds a finished call and changes nothing.
            std::mem::replace(&mut *state, State { finished: true, ..State::default() })
        };
        self.unregister();
        let Some(pipeline) = self.pipeline() else { return };
        if let Some(context) = self.context().filter(|_| self.recording()) {
            self.write(context, pipeline, state, outcome, ended);
        }
    }

    fn write(
        &self,
        context: &opentelemetry::Context,
        pipeline: &Pipeline,
        mut state: State,
        outcome: Outcome,
        ended: SystemTime,
    ) {
        let span = context.span();
        let is_error = outcome.is_error()
            || (pipeline.red_when_given_up && matches!(outcome, Outcome::Cancelled | Outcome::Dropped));
        let error_type = is_error.then(|| state.error_type(outcome));
        let mut attributes = Attributes::new(pipeline.profile);
        attributes.add(attr::ERROR_TYPE, error_type.clone().map(Value::from));
        attributes.add(attr::HTTP_STATUS_CODE, state.error.status.map(i64::from));
        let code = state.error.code.take().or_else(|| state.response.error.as_ref()?.name().map(str::to_owned));
        let code = code.filter(|code| Some(code.as_str()) != error_type.as_deref());
        attributes.add(attr::ERROR_CODE, code);
        attributes.add(attr::OUTCOME, Some(outcome.as_str()));
        attributes.response(&state.response, state.provider.as_ref());
        let first_chunk = state.stream.as_ref().and_then(|stream| stream.first_chunk);
        attributes.add(attr::RESPONSE_TIME_TO_FIRST_CHUNK, first_chunk.map(|time| time.as_secs_f64()));
        self.late_facts(&state, &mut attributes, &span);
        attributes.request(&state.request, state.provider.as_ref());
        attributes.add(attr::OUTPUT_TYPE, state.response.output_type.or(state.request.output_type));
        let dimensions = state.response.dimensions.or(state.request.dimensions);
        attributes.add(attr::EMBEDDINGS_DIMENSION_COUNT, dimensions);
        let conversation = state
            .conversation
            .take()
            .or(state.request.conversation_id.take())
            .or(state.response.conversation_id.take());
        attributes.add(attr::CONVERSATION_ID, conversation);
        self.content(&mut state, pipeline, &mut attributes);
        attributes.user(std::mem::take(&mut state.attributes));
        span.set_attributes(attributes.into_vec());
        if let Some(error_type) = error_type {
            // As content: a mask set since it was read must hold.
            let open = pipeline.policy.state().error_text(self.masks().get()).is_open();
            let message = state.error.message.take().filter(|message| open && *message != error_type);
            span.set_status(Status::error(message.unwrap_or_default()));
        }
        span.end_with_timestamp(ended);
    }

    /// What became known after the span was started with less.
    fn late_facts(&self, state: &State, attributes: &mut Attributes, span: &opentelemetry::trace::SpanRef<'_>) {
        let started = self.started();
        if !started.model && state.request.model.is_some() {
            attributes.add(attr::REQUEST_MODEL, state.request.model.clone());
            if state.name.is_none() {
                span.update_name(state.span_name().into_owned());
            }
        }
        if let Some(server) = state.server.as_ref().filter(|_| !started.server) {
            attributes.add(attr::SERVER_ADDRESS, Some(server.address.clone()));
            attributes.add(attr::SERVER_PORT, server.port.map(i64::from));
        }
    }

    /// Content, asked for once more: a mask set since it was read must hold.
    fn content(&self, state: &mut State, pipeline: &Pipeline, attributes: &mut Attributes) {
        let stamp = pipeline.policy.stamp();
        let policy = pipeline.policy.state();
        let masks = self.masks().get();
        self.masks().set_filtered(Filtered { stamp, masks });
        let mut report = Report::default();
        let on_span = policy.span_content();
        let input = policy.input(masks);
        if matches!(input, Permit::Drop) {
            report.dropped("input");
        }
        if let Some(Content { value, open }) = state.input.take() {
            let message::FinishedInput { messages, instructions, tools, mut filter } = value;
            let mut list = [
                (attr::INPUT_MESSAGES, messages, Shape::Messages),
                (attr::SYSTEM_INSTRUCTIONS, instructions, Shape::Parts),
                (attr::TOOL_DEFINITIONS, tools, Shape::Tools),
            ];
            if tighten(&input, open) {
                for (_, json, shape) in &mut list {
                    *json = json.take().and_then(|json| {
                        let mut tight = input.clone().filter()?;
                        let json = rewrite::attribute(&json, *shape, &mut tight);
                        filter.absorb(tight);
                        json
                    });
                }
            }
            if on_span && !matches!(input, Permit::Off | Permit::Drop) {
                for (key, json, _) in list {
                    attributes.add(key, json);
                }
                report.absorb(filter.into_report());
            }
        }
        let output = policy.output(masks);
        if matches!(output, Permit::Drop) {
            report.dropped("output");
        }
        if let Some(Content { value, open }) = state.output.take() {
            let mut filter = state.output_filter.take();
            let mut json = Some(value);
            if tighten(&output, open) {
                json = json.and_then(|json| {
                    let mut tight = output.clone().filter()?;
                    let json = rewrite::attribute(&json, Shape::Messages, &mut tight);
                    filter = Some(tight);
                    json
                });
            }
            if on_span && !matches!(output, Permit::Off | Permit::Drop) {
                attributes.add(attr::OUTPUT_MESSAGES, json);
                if let Some(filter) = filter {
                    report.absorb(filter.into_report());
                }
            }
        }
        attributes.add(attr::REDACTION, crate::otel::attributes::strings(&report.values()));
    }
}

/// Whether content that was read as open must pass a filter that masks.
fn tighten(now: &Permit, open: bool) -> bool {
    open && !now.is_open()
}

impl State {
    /// The low-cardinality name of a failure: the user's word, the provider's code, the HTTP
    /// status, the error's type.
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
            return by_user.clone();
        }
        if let Some(word) = of_outcome {
            return Cow::Borrowed(word);
        }
        let status = error.status.or_else(|| self.response.error.as_ref()?.status);
        let by_provider = self.response.error.as_ref().and_then(|error| error.name());
        by_provider
            .map(str::to_owned)
            .or_else(|| error.code.clone())
            .or_else(|| status.map(|status| status.to_string()))
            .or_else(|| error.timeout.then(|| "timeout".to_owned()))
            .or_else(|| error.type_name.clone())
            .map_or(Cow::Borrowed("_OTHER"), Cow::Owned)
    }
}
