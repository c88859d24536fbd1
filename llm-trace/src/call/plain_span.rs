//! Calls without the feature `fields`: plain tracing spans.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::arguments::StartFields;
use crate::arguments::call_arguments::CallArguments;
use crate::arguments::captured_value::CapturedValue;
use crate::model::{Operation, Outcome, Provider};
use crate::semconv::AttributeValue;
use crate::semconv::ContentField;
use crate::semconv::Fact;

/// Without the feature no layer exists.
#[inline]
pub(crate) fn has_layer() -> bool {
    false
}

/// As for any `tracing` span.
#[inline]
pub(crate) fn can_start() -> bool {
    true
}

#[derive(Debug)]
pub(crate) struct PendingCall(tracing::Span);

impl PendingCall {
    pub(crate) fn new(setup: CallArguments<'_>) -> Self {
        PendingCall(span(&setup))
    }

    pub(crate) fn start(self) -> Option<Arc<ActiveCall>> {
        Some(Arc::new(ActiveCall { span: self.0 }))
    }
}

#[derive(Debug)]
pub(crate) struct ActiveCall {
    span: tracing::Span,
}

#[doc(hidden)]
#[derive(Debug)]
pub struct EnteredCall<'a> {
    _span: tracing::span::Entered<'a>,
    _not_send: PhantomData<*const ()>,
}

fn span(setup: &CallArguments<'_>) -> tracing::Span {
    let operation = setup.operation.clone().unwrap_or_default();
    let client = setup.provider.is_some() || setup.server.is_some();
    let facts = setup.given.as_ref().map(|given| &given.facts);
    let text = |fact| facts.and_then(|facts| facts.text(fact));
    let model = setup.model.as_deref();
    let conventional = operation.name_target().name(operation.verb(facts), model, facts);
    (setup.make_span)(&StartFields {
        name: setup.name.as_deref().unwrap_or(&conventional),
        kind: operation.kind(setup.remote, client),
        operation: operation.name(facts),
        provider: setup.provider.as_ref().map(crate::model::Provider::as_str),
        model,
        server_address: setup.server.as_deref(),
        server_port: None,
        agent: text(Fact::AgentName),
        tool: text(Fact::ToolName),
        tool_type: text(Fact::ToolType),
    })
}

impl ActiveCall {
    pub(crate) fn start_now(setup: CallArguments<'_>) -> Option<Arc<ActiveCall>> {
        Some(Arc::new(ActiveCall { span: span(&setup) }))
    }

    pub(crate) fn register(self: Arc<Self>) -> Arc<ActiveCall> {
        self
    }

    pub(crate) fn current() -> Option<Arc<ActiveCall>> {
        None
    }

    pub(crate) fn enter(self: &Arc<Self>) -> Option<EnteredCall<'_>> {
        Some(EnteredCall { _span: self.span.enter(), _not_send: PhantomData })
    }

    pub(crate) fn attribute(&self, _: Cow<'static, str>, _: AttributeValue) {}
    pub(crate) fn mask(&self, _: bool, _: bool) {}
    pub(crate) fn request(&self, _: &CapturedValue<'_>) {}
    pub(crate) fn response(&self, _: &CapturedValue<'_>) {}
    pub(crate) fn output(&self, _: &CapturedValue<'_>) {}
    pub(crate) fn answer(&self, _: &CapturedValue<'_>) {}
    pub(crate) fn set_answered(&self) {}
    pub(crate) fn fact(&self, _: Fact, _: AttributeValue) {}
    pub(crate) fn content(&self, _: ContentField, _: &CapturedValue<'_>) {}
    pub(crate) fn attempt(&self, _: Cow<'static, str>) {}
    pub(crate) fn error_type(&self, _: Cow<'static, str>) {}
    pub(crate) fn set_tool_error(&self) {}
    pub(crate) fn set_provider(&self, _: Provider) {}
    pub(crate) fn set_model(&self, _: &str) {}
    pub(crate) fn set_server(&self, _: &str) {}
    pub(crate) fn set_operation(&self, _: Operation) {}
    pub(crate) fn set_http_status(&self, _: u16) {}
    pub(crate) fn finish_ok(&self, _: CapturedValue<'_>, _: &'static str) {}
    pub(crate) fn finish_err(&self, _: CapturedValue<'_>) {}
    pub(crate) fn retain(&self) {}
    pub(crate) fn release(&self) {}
    pub(crate) fn set_panicked(&self) {}
    pub(crate) fn set_running(&self, _: bool) {}
    pub(crate) fn release_stream(&self, _: Option<Outcome>) {}
    pub(crate) fn take_over(&self) -> bool {
        true
    }
    pub(crate) fn adopt_scopes(&self) {}
    pub(crate) fn chunk(&self, _: CapturedValue<'_>) {}
    pub(crate) fn chunk_of(&self, _: &dyn crate::arguments::captured_value::Document) {}
    pub(crate) fn chunk_error(&self, _: CapturedValue<'_>) {}
    pub(crate) fn leave_unobserved(&self, _: bool) -> bool {
        false
    }
    pub(crate) fn has_one_handle(&self) -> bool {
        false
    }
    pub(crate) fn finish(&self) {}
    pub(crate) fn finish_as(&self, _: Outcome) {}
}
