//! Content of operations besides messages: arguments, results, queries, documents.

use super::{CallRecord, RecordedContent, Subject, document, documents};
use crate::arguments::captured_value::CapturedValue;
use crate::json::{Mode, is_document};
use crate::policy::{ContentShape, Filter, Permit, Side, TextKind, rewrite};
use crate::semconv::{ContentField, Fact, Facts};

impl ContentField {
    /// The mask that covers the content. Content that a model wrote, including a tool's arguments, is output. Content
    /// that a model is going to read is input. A guardrail may check either.
    pub(crate) fn side(self) -> Side {
        use ContentField as F;
        match self {
            F::InputMessages | F::SystemInstructions | F::ToolDefinitions | F::AgentDescription => Side::Input,
            F::ToolDescription | F::ToolResult | F::Query | F::MemoryQuery => Side::Input,
            F::OutputMessages | F::ToolArguments | F::Documents | F::MemoryRecords => Side::Output,
            F::Judged | F::Decided | F::ExceptionMessage | F::EvaluationExplanation => Side::Either,
        }
    }

    pub(crate) fn shape(self) -> ContentShape {
        use ContentField as F;
        match self {
            F::InputMessages | F::OutputMessages => ContentShape::Messages,
            F::SystemInstructions => ContentShape::Parts,
            F::ToolDefinitions => ContentShape::Tools,
            F::ToolDescription => ContentShape::Value(TextKind::ToolDefinition),
            F::ToolArguments => ContentShape::Value(TextKind::Arguments),
            F::ToolResult => ContentShape::Value(TextKind::ToolResult),
            F::Documents | F::MemoryRecords => ContentShape::Documents,
            _ => ContentShape::Value(TextKind::Text),
        }
    }
}

impl RecordedContent {
    pub(crate) fn read(field: ContentField, what: &CapturedValue<'_>, permit: Permit) -> Option<RecordedContent> {
        let (mode, open) = (permit.mode()?, permit.is_open());
        let mut filter = permit.filter()?;
        let text = read(field, what, mode, &mut filter)?;
        let text = filter.whole(text, field.shape())?;
        Some(RecordedContent { field, text, open, filter })
    }
}

fn read(field: ContentField, what: &CapturedValue<'_>, mode: Mode, filter: &mut Filter) -> Option<String> {
    let ContentShape::Value(kind) = field.shape() else {
        return match what {
            CapturedValue::Text(text) if !is_document(text) => Some(documents::one(text, filter)),
            CapturedValue::Http { body, .. } => read(field, body, mode, filter),
            what => documents::write(document(what, mode)?.root(), field == ContentField::MemoryRecords, filter),
        };
    };
    match what {
        CapturedValue::Text(text) if !is_document(text) => Some(rewrite::text(text, kind, filter)),
        CapturedValue::Http { body, .. } => read(field, body, mode, filter),
        CapturedValue::Bytes(bytes) if !std::str::from_utf8(bytes).is_ok_and(is_document) => {
            Some(rewrite::text(std::str::from_utf8(bytes).ok()?, kind, filter))
        }
        what => {
            let doc = document(what, mode)?;
            (!doc.root().is_null()).then(|| rewrite::value(doc.root(), kind, filter))
        }
    }
}

impl CallRecord {
    /// A fact of the operation.
    pub(crate) fn fact(&self, fact: Fact) -> Option<&str> {
        self.subject.as_ref()?.facts.text(fact)
    }

    pub(crate) fn subject(&mut self) -> &mut Subject {
        self.subject.get_or_insert_default()
    }

    /// Applies facts that were set before the start. A name that was set as an attribute applies too.
    pub(crate) fn adopt(&mut self, facts: Option<&Facts>) {
        const NAMES: [(&str, Fact); 5] = [
            (Fact::AgentName.key(), Fact::AgentName),
            (Fact::ToolName.key(), Fact::ToolName),
            (Fact::ToolType.key(), Fact::ToolType),
            (Fact::WorkflowName.key(), Fact::WorkflowName),
            (Fact::DataSourceId.key(), Fact::DataSourceId),
        ];
        if let Some(facts) = facts {
            self.subject().facts = facts.clone();
        }
        if self.operation.is_model_call() || self.attributes.is_empty() {
            return;
        }
        for (name, fact) in NAMES {
            if let Some(at) = self.attributes.iter().rposition(|(key, _)| *key == name) {
                let (_, value) = self.attributes.remove(at);
                self.attributes.retain(|(key, _)| *key != name);
                self.subject().facts.set(fact, value.to_text().into_owned().into());
            }
        }
    }

    /// Reads content that was set before the start.
    pub(crate) fn read_given(&mut self, given: &[(ContentField, CapturedValue<'_>)], permit: impl Fn(Side) -> Permit) {
        for (field, what) in given {
            if let Some(filled) = RecordedContent::read(*field, what, permit(field.side())) {
                self.set_content(filled);
            }
        }
    }

    /// Sets content; a later value replaces an earlier one.
    pub(crate) fn set_content(&mut self, filled: RecordedContent) {
        let content = &mut self.subject().content;
        content.retain(|known| known.field != filled.field);
        content.push(filled);
    }
}
