//! A call that has ended, as every sink receives it.

use crate::model::Provider;
use crate::otel::{KeyValue, SpanContext};
use crate::policy::{Masks, PolicyState};
use crate::record::{CallEnd, CallRecord, PermittedContent, StartAttributes};
use crate::semconv::Profile;

/// A call that has ended. Its content and its attributes have passed the policy.
pub(crate) struct EndedCall<'c> {
    pub(crate) record: Box<CallRecord>,
    pub(crate) end: CallEnd,
    pub(crate) profile: Profile,
    /// The attributes that its span had from the start.
    pub(crate) start_attributes: StartAttributes,
    /// The provider of the agent that the call belongs to or is.
    pub(crate) agent_provider: Option<&'c Provider>,
    /// The number of inferences and tool calls of that agent.
    pub(crate) agent_calls: Option<(u64, u64)>,
    pub(crate) span: Option<&'c SpanContext>,
    /// The span is recorded.
    pub(crate) recorded: bool,
    /// The attributes of the end: facts, metadata and attributes of the user, the important ones first.
    pub(crate) attributes: Vec<KeyValue>,
    /// The number of attributes that are facts.
    pub(crate) facts: usize,
    pub(crate) content: PermittedContent,
    pub(crate) policy: &'c PolicyState,
    pub(crate) masks: Masks,
}

/// Writes calls that have ended to one signal.
pub(crate) trait Sink {
    /// Writes a call. The span's sink comes last, because it takes the attributes and the content.
    fn write(&self, call: &mut EndedCall<'_>);
}
