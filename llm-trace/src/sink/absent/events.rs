//! Without OpenTelemetry there are no events.

use std::time::SystemTime;

use crate::otel::{KeyValue, SpanContext};
use crate::policy::Report;
use crate::semconv::Profile;

#[derive(Clone, Debug, Default)]
pub(crate) struct Events;

pub(crate) type Fields = Vec<KeyValue>;

impl Events {
    pub(crate) fn wanted(&self) -> bool {
        false
    }

    pub(crate) fn details(&self, _: Profile, _: Option<&SpanContext>, _: SystemTime, _: Fields) {}
    pub(crate) fn exception(&self, _: Profile, _: Option<&SpanContext>, _: SystemTime, _: Fields) {}
}

pub(crate) fn details(_: Vec<KeyValue>, _: &[(&'static str, String)], _: &Report) -> Fields {
    Fields::new()
}

pub(crate) fn exception(_: &str, _: Option<&str>) -> Fields {
    Fields::new()
}
