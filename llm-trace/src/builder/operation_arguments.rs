//! Arguments of operations other than model calls: agents, tools, workflows, retrieval, memory, guardrails, MCP.

use std::borrow::Cow;

use super::CallBuilder;
#[cfg(feature = "serde")]
use crate::call::captured_value::{CapturedValue, ProbedValue};
#[cfg(feature = "serde")]
use crate::call::handle::SerializedRef;
#[cfg(feature = "serde")]
use crate::semconv::ContentField;
use crate::semconv::Fact;

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident($fact:ident);)*) => {
        impl<'a> CallBuilder<'a> {
            $(
                $(#[$meta])*
                pub fn $name(mut self, value: impl Into<Cow<'a, str>>) -> Self {
                    self.setup.word(Fact::$fact, Some(value.into()));
                    self
                }
            )*
        }
    };
}

words! {
    /// The agent's name: `gen_ai.agent.name`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// let answer = LlmCall::builder(Operation::InvokeAgent).agent("researcher").run(|_| 42);
    /// # assert_eq!(answer, 42);
    /// ```
    agent(AgentName);
    /// The id that a host of agents gave it: `gen_ai.agent.id`. The newest conventions have it of
    /// agents that run elsewhere only.
    agent_id(AgentId);
    /// `gen_ai.agent.version`.
    agent_version(AgentVersion);
    /// The tool's name: `gen_ai.tool.name`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// let city = serde_json::json!({"city": "Oslo"});
    /// LlmCall::builder(Operation::ExecuteTool).tool("weather").tool_call_id("call_1").arguments(&city).run(|call| {
    ///     call.result("4 degrees");
    /// });
    /// ```
    tool(ToolName);
    /// `gen_ai.tool.type`: `function`, `extension` or `datastore`.
    tool_type(ToolType);
    /// The id that the model gave this call of the tool: `gen_ai.tool.call.id`.
    tool_call_id(ToolCallId);
    /// The workflow's name: `gen_ai.workflow.name`.
    workflow(WorkflowName);
    /// What is searched: `gen_ai.data_source.id`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// LlmCall::builder(Operation::Retrieval).data_source("handbook").query("holidays").top_k(3).run(|call| {
    ///     call.documents(&serde_json::json!([{"id": "7", "score": 0.92}]));
    /// });
    /// ```
    data_source(DataSourceId);
    /// The response that is fetched: `gen_ai.response.id`.
    response_id(ResponseId);
    /// From where in its stream: `gen_ai.request.stream_cursor`.
    stream_cursor(StreamCursor);
    /// The memory store: `gen_ai.memory.store.id`, in core `llm_trace.memory.store.id`.
    memory_store(MemoryStoreId);
    /// The one memory that is read or written: `gen_ai.memory.record.id`, in core
    /// `llm_trace.memory.record.id`.
    memory_record(MemoryRecordId);
    /// The guardrail's name: `llm_trace.guardrail.name`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// LlmCall::builder(Operation::ApplyGuardrail).guardrail("no-secrets").judged("the answer").run(|call| {
    ///     call.decision("allow");
    /// });
    /// ```
    guardrail(GuardrailName);
}

words! {
    /// The method of a message of the Model Context Protocol: `mcp.method.name`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// let arguments = serde_json::json!({"city": "Oslo"});
    /// let call = LlmCall::builder(Operation::McpClient).method("tools/call").tool("weather").arguments(&arguments);
    /// call.server("https://mcp.example").request_id("7").run(|call| {
    ///     call.result(&serde_json::json!({"content": [{"type": "text", "text": "4 degrees"}], "isError": false}));
    /// });
    /// ```
    method(McpMethod);
    /// The prompt's name: `gen_ai.prompt.name`.
    prompt(PromptName);
    /// `mcp.session.id`.
    mcp_session(McpSession);
    /// The version of the Model Context Protocol: `mcp.protocol.version`.
    protocol_version(McpProtocolVersion);
    /// The resource that is read: `mcp.resource.uri`. Not part of the span's name.
    resource(McpResource);
    /// The request's id in its session: `jsonrpc.request.id`. A notification has none.
    request_id(RpcRequestId);
    /// What carries it: `network.transport`, `pipe` for standard input and output, `tcp` for HTTP.
    transport(NetworkTransport);
    /// `network.protocol.name`, such as `http`.
    network_protocol(NetworkProtocol);
    /// `network.protocol.version`, such as `2`.
    network_protocol_version(NetworkProtocolVersion);
    /// Where a message that is received comes from: `client.address`.
    client_address(ClientAddress);
}

impl<'a> CallBuilder<'a> {
    /// The port a message that is received comes from: `client.port`.
    pub fn client_port(mut self, port: u16) -> Self {
        self.setup.fact(Fact::ClientPort, port);
        self
    }

    /// How many documents are asked for.
    pub fn top_k(mut self, count: i64) -> Self {
        self.setup.fact(Fact::RetrievalTopK, count);
        self
    }

    /// Whether it runs in another process, so that its span's kind is CLIENT, or in this one
    /// (INTERNAL), where that is not what the operation and its provider tell.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// let call = LlmCall::builder(Operation::Chat).provider("llama.cpp").model("tiny").remote(false);
    /// # let _ = call;
    /// ```
    pub fn remote(mut self, remote: bool) -> Self {
        self.setup.remote(remote);
        self
    }
}

#[cfg(feature = "serde")]
macro_rules! contents {
    ($($(#[$meta:meta])* $name:ident($slot:ident);)*) => {
        impl<'a> CallBuilder<'a> {
            $(
                $(#[$meta])*
                pub fn $name<T: serde::Serialize + ?Sized>(mut self, content: &'a T) -> Self {
                    self.setup.content(ContentField::$slot, ProbedValue(CapturedValue::Owned(Box::new(SerializedRef(content)))));
                    self
                }
            )*
        }
    };
}

#[cfg(feature = "serde")]
contents! {
    /// What the agent is for: `gen_ai.agent.description`. Content of the input side.
    agent_description(AgentDescription);
    /// What the tool is for: `gen_ai.tool.description`. Content of the input side.
    tool_description(ToolDescription);
    /// What a model gave the tool: `gen_ai.tool.call.arguments`, as JSON. A model wrote it, so it is
    /// content of the *output* side.
    arguments(ToolArguments);
    /// What is searched for: `gen_ai.retrieval.query.text`. Content of the input side.
    query(Query);
    /// What memories are searched for: `gen_ai.memory.query.text`, in core
    /// `llm_trace.memory.query.text`. Content of the input side.
    memory_query(MemoryQuery);
    /// The memories that are written: `gen_ai.memory.records`, in core `llm_trace.memory.records`.
    /// Content of the output side.
    memories(MemoryRecords);
    /// What the guardrail judges: `llm_trace.guardrail.judged`. Content, masked where either side is.
    judged(Judged);
}

#[cfg(feature = "serde")]
impl<'a> CallBuilder<'a> {
    /// What is asked: a text, or messages, as JSON or of any `T: Serialize`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// LlmCall::builder(Operation::InvokeWorkflow).workflow("triage").input("Printer on fire").run(|call| {
    ///     call.answer("Called the fire brigade");
    /// });
    /// ```
    pub fn input<T: serde::Serialize + ?Sized>(mut self, input: &'a T) -> Self {
        self.setup.input(ProbedValue(CapturedValue::Owned(Box::new(SerializedRef(input)))));
        self
    }
}
