//! Streams of the formats in [`super::prompt`]: each event has the shape of a whole answer, with
//! more of the text.

use super::fields::find;
use super::prompt::{choices, envelope, reason};
use super::stream::{Event, Key, Run, StreamOutput, StreamReader};
use crate::facts::ResponseFacts;
use crate::json::Node;
use crate::message::finish_reason;

pub(super) struct PromptStream;

impl StreamReader for PromptStream {
    fn event(
        &mut self,
        _name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        mut out: Option<&mut StreamOutput>,
    ) -> Event {
        envelope(doc, facts);
        let mut event = Event::default();
        for (index, choice, shape) in choices(doc) {
            let special = find(choice, &["token.special"]).and_then(Node::bool) == Some(true);
            let text = find(choice, &[shape.text]).and_then(Node::text).filter(|text| !text.is_empty() && !special);
            if let Some(text) = text {
                event.content = true;
                if let Some(out) = out.as_deref_mut() {
                    out.text(index, Run::Text, Key::Last, text);
                }
            }
            if let Some(reason) = reason(choice, shape) {
                facts.set_finish_reason(index, reason);
                if let Some(out) = out.as_deref_mut() {
                    out.finish(index, finish_reason(reason));
                }
            }
        }
        event
    }
}
