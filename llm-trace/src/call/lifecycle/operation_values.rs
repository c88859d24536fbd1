//! Facts and content of operations besides messages, set while the call runs.

use super::ActiveCall;
use crate::arguments::captured_value::CapturedValue;
use crate::record::{RecordedContent, count_documents};
use crate::semconv::{AttributeValue, ContentField, Fact};

impl ActiveCall {
    /// Sets a fact from inside the function.
    pub(crate) fn fact(&self, fact: Fact, value: AttributeValue) {
        let mut record = self.lock();
        match (fact, value) {
            (Fact::ResponseId, value) => record.response.update_text(Fact::ResponseId, Some(&value.to_text())),
            (Fact::RpcStatus, value) => {
                record.error.code = Some(value.to_text().into_owned());
                record.subject().facts.set(Fact::RpcStatus, value);
            }
            (fact, value) => record.subject().facts.set(fact, value),
        }
    }

    /// Sets content from inside the function, or from its return value.
    pub(crate) fn content(&self, field: ContentField, what: &CapturedValue<'_>) {
        let permit = self.permit(field.side());
        // Serialization runs user code, so it runs outside of the lock.
        let count = (field == ContentField::MemoryRecords).then(|| count_documents(what)).flatten();
        let filled = RecordedContent::read(field, what, permit);
        if field == ContentField::ToolResult {
            self.read_tool_error(what);
        }
        let mut record = self.lock();
        if let Some(count) = count {
            record.subject().facts.set(Fact::MemoryRecordCount, count.into());
        }
        if let Some(filled) = filled.filter(|_| !record.finished) {
            record.set_content(filled);
        }
    }
}
