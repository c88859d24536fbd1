//! Results of operations other than model calls: agents, tools, retrieval, memory, guardrails.

use std::borrow::Cow;

use crate::arguments::captured_value::{CapturedValue, SerializedRef};
use crate::call::handle::LlmCall;
use crate::semconv::ContentField;
use crate::semconv::Fact;

impl LlmCall {
    /// Records the output of an operation that no model API answers: a text or messages. For an agent or a workflow
    /// this is its result.
    pub fn answer<T: serde::Serialize + ?Sized>(&self, answer: &T) -> &Self {
        if let Some(active) = self.active() {
            active.answer(&CapturedValue::Document(&SerializedRef(answer)));
        }
        self
    }

    /// Records the arguments of a tool. See [`CallBuilder::arguments`](crate::CallBuilder::arguments).
    pub fn arguments<T: serde::Serialize + ?Sized>(&self, arguments: &T) -> &Self {
        self.content(ContentField::ToolArguments, arguments)
    }

    /// Records the result of a tool as JSON: `gen_ai.tool.call.result`. A model is going to read it, so it is content
    /// of the *input* side.
    pub fn result<T: serde::Serialize + ?Sized>(&self, result: &T) -> &Self {
        self.answered(ContentField::ToolResult, result)
    }

    /// Records the query of a retrieval. See [`CallBuilder::query`](crate::CallBuilder::query).
    pub fn query<T: serde::Serialize + ?Sized>(&self, query: &T) -> &Self {
        self.content(ContentField::Query, query)
    }

    /// Records the retrieved documents: `gen_ai.retrieval.documents`, a list of objects with `id` and `score`. Content
    /// of the output side, except for the scores.
    pub fn documents<T: serde::Serialize + ?Sized>(&self, documents: &T) -> &Self {
        self.answered(ContentField::Documents, documents)
    }

    /// Records the memories that were found. See [`CallBuilder::memories`](crate::CallBuilder::memories). Their number
    /// is not content.
    pub fn memories<T: serde::Serialize + ?Sized>(&self, memories: &T) -> &Self {
        self.answered(ContentField::MemoryRecords, memories)
    }

    /// Records the complete decision of a guardrail: `llm_trace.guardrail.decided`. Content, masked if either side is.
    pub fn decided<T: serde::Serialize + ?Sized>(&self, decided: &T) -> &Self {
        self.answered(ContentField::Decided, decided)
    }

    fn content<T: serde::Serialize + ?Sized>(&self, field: ContentField, content: &T) -> &Self {
        if let Some(active) = self.active() {
            active.content(field, &CapturedValue::Document(&SerializedRef(content)));
        }
        self
    }

    /// Records content in place of the function's return value.
    fn answered<T: serde::Serialize + ?Sized>(&self, field: ContentField, content: &T) -> &Self {
        if let Some(active) = self.active() {
            active.content(field, &CapturedValue::Document(&SerializedRef(content)));
            active.set_answered();
        }
        self
    }
}

impl LlmCall {
    /// Records the decision of a guardrail as a low-cardinality name: `llm_trace.guardrail.decision`. It is not
    /// content: a text with spaces or more than 64 bytes is omitted.
    pub fn decision(&self, word: impl Into<Cow<'static, str>>) -> &Self {
        let word = word.into();
        if let Some(active) = self.active().filter(|_| is_decision_name(&word)) {
            active.fact(Fact::GuardrailDecision, word.into());
        }
        self
    }

    /// Marks the tool as failed, by the value that it returned: the macro's `failed`.
    #[doc(hidden)]
    pub fn failed(&self) {
        if let Some(active) = self.active() {
            active.set_tool_error();
        }
    }

    /// Records the error code of a JSON-RPC response: `rpc.response.status_code`. It is also the error type. End the
    /// call with [`fail`](LlmCall::fail).
    pub fn rpc_status(&self, code: i64) -> &Self {
        if let Some(active) = self.active() {
            active.fact(Fact::RpcStatus, code.to_string().into());
        }
        self
    }

    /// Records the id of a created agent: `gen_ai.agent.id`.
    pub fn agent_id(&self, id: impl Into<Cow<'static, str>>) -> &Self {
        if let Some(active) = self.active() {
            active.fact(Fact::AgentId, id.into().into());
        }
        self
    }
}

/// Whether a decision is a name rather than a sentence.
fn is_decision_name(text: &str) -> bool {
    text.len() <= 64 && !text.contains(char::is_whitespace)
}
