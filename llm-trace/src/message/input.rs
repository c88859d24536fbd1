//! The content of a request.

use super::list::Messages;
use super::object::Object;
use super::part::{Part, Payload};
use crate::json::{Node, Text};
use crate::policy::{ContentShape, Filter, Place};

/// The messages, instructions and tools of a request, as they are read.
#[derive(Debug)]
pub(crate) struct InputContent {
    /// The chat history, including instructions in it.
    pub(crate) messages: Messages,
    /// Instructions outside of the history: the parts of one message.
    system: Messages,
    tools: String,
    tool_count: usize,
}

impl InputContent {
    pub(crate) fn new(filter: Filter) -> Self {
        let system = Messages::input(filter.clone());
        Self { messages: Messages::input(filter), system, tools: String::new(), tool_count: 0 }
    }

    /// Adds a part to the system instructions.
    pub(crate) fn system(&mut self, part: Part<'_>) {
        if self.system.open.is_none() {
            self.system.begin("system", None);
        }
        self.system.part(part);
    }

    /// Adds a tool definition, of type `function` if it has a name and parameters, otherwise of the provider's type.
    pub(crate) fn tool(&mut self, kind: &str, name: &str, description: Option<Text<'_>>, parameters: Option<Node<'_>>) {
        if self.tool_count > 0 {
            self.tools.push(',');
        }
        self.tool_count += 1;
        let filter = &mut self.system.filter;
        let mut object = Object::begin(&mut self.tools);
        object.identifier("type", kind, filter, Place::tool_definition());
        object.identifier("name", name, filter, Place::tool_definition());
        if let Some(description) = description {
            object.text("description", description, filter, Place::tool_definition());
        }
        match Payload::node(parameters) {
            Payload::None => {}
            // A replacement would not be a schema, so it is only counted.
            _ if filter.masks_at(Place::tool_definition()) => filter.mask(&mut String::new(), Place::tool_definition()),
            parameters => object.required_payload("parameters", parameters, filter, Place::tool_definition()),
        }
    }

    /// `gen_ai.input.messages`, `gen_ai.system_instructions` and `gen_ai.tool.definitions`.
    pub(crate) fn finish(self) -> FinishedInput {
        let parts = self.system.open.as_ref().map_or(0, |open| open.parts);
        let (messages, mut filter) = self.messages.finish();
        let Messages { json: mut system, filter: system_filter, .. } = self.system;
        filter.absorb(system_filter);
        let prefix = "[{\"role\":\"system\",\"parts\":".len();
        let mut instructions = None;
        if parts > 0 {
            system.push(']');
            instructions = filter.whole(system.split_off(prefix), ContentShape::Parts);
        }
        let tools =
            if self.tool_count > 0 { filter.whole(format!("[{}]", self.tools), ContentShape::Tools) } else { None };
        FinishedInput { messages, instructions, tools, filter }
    }
}

/// The content of a request, as JSON.
#[derive(Debug)]
pub(crate) struct FinishedInput {
    pub(crate) messages: Option<String>,
    pub(crate) instructions: Option<String>,
    pub(crate) tools: Option<String>,
    pub(crate) filter: Filter,
}

impl FinishedInput {
    /// Whether there is no content.
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_none() && self.instructions.is_none() && self.tools.is_none()
    }
}
