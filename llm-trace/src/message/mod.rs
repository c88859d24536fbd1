//! Messages, instructions and tools in the convention's JSON, written in one pass.
//!
//! Every text goes through [`Filter`](crate::policy::Filter), which belongs to the policy; there is no other way out.

mod input;
mod list;
mod object;
mod part;
mod reason;
mod record;

pub(crate) use input::{FinishedInput, InputContent};
pub(crate) use list::Messages;
pub(crate) use part::{Modality, Part, Payload};
pub(crate) use reason::finish_reason;
pub use record::{RecordRequest, RecordResponse, RequestRecord, ResponseRecord};
