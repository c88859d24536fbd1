//! The masks and the current call in an OpenTelemetry `Context`.

use std::time::SystemTime;

use super::mask_context::SharedMasks;
use crate::otel::Context;

/// The start of a call's own span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallStart {
    pub(crate) time: SystemTime,
    /// Whether the span is likely to be recorded.
    pub(crate) likely: bool,
}

/// The masks and the current call. They share one entry of the `Context`, because each entry costs a copy of its map.
#[derive(Clone, Debug)]
pub(crate) struct MaskContext {
    masks: SharedMasks,
    /// The masks of the call, which know the call.
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
