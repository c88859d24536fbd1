//! Messages, instructions and tools in the JSON of the conventions, written in one pass.
//!
//! Every text passes the policy's [`Filter`](crate::policy::Filter). There is no other way to write content.

mod input;
mod list;
mod object;
mod part;
mod reason;
mod record;

use crate::json::Node;

pub(crate) use input::{FinishedInput, InputContent};
pub(crate) use list::Messages;
pub(crate) use part::{Modality, Part, Payload};
pub(crate) use reason::finish_reason;
pub use record::{RecordRequest, RecordResponse, RequestRecord, ResponseRecord};

/// The role of an input message. Anyone may have written a message without one.
pub(crate) fn role(message: Node<'_>) -> &str {
    message.get_str("role").unwrap_or("unknown")
}
