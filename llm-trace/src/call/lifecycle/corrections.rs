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
        let mut record = self.lock();
        record.keep_kind();
        record.replaced.provider |= self.start_attributes().provider && record.provider.as_ref() != Some(&provider);
        record.provider = Some(provider);
    }

    pub(crate) fn set_model(&self, model: &str) {
        if model.is_empty() {
            return;
        }
        let mut record = self.lock();
        record.replaced.model |=
            self.start_attributes().model && record.request.text(Fact::RequestModel) != Some(model);
        record.request.update_text(Fact::RequestModel, Some(model));
    }

    pub(crate) fn set_server(&self, server: &str) {
        let Some(server) = Server::read(server) else { return };
        let mut record = self.lock();
        record.keep_kind();
        let known = record.server.as_ref().map(|known| (&known.address, known.port));
        record.replaced.server |= self.start_attributes().server && known != Some((&server.address, server.port));
        if record.provider.is_none() && record.operation.is_model_call() {
            record.provider = hosts::name(&server.address).map(Provider::from);
        }
        record.server = Some(server);
    }

    pub(crate) fn set_operation(&self, operation: Operation) {
        let mut record = self.lock();
        if record.operation == operation || record.finished {
            return;
        }
        if !record.operation.is_model_call() || !operation.is_model_call() {
            drop(record);
            diag::debug_once(
                "operation",
                "LlmCall::operation is ignored because the call or the new operation is not a model call",
            );
            return;
        }
        record.replaced.operation = true;
        record.operation_assumed = false;
        record.operation = operation;
    }

    pub(crate) fn set_http_status(&self, status: u16) {
        let mut record = self.lock();
        record.set_error_status(status);
        record.http_status = Some(status);
    }

    /// Corrects the name of the span, and the values set at the start if a processor of llm-trace can.
    pub(crate) fn correct_start(&self, span: &SpanRef<'_>, record: &mut CallRecord, policy: &PolicyState) {
        let masks_name = policy.masks_metadata();
        if masks_name {
            record.name = None;
        }
        // Other code may have named the span.
        if masks_name || (!self.start_attributes().named && record.target().is_some()) {
            span.update_name(record.span_name().into_owned());
        }
        if record.replaced == Replaced::default() {
            return;
        }
        if !self.masks().is_redacted_on_export() {
            return report_replaced("no RedactProcessor is in front of the exporter");
        }
        if record.name.is_none() {
            span.update_name(record.span_name().into_owned());
        }
        self.masks().own_span().corrections = record.corrections();
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
