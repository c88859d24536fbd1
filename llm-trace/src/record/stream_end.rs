//! Decides the outcome of a stream at its end.

use std::borrow::Cow;

use super::CallRecord;
use crate::model::{Outcome, Usage};
use crate::semconv::Fact;
use crate::wire::Format;
use crate::wire::collect::{Collected, StreamEnd};
use crate::wire::stream::StreamOutput;

/// The end of a stream.
pub(crate) struct EndedStream {
    pub(crate) outcome: Outcome,
    pub(crate) output: Option<StreamOutput>,
    /// The text of the provider's error, before scrubbing.
    pub(crate) error_message: Option<String>,
}

impl CallRecord {
    /// Whether the response is an error.
    pub(crate) fn is_http_error(&self) -> bool {
        self.error.status.is_some_and(|status| status >= 400)
    }

    /// Reads the stream to its end. Returns `None` if there is none, or it has ended.
    pub(crate) fn end_stream(&mut self, given_up: Option<Outcome>) -> Option<EndedStream> {
        let is_http_error = self.is_http_error();
        let stream = self.stream.as_mut()?;
        let given_up = given_up.or(stream.dropped.then_some(Outcome::Dropped));
        let (plain, failed) = (stream.plain == Some(true), stream.failed || is_http_error);
        let unread = !plain && !stream.read;
        let Collected { end, format, facts, output, skipped } = stream.collector.take()?.finish();
        self.format = format;
        if !unread && format.is_some_and(Format::has_stream_operation) {
            self.request.set_new(Fact::RequestStream, true.into());
        }
        if skipped > 0 {
            let count = i64::try_from(skipped).unwrap_or(i64::MAX);
            self.attributes.push((Cow::Borrowed(Fact::EventsSkipped.key()), count.into()));
        }
        let before = std::mem::replace(&mut self.response, facts);
        self.is_cut = end != StreamEnd::Complete && !plain && !unread && before.usage == Usage::default();
        self.response.usage.update(before.usage);
        self.response.cost = self.response.cost.or(before.cost);
        self.response.fill(before);
        let outcome = match (given_up, end) {
            (Some(Outcome::Panicked), _) => Outcome::Panicked,
            (Some(Outcome::NotSent), _) if unread => Outcome::NotSent,
            (Some(Outcome::Error | Outcome::NotSent), _) => Outcome::Error,
            (_, StreamEnd::Error) => Outcome::Error,
            _ if failed => Outcome::Error,
            (_, StreamEnd::Complete) => Outcome::Completed,
            (Some(given_up), StreamEnd::Truncated) => given_up,
            // Items of this kind have no end mark.
            (None, StreamEnd::Truncated) if plain || unread => Outcome::Completed,
            (None, StreamEnd::Truncated) => Outcome::Truncated,
        };
        let error_message = self.response.error.as_ref().and_then(|error| error.message.clone());
        Some(EndedStream { outcome, output, error_message })
    }
}
