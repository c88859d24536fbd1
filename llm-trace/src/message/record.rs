//! Recording of user-defined types.

use super::{InputContent, Messages, Part, finish_reason};
use crate::json::Text;
use crate::model::Usage;
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};

/// A request type that is neither JSON nor `Serialize` and records its content itself.
///
/// The method may run more than once per call. [`RequestRecord`] ignores content that the policy does not permit.
///
/// ```
/// use llm_trace::{RecordRequest, RequestRecord};
///
/// struct Prompt { model: String, text: String }
///
/// impl RecordRequest for Prompt {
///     fn record_request(&self, out: &mut RequestRecord<'_>) {
///         out.model(&self.model).message("user", &self.text);
///     }
/// }
/// ```
pub trait RecordRequest {
    /// Records the request.
    fn record_request(&self, out: &mut RequestRecord<'_>);
}

/// A response type that is neither JSON nor `Serialize` and records its content itself.
///
/// ```
/// use llm_trace::{RecordResponse, ResponseRecord, Usage};
///
/// struct Answer { text: String, tokens: i64 }
///
/// impl RecordResponse for Answer {
///     fn record_response(&self, out: &mut ResponseRecord<'_>) {
///         out.finish_reason("stop").usage(Usage::new().output_tokens(self.tokens)).text(&self.text);
///     }
/// }
/// ```
pub trait RecordResponse {
    /// Records the response.
    fn record_response(&self, out: &mut ResponseRecord<'_>);
}

impl<T: RecordRequest + ?Sized> RecordRequest for &T {
    fn record_request(&self, out: &mut RequestRecord<'_>) {
        (**self).record_request(out);
    }
}

impl<T: RecordResponse + ?Sized> RecordResponse for &T {
    fn record_response(&self, out: &mut ResponseRecord<'_>) {
        (**self).record_response(out);
    }
}

/// Receives the data of a [`RecordRequest`].
///
/// ```
/// use llm_trace::{RecordRequest, RequestRecord};
///
/// struct Question { system: String, text: String, creative: bool }
///
/// impl RecordRequest for Question {
///     fn record_request(&self, out: &mut RequestRecord<'_>) {
///         out.model("house-model").temperature(if self.creative { 1.0 } else { 0.0 }).top_p(0.9).max_tokens(500);
///         out.stop_sequences(["END"]).stream(false);
///         out.system(&self.system).message("user", &self.text);
///     }
/// }
/// ```
#[derive(Debug)]
pub struct RequestRecord<'a> {
    pub(crate) facts: &'a mut Facts,
    pub(crate) content: Option<&'a mut InputContent>,
}

impl RequestRecord<'_> {
    /// Sets `gen_ai.request.model`.
    pub fn model(&mut self, model: impl Into<String>) -> &mut Self {
        self.facts.set(Fact::RequestModel, model.into().into());
        self
    }

    /// Sets `gen_ai.request.temperature`.
    pub fn temperature(&mut self, temperature: f64) -> &mut Self {
        self.facts.set(Fact::RequestTemperature, temperature.into());
        self
    }

    /// Sets `gen_ai.request.top_p`.
    pub fn top_p(&mut self, top_p: f64) -> &mut Self {
        self.facts.set(Fact::RequestTopP, top_p.into());
        self
    }

    /// Sets `gen_ai.request.max_tokens`.
    pub fn max_tokens(&mut self, tokens: i64) -> &mut Self {
        self.facts.set(Fact::RequestMaxTokens, tokens.into());
        self
    }

    /// Sets `gen_ai.request.stop_sequences`.
    pub fn stop_sequences<S: Into<String>>(&mut self, stop: impl IntoIterator<Item = S>) -> &mut Self {
        let stop: Vec<String> = stop.into_iter().map(Into::into).collect();
        self.facts.set(Fact::RequestStopSequences, stop.into());
        self
    }

    /// Sets `gen_ai.request.stream`.
    pub fn stream(&mut self, stream: bool) -> &mut Self {
        self.facts.set(Fact::RequestStream, stream.into());
        self
    }

    /// Adds a message with one text part. Content: ignored unless the policy permits it.
    pub fn message(&mut self, role: &str, text: &str) -> &mut Self {
        if let Some(content) = &mut self.content {
            content.messages.text(role, Text::Plain(text), None);
        }
        self
    }

    /// Adds a text to the system instructions. Content: ignored unless the policy permits it.
    pub fn system(&mut self, text: &str) -> &mut Self {
        if let Some(content) = &mut self.content {
            content.system(Part::Text(Text::Plain(text)));
        }
        self
    }
}

/// Receives the data of a [`RecordResponse`].
///
/// ```
/// use llm_trace::{RecordResponse, ResponseRecord, Usage};
///
/// struct Answer { id: String, text: String, tokens: (i64, i64) }
///
/// impl RecordResponse for Answer {
///     fn record_response(&self, out: &mut ResponseRecord<'_>) {
///         let usage = Usage::new().input_tokens(self.tokens.0).output_tokens(self.tokens.1);
///         out.id(self.id.as_str()).model("house-model-7").finish_reason("stop").usage(usage).text(&self.text);
///     }
/// }
/// ```
#[derive(Debug)]
pub struct ResponseRecord<'a> {
    pub(crate) facts: &'a mut ResponseFacts,
    pub(crate) content: Option<&'a mut Messages>,
}

impl ResponseRecord<'_> {
    /// Sets `gen_ai.response.id`.
    pub fn id(&mut self, id: impl Into<String>) -> &mut Self {
        self.facts.update(Fact::ResponseId, Some(id.into()));
        self
    }

    /// Sets `gen_ai.response.model`.
    pub fn model(&mut self, model: impl Into<String>) -> &mut Self {
        self.facts.update(Fact::ResponseModel, Some(model.into()));
        self
    }

    /// Adds the finish reason of the next choice, as the provider names it. Call it before [`text`](Self::text) for
    /// that choice.
    pub fn finish_reason(&mut self, reason: impl Into<String>) -> &mut Self {
        self.facts.finish_reasons.push(Some(reason.into()));
        self
    }

    /// Sets the token counts.
    pub fn usage(&mut self, usage: Usage) -> &mut Self {
        self.facts.usage.update(usage);
        self
    }

    /// Adds an output message with one text part. Content: ignored unless the policy permits it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let reason = self.facts.finish_reasons.last().and_then(Option::as_deref).map(finish_reason);
        if let Some(content) = &mut self.content {
            content.text("assistant", Text::Plain(text), reason);
        }
        self
    }
}
