//! Arguments of operations other than model calls: agents, tools, workflows, retrieval, memory, guardrails, MCP.

use std::borrow::Cow;

use super::CallBuilder;
use crate::arguments::captured_value::{CapturedValue, ProbedValue, SerializedRef};
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
    /// Sets the agent's name: `gen_ai.agent.name`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// let answer = LlmCall::builder(Operation::InvokeAgent).agent("researcher").run(|_| 42);
    /// # assert_eq!(answer, 42);
    /// ```
    agent(AgentName);
    /// Sets the id that a hosting service gave the agent: `gen_ai.agent.id`. The latest conventions define it for
    /// remote agents only.
    agent_id(AgentId);
    /// Sets `gen_ai.agent.version`.
    agent_version(AgentVersion);
    /// Sets the tool's name: `gen_ai.tool.name`.
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
    /// Sets `gen_ai.tool.type`: `function`, `extension` or `datastore`.
    tool_type(ToolType);
    /// Sets the id that the model gave this tool call: `gen_ai.tool.call.id`.
    tool_call_id(ToolCallId);
    /// Sets the workflow's name: `gen_ai.workflow.name`.
    workflow(WorkflowName);
    /// Sets the searched data source: `gen_ai.data_source.id`.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// LlmCall::builder(Operation::Retrieval).data_source("handbook").query("holidays").top_k(3).run(|call| {
    ///     call.documents(&serde_json::json!([{"id": "7", "score": 0.92}]));
    /// });
    /// ```
    data_source(DataSourceId);
    /// Sets the id of the fetched response: `gen_ai.response.id`.
    response_id(ResponseId);
    /// Sets the start position in the fetched stream: `gen_ai.request.stream_cursor`.
    stream_cursor(StreamCursor);
    /// Sets the memory store: `gen_ai.memory.store.id`, or `llm_trace.memory.store.id` in the core profile.
    memory_store(MemoryStoreId);
    /// Sets the memory that is read or written: `gen_ai.memory.record.id`, or `llm_trace.memory.record.id` in the core
    /// profile.
    memory_record(MemoryRecordId);
    /// Sets the guardrail's name: `llm_trace.guardrail.name`.
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
    /// Sets the method of a Model Context Protocol message: `mcp.method.name`.
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
    /// Sets the prompt's name: `gen_ai.prompt.name`.
    prompt(PromptName);
    /// Sets `mcp.session.id`.
    mcp_session(McpSession);
    /// Sets the version of the Model Context Protocol: `mcp.protocol.version`.
    protocol_version(McpProtocolVersion);
    /// Sets the resource that is read: `mcp.resource.uri`. It is not part of the span's name.
    resource(McpResource);
    /// Sets the request's id in its session: `jsonrpc.request.id`. A notification has none.
    request_id(RpcRequestId);
    /// Sets `network.transport`: `pipe` for standard input and output, `tcp` for HTTP.
    transport(NetworkTransport);
    /// Sets `network.protocol.name`, for example `http`.
    network_protocol(NetworkProtocol);
    /// Sets `network.protocol.version`, for example `2`.
    network_protocol_version(NetworkProtocolVersion);
    /// Sets the sender of a received message: `client.address`.
    client_address(ClientAddress);
}

impl<'a> CallBuilder<'a> {
    /// Sets the sender's port of a received message: `client.port`.
    pub fn client_port(mut self, port: u16) -> Self {
        self.setup.fact(Fact::ClientPort, port);
        self
    }

    /// Sets the number of requested documents.
    pub fn top_k(mut self, count: i64) -> Self {
        self.setup.fact(Fact::RetrievalTopK, count);
        self
    }

    /// Sets whether the call runs in another process (span kind `CLIENT`) or in this one (`INTERNAL`). By default the
    /// operation and the provider decide.
    ///
    /// ```
    /// use llm_trace::{LlmCall, Operation};
    ///
    /// let local = LlmCall::builder(Operation::Chat).provider("llama.cpp").model("tiny").remote(false);
    /// local.run(|call| { call.answer("Oslo"); });
    /// ```
    pub fn remote(mut self, remote: bool) -> Self {
        self.setup.remote(remote);
        self
    }
}

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

contents! {
    /// Sets the agent's description: `gen_ai.agent.description`. Content of the input side.
    agent_description(AgentDescription);
    /// Sets the tool's description: `gen_ai.tool.description`. Content of the input side.
    tool_description(ToolDescription);
    /// Sets the tool's arguments as JSON: `gen_ai.tool.call.arguments`. A model wrote them, so they are content of the
    /// *output* side.
    arguments(ToolArguments);
    /// Sets the query: `gen_ai.retrieval.query.text`. Content of the input side.
    query(Query);
    /// Sets the query of a memory search: `gen_ai.memory.query.text`, or `llm_trace.memory.query.text` in the core
    /// profile. Content of the input side.
    memory_query(MemoryQuery);
    /// Sets the memories that are written: `gen_ai.memory.records`, or `llm_trace.memory.records` in the core profile.
    /// Content of the output side.
    memories(MemoryRecords);
    /// Sets the content that the guardrail checks: `llm_trace.guardrail.judged`. Masked if either side is.
    judged(Judged);
}

impl<'a> CallBuilder<'a> {
    /// Sets the input: a text or messages, as JSON or any `T: Serialize`.
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
