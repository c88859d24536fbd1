//! A call whose arguments are read and whose span starts later.

use std::fmt;
use std::sync::Arc;

use super::active_call::ActiveCall;
use super::start::can_start;
use super::start_context::StartContext;
use crate::arguments::MakeSpan;
use crate::arguments::call_arguments::CallArguments;
use crate::policy::Side;
use crate::record::{CallRecord, document, found_in};

/// A call whose arguments are read and whose span has not started.
pub(crate) struct PendingCall(Box<Parts>);

struct Parts {
    make_span: MakeSpan,
    record: Box<CallRecord>,
    around: StartContext,
}

impl fmt::Debug for PendingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingCall")
    }
}

impl PendingCall {
    pub(crate) fn new(mut setup: CallArguments<'_>) -> Self {
        let around = StartContext::of(&mut setup);
        let mut record = CallRecord::of(&mut setup);
        if let Some(pipeline) = &around.pipeline {
            let policy = pipeline.policy.state();
            // The trace may be unknown before the start. Content is then read, and omitted at the end if necessary.
            let policy = match around.trace(&policy) {
                Some(trace) => policy.for_trace(trace),
                None => policy,
            };
            let permit = policy.permit(Side::Input, around.masks.get());
            let document = permit.mode().and_then(|mode| document(&setup.request, mode));
            record.read_arguments(&setup, found_in(&setup.request, document.as_ref()).as_ref());
            record.read_input(&setup, document.as_ref(), permit);
            if let Some(given) = &setup.given {
                record.read_given(&given.content, |side| policy.permit(side, around.masks.get()));
            }
        } else {
            record.take_given(&setup);
        }
        PendingCall(Box::new(Parts { make_span: setup.make_span, record, around }))
    }

    pub(crate) fn start(self) -> Option<Arc<ActiveCall>> {
        if !can_start() {
            return None;
        }
        let Parts { make_span, record, mut around } = *self.0;
        around.adopt_scopes();
        ActiveCall::start(make_span, record, around)
    }
}
