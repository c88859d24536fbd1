//! Messages that the user passes without a request, in the common hand-written format.

use super::chat_input::tool;
use super::chat_message;
use super::openai_chat::output_message;
use crate::json::Node;
use crate::message::{InputContent, Messages, Part};

/// One message or a list of them. A text is a message of the user.
pub(crate) fn read_input(root: Node<'_>, out: &mut Messages) {
    one_or_many(root).for_each(|message| match message.text() {
        Some(text) => out.text("user", text, None),
        None => chat_message::input(message, out),
    });
}

/// One output message or a list of them. A text is a message of the model.
pub(crate) fn read_output(root: Node<'_>, out: &mut Messages) {
    one_or_many(root).for_each(|message| match message.text() {
        Some(text) => out.text("assistant", text, None),
        None => output_message(message, None, out),
    });
}

/// Instructions: a text, or a list of texts and of parts with a text.
pub(crate) fn read_system(root: Node<'_>, out: &mut InputContent) {
    for part in one_or_many(root) {
        if let Some(text) = part.text().or_else(|| part.get_text("text")).or_else(|| part.get_text("content")) {
            out.system(Part::Text(text));
        }
    }
}

/// A list of tool definitions.
pub(crate) fn read_tools(root: Node<'_>, out: &mut InputContent) {
    one_or_many(root).for_each(|definition| tool(definition, out));
}

fn one_or_many(root: Node<'_>) -> Box<dyn Iterator<Item = Node<'_>> + '_> {
    if root.is_array() { Box::new(root.items()) } else { Box::new(std::iter::once(root)) }
}
