//! Streams of the formats in [`super::prompt`]: each event has the shape of a whole answer, with
//! more of the text.

use super::fields::places;
use super::stream::{Event, Key, StreamOutput, StreamReader, TextRun};
use super::text_generation::{RequestShape, choices, envelope, reason};
use crate::json::{FoundNode, Node, Text, Tree};
use crate::message::finish_reason;
use crate::model::facts::ResponseFacts;

pub(super) struct PromptStream;

impl StreamReader for PromptStream {
    fn event(&mut self, _name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        envelope(event, facts);
        let mut content = false;
        for (index, choice, shape) in choices(event) {
            content |= text(choice, shape).is_some();
            if let Some(reason) = reason(choice, shape) {
                facts.set_finish_reason(index, reason);
            }
        }
        Event { content, end: false }
    }

    fn output(&mut self, _name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        for (index, choice, shape) in choices(event) {
            if let Some(text) = text(choice, shape) {
                out.text(index, TextRun::Text, Key::Last, text);
            }
            if let Some(reason) = reason(choice, shape) {
                out.finish(index, finish_reason(reason));
            }
        }
    }
}

/// What a choice adds: tokens that mark an end are no text.
fn text<'d, T: Tree<'d>>(choice: T, shape: &RequestShape) -> Option<Text<'d>> {
    let special = places!["token.special"].find(choice).and_then(Tree::bool) == Some(true);
    shape.text.find(choice)?.text().filter(|text| !text.is_empty() && !special)
}
