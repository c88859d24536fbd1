//! Corrections of values that were set when the span started.

use super::active_call::ActiveCall;
use crate::diag;
use crate::model::hosts;
use crate::model::server::Server;
use crate::model::{Operation, Provider};
use crate::otel::SpanRef;
use crate::policy::PolicyState;
use crate::record::{CallRecord, Replaced};
use crate::semconv::Fact;

impl ActiveCall {
    pub(crate) fn set_provider(&self, provider: Provider) {
        let mut state = self.lock();
        state.keep_kind();
        state.replaced.provider |= self.started().provider && state.provider.as_ref() != Some(&provider);
        state.provider = Some(provider);
    }

    pub(crate) fn set_model(&self, model: &str) {
        if model.is_empty() {
            return;
        }
        let mut state = self.lock();
        state.replaced.model |= self.started().model && state.request.text(Fact::RequestModel) != Some(model);
        state.request.update_text(Fact::RequestModel, Some(model));
    }

    pub(crate) fn set_server(&self, server: &str) {
        let Some(server) = Server::read(server) else { return };
        let mut state = self.lock();
        state.keep_kind();
        let known = state.server.as_ref().map(|known| (&known.address, known.port));
        state.replaced.server |= self.started().server && known != Some((&server.address, server.port));
        if state.provider.is_none() && state.operation.is_model_call() {
            state.provider = hosts::name(&server.address).map(Provider::from);
        }
        state.server = Some(server);
    }

    pub(crate) fn set_operation(&self, operation: Operation) {
        let mut state = self.lock();
        if state.operation == operation || state.finished {
            return;
        }
        if !state.operation.is_model_call() || !operation.is_model_call() {
            drop(state);
            diag::debug_once(
                "operation",
                "LlmCall::operation is ignored because the call or the new operation is not a model call",
            );
            return;
        }
        state.replaced.operation = true;
        state.operation_assumed = false;
        state.operation = operation;
    }

    pub(crate) fn set_http_status(&self, status: u16) {
        let mut state = self.lock();
        state.error.status = Some(status).filter(|status| *status >= 400);
        state.http_status = Some(status);
    }

    /// Corrects the name of the span, and the values set at the start if a processor of llm-trace can.
    pub(crate) fn correct_start(&self, span: &SpanRef<'_>, state: &mut CallRecord, policy: &PolicyState) {
        let masks_name = policy.masks_metadata();
        if masks_name {
            state.name = None;
        }
        // Other code may have named the span.
        if masks_name || (!self.started().named && state.target().is_some()) {
            span.update_name(state.span_name().into_owned());
        }
        if state.replaced == Replaced::default() {
            return;
        }
        if !self.masks().is_guarded() {
            return report_replaced("no RedactProcessor is in front of the exporter");
        }
        if state.name.is_none() {
            span.update_name(state.span_name().into_owned());
        }
        self.masks().set_corrections(state.corrections());
    }
}

/// Reports that a span keeps the values of its start.
pub(super) fn report_replaced(reason: &str) {
    diag::debug_once(
        "replaced",
        &format!(
            "the provider, model, server or operation of a call was changed after its span had started: the span \
             keeps the first value, because {reason}"
        ),
    );
}
