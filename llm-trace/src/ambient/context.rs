//! The masks and the current call in an OpenTelemetry `Context`.

use std::time::SystemTime;

use super::mask_context::SharedMasks;
use crate::otel::{Context, KeyValue};

/// The start of a call's own span, for a tracer that sets it without the span's fields.
#[derive(Debug)]
pub(crate) struct CallStart {
    pub(crate) time: SystemTime,
    pub(crate) name: String,
    /// The value of `otel.kind`.
    pub(crate) kind: &'static str,
    pub(crate) attributes: Vec<KeyValue>,
}

/// The masks and the current call. They share one entry of the `Context`, because each entry costs a copy of its map.
#[derive(Clone, Debug)]
pub(crate) struct MaskContext {
    masks: SharedMasks,
    /// The masks of the call.
    call: Option<SharedMasks>,
}

impl MaskContext {
    /// The masks in `cx`, if any.
    pub(crate) fn masks(cx: &Context) -> Option<&SharedMasks> {
        cx.get::<MaskContext>().map(|found| &found.masks)
    }

    /// `cx` with these masks.
    pub(crate) fn with(cx: &Context, masks: SharedMasks) -> Context {
        let call = cx.get::<MaskContext>().and_then(|found| found.call.clone());
        cx.with_value(MaskContext { masks, call })
    }

    /// `cx` with a call and its masks.
    pub(crate) fn with_call(cx: &Context, masks: SharedMasks) -> Context {
        cx.with_value(MaskContext { call: Some(masks.clone()), masks })
    }

    /// The masks of the call in `cx`, if any.
    pub(crate) fn call(cx: &Context) -> Option<&SharedMasks> {
        cx.get::<MaskContext>()?.call.as_ref()
    }
}
