//! Formats that do not stream: an event is the whole answer.

use super::Reader;
use super::stream::{Event, StreamOutput, StreamReader};
use crate::facts::ResponseFacts;
use crate::json::Node;

/// Reads each event as a whole answer.
pub(super) struct WholeAnswer(pub(super) &'static dyn Reader);

impl StreamReader for WholeAnswer {
    fn event(
        &mut self,
        _name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        _out: Option<&mut StreamOutput>,
    ) -> Event {
        self.0.response(doc, facts);
        Event { content: true, end: true }
    }
}
