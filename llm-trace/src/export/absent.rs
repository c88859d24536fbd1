//! In place of `otlp` without the features of its transports: there is never an exporter.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::error::InitError;
use super::exporter::Otlp;
use super::exports::Exports;
use super::limits::Limits;
use crate::PolicyHandle;

/// A processor that does not exist.
#[derive(Debug)]
pub(crate) enum NoProcessor {}

impl SpanProcessor for NoProcessor {
    fn on_start(&self, _: &mut Span, _: &Context) {
        match *self {}
    }

    fn on_end(&self, _: SpanData) {
        match *self {}
    }

    fn force_flush(&self) -> OTelSdkResult {
        match *self {}
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        match *self {}
    }
}

impl Exports {
    pub(crate) fn span_batches(&mut self, otlp: &Otlp, _: Limits, _: &PolicyHandle) -> Result<NoProcessor, InitError> {
        Err(otlp.not_compiled_in())
    }

    /// The builder without an exporter.
    pub(crate) fn with_log_batches<B>(
        &mut self,
        _: B,
        otlp: &Otlp,
        _: Limits,
        _: &PolicyHandle,
    ) -> Result<B, InitError> {
        Err(otlp.not_compiled_in())
    }

    pub(crate) fn with_metrics<B>(&mut self, _: B, otlp: &Otlp, _: Limits) -> Result<B, InitError> {
        Err(otlp.not_compiled_in())
    }
}
