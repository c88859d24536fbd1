//! The arguments of a call, read before it starts.

use std::borrow::Cow;

use crate::arguments::captured_value::{CapturedValue, ProbedValue};
use crate::arguments::start_fields::MakeSpan;
use crate::model::{Nested, Operation, Provider};
use crate::semconv::AttributeValue;
use crate::semconv::value::Maybe;
use crate::semconv::{ContentField, Fact, Facts};

/// Facts and content of an operation other than a model call that are known at the start.
#[derive(Default)]
pub(crate) struct OperationArguments<'a> {
    pub(crate) facts: Facts,
    pub(crate) content: Vec<(ContentField, CapturedValue<'a>)>,
}

/// The arguments of a call, borrowed while they are read. Used by the macro and the builder.
#[doc(hidden)]
pub struct CallArguments<'a> {
    pub(crate) make_span: MakeSpan,
    /// If unset, the request determines it; the default is chat.
    pub(crate) operation: Option<Operation>,
    pub(crate) provider: Option<Provider>,
    pub(crate) model: Option<Cow<'a, str>>,
    /// The name of the OpenTelemetry span, in place of the conventions' name.
    pub(crate) name: Option<Cow<'static, str>>,
    /// A URL or a host.
    pub(crate) server: Option<Cow<'a, str>>,
    pub(crate) conversation: Option<Cow<'a, str>>,
    pub(crate) mask_input: bool,
    pub(crate) mask_output: bool,
    pub(crate) request: CapturedValue<'a>,
    pub(crate) input: CapturedValue<'a>,
    pub(crate) system: CapturedValue<'a>,
    pub(crate) tools: CapturedValue<'a>,
    pub(crate) attributes: Vec<(Cow<'static, str>, AttributeValue)>,
    /// Arguments of operations other than model calls.
    pub(crate) given: Option<Box<OperationArguments<'a>>>,
    /// Whether it runs in another process, if set.
    pub(crate) remote: Option<bool>,
    pub(crate) nested: Option<Nested>,
    pub(crate) parent: Option<crate::otel::Context>,
}

impl<'a> CallArguments<'a> {
    pub fn new(operation: Option<Operation>, make_span: MakeSpan) -> Self {
        Self {
            make_span,
            operation,
            provider: None,
            model: None,
            name: None,
            server: None,
            conversation: None,
            mask_input: false,
            mask_output: false,
            request: CapturedValue::Nothing,
            input: CapturedValue::Nothing,
            system: CapturedValue::Nothing,
            tools: CapturedValue::Nothing,
            attributes: Vec::new(),
            given: None,
            remote: None,
            nested: None,
            parent: None,
        }
    }

    pub fn provider(&mut self, provider: impl Into<Provider>) {
        self.provider = Some(provider.into());
    }

    pub fn model(&mut self, model: Option<Cow<'a, str>>) {
        self.model = model.filter(|model| !model.is_empty());
    }

    pub fn name(&mut self, name: impl Into<Cow<'static, str>>) {
        self.name = Some(name.into());
    }

    pub fn server(&mut self, server: Option<Cow<'a, str>>) {
        self.server = server;
    }

    pub fn conversation(&mut self, id: Option<Cow<'a, str>>) {
        self.conversation = id.filter(|id| !id.is_empty());
    }

    pub fn mask_input(&mut self, mask: bool) {
        self.mask_input |= mask;
    }

    pub fn mask_output(&mut self, mask: bool) {
        self.mask_output |= mask;
    }

    pub fn request(&mut self, request: ProbedValue<'a>) {
        self.request = request.0;
    }

    pub fn input(&mut self, input: ProbedValue<'a>) {
        self.input = input.0;
    }

    pub fn system(&mut self, system: ProbedValue<'a>) {
        self.system = system.0;
    }

    pub fn tools(&mut self, tools: ProbedValue<'a>) {
        self.tools = tools.0;
    }

    /// Sets a fact of the operation.
    pub fn fact(&mut self, fact: Fact, value: impl Into<Maybe>) {
        if let Maybe(Some(value)) = value.into() {
            self.given.get_or_insert_default().facts.set(fact, value);
        }
    }

    /// Sets a text fact.
    pub fn word(&mut self, fact: Fact, text: Option<Cow<'_, str>>) {
        self.fact(fact, text.map(Cow::into_owned));
    }

    /// Sets a numeric fact. A number that does not fit `i64` is ignored.
    pub fn number(&mut self, fact: Fact, number: impl TryInto<i64>) {
        self.fact(fact, number.try_into().ok());
    }

    /// Sets content of the operation.
    pub fn content(&mut self, field: ContentField, content: ProbedValue<'a>) {
        self.given.get_or_insert_default().content.push((field, content.0));
    }

    /// Sets whether it runs in another process (span kind `CLIENT`) or in this one.
    pub fn remote(&mut self, remote: bool) {
        self.remote = Some(remote);
    }

    /// Sets how this call nests with other model calls. See [`Nested`].
    pub fn nested(&mut self, nested: Nested) {
        self.nested = Some(nested);
    }

    /// Sets the context that contains the parent span, in place of the current one.
    #[cfg(feature = "otel")]
    pub fn parent(&mut self, parent: impl std::borrow::Borrow<opentelemetry::Context>) {
        self.parent = Some(parent.borrow().clone());
    }

    /// Without OpenTelemetry there is no parent to set.
    #[cfg(not(feature = "otel"))]
    pub fn parent<C: IsParent>(&mut self, _parent: C) {}

    /// Adds an attribute. `None` adds nothing.
    pub fn attribute(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Maybe>) {
        if let Maybe(Some(value)) = value.into() {
            self.attributes.push((key.into(), value));
        }
    }
}

/// Not implemented by any type. It provides the error message.
#[cfg(not(feature = "otel"))]
#[diagnostic::on_unimplemented(
    message = "to set the parent of a call, enable the feature `otel` of `llm-trace`",
    label = "without `otel`, a call has no parent from OpenTelemetry"
)]
pub trait IsParent {}
