//! A format that is known but not read: nothing comes out of it.

use super::Reader;
use super::stream::{Event, StreamOutput, StreamReader};
use crate::facts::{RequestFacts, ResponseFacts};
use crate::json::Node;
use crate::message::{InputContent, Messages};

pub(crate) struct Unread;

impl Reader for Unread {
    fn request(&self, _doc: Node<'_>, _facts: &mut RequestFacts) {}

    fn input(&self, _doc: Node<'_>, _out: &mut InputContent) {}

    fn response(&self, _doc: Node<'_>, _facts: &mut ResponseFacts) {}

    fn output(&self, _doc: Node<'_>, _out: &mut Messages) {}

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(Unread)
    }
}

impl StreamReader for Unread {
    fn event(
        &mut self,
        _name: Option<&str>,
        _doc: Node<'_>,
        _facts: &mut ResponseFacts,
        _out: Option<&mut StreamOutput>,
    ) -> Event {
        Event::default()
    }
}
