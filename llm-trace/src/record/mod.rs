//! The data of a call, without its lifecycle.

mod arguments;
mod call_end;
mod captured_document;
mod documents;
mod failure;
mod gaps;
mod inner_calls;
mod names;
mod observed;
mod operation_content;
mod permitted_content;
mod replaced;
mod response;
mod start_attributes;
mod stream;
mod stream_end;

use std::borrow::Cow;

pub(crate) use arguments::{recorded, request_content};
pub(crate) use call_end::CallEnd;
pub(crate) use captured_document::{document, found, found_in};
pub(crate) use documents::count as count_documents;
pub(crate) use failure::error_type_label;
pub(crate) use gaps::Gaps;
pub(crate) use inner_calls::{NestedTotals, is_same_call, is_same_work};
pub(crate) use permitted_content::PermittedContent;
pub(crate) use response::{is_messages, outcome_content, response_content};
pub(crate) use start_attributes::StartAttributes;
pub(crate) use stream::Stream;
pub(crate) use stream_end::EndedStream;

use crate::ambient::ScopeFacts;
use crate::cost::Priced;
use crate::message::FinishedInput;
use crate::model::facts::{ErrorFacts, ResponseFacts};
use crate::model::server::Server;
use crate::model::{Nested, Operation, Provider, Usage};
use crate::policy::Filter;
use crate::semconv::identifier::is_word;
use crate::semconv::{AttributeValue, ContentField, Facts};
use crate::wire::Format;

/// The data of a call. Its content has passed the policy. Large and rare fields are boxed, because allocators are fast
/// up to a kilobyte.
#[derive(Default)]
pub(crate) struct CallRecord {
    pub(crate) operation: Operation,
    pub(crate) provider: Option<Provider>,
    pub(crate) name: Option<Cow<'static, str>>,
    /// The end of the call cannot be observed.
    pub(crate) unobserved: bool,
    pub(crate) server: Option<Server>,
    pub(crate) conversation: Option<String>,
    pub(crate) format: Option<Format>,
    /// The facts of the request.
    pub(crate) request: Facts,
    pub(crate) input: Option<Box<Content<FinishedInput>>>,
    pub(crate) response: ResponseFacts,
    pub(crate) output: Option<Content<String>>,
    /// The filter of the output, with its report.
    pub(crate) output_filter: Option<Box<Filter>>,
    /// A response was recorded by hand, so the return value is not read.
    pub(crate) answered: bool,
    /// Some part of a response was observed, even if it may not be recorded.
    pub(crate) seen: bool,
    /// The function returned the response of an HTTP client, whose body is not read here.
    pub(crate) unread_response: bool,
    /// The status that the function set, or that of its response.
    pub(crate) http_status: Option<u16>,
    /// Values set at the start that the function replaced.
    pub(crate) replaced: Replaced,
    /// The function returned a value.
    pub(crate) returned: bool,
    /// The stream ended before its last token counts.
    pub(crate) is_cut: bool,
    /// A poll of the future or the stream panicked.
    pub(crate) panicked: bool,
    /// The operation is that of the request's format: the response's format may correct it.
    pub(crate) operation_assumed: bool,
    /// A request was read, rather than set field by field.
    pub(crate) request_read: bool,
    pub(crate) attributes: Vec<(Cow<'static, str>, AttributeValue)>,
    pub(crate) error: ErrorState,
    pub(crate) stream: Option<Box<Stream>>,
    pub(crate) attempts: u32,
    /// Facts that were set on this call itself.
    pub(crate) scope_facts: Option<Box<ScopeFacts>>,
    /// Facts and content of operations other than model calls.
    pub(crate) subject: Option<Box<Subject>>,
    /// Whether it runs in another process, if set.
    pub(crate) remote: Option<bool>,
    pub(crate) nested: Option<Nested>,
    /// The results of nested calls.
    pub(crate) inner_calls: Option<Box<InnerCalls>>,
    /// The trace's input and output from nested calls.
    pub(crate) trace: TraceSides,
    /// The number of values besides those in [`Facts`] that were omitted because they are not identifiers.
    pub(crate) omitted_values: u64,
    pub(crate) finished: bool,
}

/// Content that was read under one permit.
pub(crate) struct Content<T> {
    pub(crate) value: T,
    /// It holds unmasked texts: a mask that is set later must be applied to them.
    pub(crate) open: bool,
}

/// The known facts of a failure.
#[derive(Debug, Default)]
pub(crate) struct ErrorState {
    /// The error type that the user set.
    pub(crate) by_user: Option<Cow<'static, str>>,
    pub(crate) type_name: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) status: Option<u16>,
    /// The kind of transport failure.
    pub(crate) transport: Option<&'static str>,
    pub(crate) not_sent: bool,
    /// Content: set only if the policy permits error texts.
    pub(crate) message: Option<String>,
}

