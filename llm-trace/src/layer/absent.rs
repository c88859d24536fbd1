//! In place of `otel` without OpenTelemetry: no layer is embedded.

use std::convert::Infallible;
use std::marker::PhantomData;

use tracing::Dispatch;
use tracing::span::Id;
use tracing_subscriber::Layer;

use crate::call::lifecycle::pipeline::PipelineRef;

/// No value exists.
pub(super) struct EmbeddedLayer<S>(Infallible, PhantomData<fn(S)>);

impl<S> EmbeddedLayer<S> {
    pub(super) fn layer(&self) -> Option<&(dyn Layer<S> + Send + Sync)> {
        match self.0 {}
    }

    pub(super) fn layer_to_downcast(&self) -> Option<&(dyn Layer<S> + Send + Sync)> {
        match self.0 {}
    }

    pub(super) fn layer_mut(&mut self) -> &mut (dyn Layer<S> + Send + Sync) {
        match self.0 {}
    }

    pub(super) fn on_register_dispatch(&self, _: &Dispatch) {
        match self.0 {}
    }

    pub(super) fn search_at_first_span(&self, _: &Id, _: &PipelineRef) {
        match self.0 {}
    }
}
