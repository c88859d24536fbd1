//! Formats without streaming: an event is the whole response.

use super::Reader;
use super::stream::{Event, StreamOutput, StreamReader};
use crate::json::{FoundNode, Node};
use crate::model::facts::ResponseFacts;

/// Reads each event as a whole response.
pub(super) struct WholeAnswer(pub(super) &'static dyn Reader);

impl StreamReader for WholeAnswer {
    fn event(&mut self, _name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        self.0.response(event, facts);
        Event { content: true, end: true }
    }

    fn output(&mut self, _name: Option<&str>, _event: Node<'_>, _out: &mut StreamOutput) {}
}
