//! Streams of the formats in [`super::text_generation`]: each event has the format of a whole response, with the next
//! piece of text.

use super::fields::field_paths;
use super::stream::{Event, Key, StreamOutput, StreamReader, TextRun};
use super::text_generation::envelope;
use super::text_generation_shapes::{ResponseShape, choices, reason};
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
                out.text(index, TextRun::Text, Key::Only, text);
            }
            if let Some(reason) = reason(choice, shape) {
                out.finish(index, finish_reason(reason));
            }
        }
    }
}

/// The text that an event adds to a choice. Tokens that mark an end are not text.
fn text<'d, T: Tree<'d>>(choice: T, shape: &ResponseShape) -> Option<Text<'d>> {
    let special = field_paths!["token.special"].find(choice).and_then(Tree::bool) == Some(true);
    shape.text.find(choice)?.text().filter(|text| !text.is_empty() && !special)
}
