//! Results of operations other than model calls: agents, tools, retrieval, memory, guardrails.

use std::borrow::Cow;

#[cfg(feature = "serde")]
use super::captured_value::CapturedValue;
use super::handle::LlmCall;
#[cfg(feature = "serde")]
use super::handle::SerializedRef;
#[cfg(feature = "serde")]
use crate::semconv::ContentField;
use crate::semconv::Fact;

#[cfg(feature = "serde")]
impl LlmCall {
    /// Records what was answered: a text, or messages, where no model's API answers. Of an agent or
    /// a workflow that is what it came to.
    pub fn answer<T: serde::Serialize + ?Sized>(&self, answer: &T) -> &Self {
        if let Some(live) = self.live() {
            live.answer(&CapturedValue::Document(&SerializedRef(answer)));
        }
        self
    }

    /// Records what a model gave the tool: see [`CallBuilder::arguments`](crate::CallBuilder::arguments).
    pub fn arguments<T: serde::Serialize + ?Sized>(&self, arguments: &T) -> &Self {
        self.content(ContentField::ToolArguments, arguments)
    }

    /// Records a tool's result: `gen_ai.tool.call.result`, as JSON. A model is going to read it, so
    /// it is content of the *input* side.
    pub fn result<T: serde::Serialize + ?Sized>(&self, result: &T) -> &Self {
        self.answered(ContentField::ToolResult, result)
    }

    /// Records what is searched for: see [`CallBuilder::query`](crate::CallBuilder::query).
    pub fn query<T: serde::Serialize + ?Sized>(&self, query: &T) -> &Self {
        self.content(ContentField::Query, query)
    }

    /// Records what was found: `gen_ai.retrieval.documents`, a list of objects with `id` and
    /// `score`. Content of the output side; the scores are not.
    pub fn documents<T: serde::Serialize + ?Sized>(&self, documents: &T) -> &Self {
        self.answered(ContentField::Documents, documents)
    }

    /// Records the memories that were found: see [`CallBuilder::memories`](crate::CallBuilder::memories). How many there are is no
    /// content.
    pub fn memories<T: serde::Serialize + ?Sized>(&self, memories: &T) -> &Self {
        self.answered(ContentField::MemoryRecords, memories)
    }

    /// Records what a guardrail decided, in full: `llm_trace.guardrail.decided`. Content, masked
    /// where either side is.
    pub fn decided<T: serde::Serialize + ?Sized>(&self, decided: &T) -> &Self {
        self.answered(ContentField::Decided, decided)
    }

    fn content<T: serde::Serialize + ?Sized>(&self, slot: ContentField, content: &T) -> &Self {
        if let Some(live) = self.live() {
            live.content(slot, &CapturedValue::Document(&SerializedRef(content)));
        }
        self
    }

    /// What is recorded so stands: the return value adds nothing to it.
    fn answered<T: serde::Serialize + ?Sized>(&self, slot: ContentField, content: &T) -> &Self {
        if let Some(live) = self.live() {
            live.content(slot, &CapturedValue::Document(&SerializedRef(content)));
            live.set_answered();
        }
        self
    }
}

impl LlmCall {
    /// Records what a guardrail decided, in one word of few: `llm_trace.guardrail.decision`. Not
    /// content: more than a word is left out.
    pub fn decision(&self, word: impl Into<Cow<'static, str>>) -> &Self {
        let word = word.into();
        if let Some(live) = self.live().filter(|_| is_word(&word)) {
            live.fact(Fact::GuardrailDecision, word.into());
        }
        self
    }

    /// Records the error code of a JSON-RPC answer: `rpc.response.status_code`, which is the error's
    /// type too. End the call with [`fail`](LlmCall::fail).
    pub fn rpc_status(&self, code: i64) -> &Self {
        if let Some(live) = self.live() {
            live.fact(Fact::RpcStatus, code.to_string().into());
        }
        self
    }

    /// Records the id of an agent that was created: `gen_ai.agent.id`.
    pub fn agent_id(&self, id: impl Into<Cow<'static, str>>) -> &Self {
        if let Some(live) = self.live() {
            live.fact(Fact::AgentId, id.into().into());
        }
        self
    }
}

/// A word of a decision: no sentence could hide in it.
fn is_word(text: &str) -> bool {
    text.len() <= 64 && !text.contains(char::is_whitespace)
}