/// The trace's input and output from nested calls.
#[derive(Debug, Default)]
pub(crate) struct TraceSides {
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
}

/// Facts and content of an operation other than a model call.
#[derive(Default)]
pub(crate) struct Subject {
    pub(crate) facts: Facts,
    pub(crate) content: Vec<RecordedContent>,
}

/// Content that was read under one permit.
pub(crate) struct RecordedContent {
    pub(crate) field: ContentField,
    /// The text of the attribute: plain or JSON.
    pub(crate) text: String,
    /// It holds unmasked texts: a mask that is set later must be applied to them.
    pub(crate) open: bool,
    /// The filter, with its report.
    pub(crate) filter: Filter,
}

/// The results of nested calls.
#[derive(Default)]
pub(crate) struct InnerCalls {
    pub(crate) usage: Usage,
    pub(crate) usage_by_others: Vec<(String, Usage)>,
    pub(crate) cost: Option<Priced>,
    pub(crate) output: Option<(Content<String>, Option<Box<Filter>>)>,
    pub(crate) error: ErrorState,
    pub(crate) response_error: Option<ErrorFacts>,
    pub(crate) stream: Option<Box<Stream>>,
    /// They have their own spans and metrics.
    pub(crate) separate: bool,
}

/// The values set at the start that were replaced later.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Replaced {
    pub(crate) provider: bool,
    pub(crate) model: bool,
    pub(crate) server: bool,
    pub(crate) operation: bool,
}

impl CallRecord {
    /// Assumes the owner of the wire format as the provider, if neither the user nor a host determined it.
    pub(crate) fn assume_provider(&mut self) {
        if self.provider.is_none() && self.operation.is_model_call() {
            self.provider = self.format.and_then(Format::provider).map(Provider::from);
        }
    }

    /// Corrects an assumed operation by the response's format: a model and an input can be a request of two operations.
    pub(crate) fn correct_operation(&mut self) {
        let Some(operation) = self.format.map(Format::operation).filter(|_| self.operation_assumed) else { return };
        // The names of inferences follow the request.
        let is_other = (operation == Operation::Embeddings) != (self.operation == Operation::Embeddings);
        if !is_other || !operation.is_model_call() || !self.operation.is_model_call() {
            return;
        }
        if operation == Operation::Embeddings {
            // Embedded texts are not messages.
            self.input = None;
        }
        self.replaced.operation = true;
        self.operation = operation;
    }

    /// Ends the record, the first time. A finished record takes its place, and nothing reads later updates of it.
    pub(crate) fn finish(self: &mut Box<Self>) -> Option<Box<Self>> {
        let left = || Box::new(CallRecord { finished: true, ..CallRecord::default() });
        (!self.finished).then(|| std::mem::replace(self, left()))
    }

    /// Removes texts that are not identifiers and impossible numbers, whatever their source.
    pub(crate) fn retain_identifiers(&mut self) {
        self.omitted_values += self.response.retain_identifiers();
        if self.error.code.as_deref().is_some_and(|code| !is_word(code)) {
            self.error.code = None;
            self.omitted_values += 1;
        }
    }
}
