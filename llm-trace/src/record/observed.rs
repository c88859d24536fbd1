//! The observed parts of a call, and facts derived from them.

use std::time::Duration;

use super::CallRecord;
use crate::model::facts::ResponseFacts;
use crate::semconv::Fact;
use crate::wire::Format;

impl CallRecord {
    /// Whether no part of the response was observed although the return value cannot be all of it.
    pub(crate) fn is_unobserved(&self) -> bool {
        let is_expected = self.request.flag(Fact::RequestStream) == Some(true) || self.unread_response;
        is_expected && self.lacks_response()
    }

    /// Whether nothing of a model's response was read, by this call or by one inside it.
    pub(crate) fn is_unread(&self) -> bool {
        self.inner_calls.is_none() && !self.unobserved && self.lacks_response()
    }

    /// Whether this is a model call that has read nothing of its response.
    pub(crate) fn lacks_response(&self) -> bool {
        let has_response = self.answered || self.seen || self.output.is_some() || self.stream.is_some();
        !has_response && self.operation.is_model_call() && self.response == ResponseFacts::default()
    }

    /// The time of the first chunk, unless the request asked for a response in one piece. If the request says nothing,
    /// several chunks are a stream too: clients ask for it after the request was read.
    pub(crate) fn first_chunk(&self) -> Option<Duration> {
        let in_body = matches!(
            self.format,
            Some(Format::OpenAiChat | Format::OpenAiResponses | Format::OpenAiCompletions | Format::AnthropicMessages)
        );
        let whole = match self.request.flag(Fact::RequestStream) {
            Some(stream) => !stream,
            None => self.request_read && in_body && !self.stream.as_ref()?.several,
        };
        self.stream.as_ref().filter(|_| !whole)?.first_chunk
    }

    /// The OpenAI API of the detected format.
    pub(crate) fn openai_api(&self) -> Option<&'static str> {
        match self.format? {
            _ if !self.operation.is_inference() => None,
            Format::OpenAiChat => Some("chat_completions"),
            Format::OpenAiResponses => Some("responses"),
            _ => None,
        }
    }
}
