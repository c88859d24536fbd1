//! Readers of streamed responses, event by event.

pub(crate) use super::stream_output::{CallFragment, Key, StreamOutput, TextRun};

use super::text_delta::TextDelta;
use crate::json::{FoundNode, Node};
use crate::model::facts::ResponseFacts;

/// Reads the events of one stream, in order.
pub(crate) trait StreamReader: Send + Sync {
    /// Reads the facts of one event. `name` is the SSE `event:` line or the event stream's `:event-type`, if any.
    fn event(&mut self, name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event;

    /// Reads the content of the same event, after its facts and only if output content is captured.
    fn output(&mut self, name: Option<&str>, event: Node<'_>, out: &mut StreamOutput);

    /// The text of an event whose only effect on the output is to extend one text. `None` if it may have another effect
    /// or if the text was not kept.
    fn text_delta<'e>(&self, _name: Option<&str>, _event: FoundNode<'e>) -> Option<TextDelta<'e>> {
        None
    }

    /// Whether a stream that ends here without an end mark is complete.
    fn is_complete(&self, facts: &ResponseFacts) -> bool {
        !facts.finish_reasons.is_empty() && facts.finish_reasons.iter().all(Option::is_some)
    }
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Event {
    /// It has output of any kind: text, reasoning, a refusal, a tool call.
    pub(crate) content: bool,
    /// It is the stream's own end mark.
    pub(crate) end: bool,
}

impl Event {
    /// Merges the kind of another event.
    pub(crate) fn merge(&mut self, other: Event) {
        self.content |= other.content;
        self.end |= other.end;
    }
}
