//! The readers of streamed answers, event by event.

pub(crate) use super::stream_output::{CallFragment, Key, Run, StreamOutput};

use crate::facts::ResponseFacts;
use crate::json::Node;

/// Reads the events of one stream, in order.
pub(crate) trait StreamReader: Send + Sync {
    /// Reads one event. `name` is the SSE `event:` line or the event stream's `:event-type`,
    /// where there is one. `out` is there only if output content was asked for.
    fn event(
        &mut self,
        name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        out: Option<&mut StreamOutput>,
    ) -> Event;

    /// Whether a stream that ends here, without an end mark of its own, ended whole.
    fn is_complete(&self, facts: &ResponseFacts) -> bool {
        !facts.finish_reasons.is_empty() && facts.finish_reasons.iter().all(Option::is_some)
    }
}

/// What an event was.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Event {
    /// It carried output of any kind: text, reasoning, a refusal, a tool call.
    pub(crate) content: bool,
    /// It is the stream's own end mark.
    pub(crate) end: bool,
}

impl Event {
    /// A piece of output.
    pub(crate) const CONTENT: Event = Event { content: true, end: false };

    /// Adds what another event was.
    pub(crate) fn merge(&mut self, other: Event) {
        self.content |= other.content;
        self.end |= other.end;
    }
}
