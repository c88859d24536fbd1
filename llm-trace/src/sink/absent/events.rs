//! Without OpenTelemetry there are no events.

use crate::sink::ended_call::{EndedCall, Sink};

#[derive(Clone, Debug, Default)]
pub(crate) struct Events;

impl Events {
    pub(crate) fn wanted(&self) -> bool {
        false
    }
}

impl Sink for Events {
    fn write(&self, _: &mut EndedCall<'_>) {}
}
