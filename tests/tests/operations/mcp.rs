//! Messages of the Model Context Protocol, sent and received.

use llm_trace::{Capture, LlmCall, Operation, Policy, Profile, llm_tool};
use llm_trace_tests::collector::Collector;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};

use crate::support::{Failed, PROFILES, export};

fn arguments() -> Value {
    json!({"city": "SENTINEL-mcp-argument"})
}

fn found() -> Value {
    json!({"content": [{"type": "text", "text": "SENTINEL-mcp-result"}], "isError": false})
}

fn call_tool() {
    let arguments = arguments();
    let call = LlmCall::builder(Operation::McpClient).method("tools/call").tool("weather").arguments(&arguments);
    let call = call.server("https://mcp.example:8443/mcp").mcp_session("s-1").protocol_version("2025-06-18");
    call.request_id("7").transport("tcp").network_protocol("http").network_protocol_version("2").run(|call| {
        call.result(&found());
    });
}

fn serve_tool() {
    let arguments = arguments();
    let call = LlmCall::builder(Operation::McpServer).method("tools/call").tool("forecast").arguments(&arguments);
    call.client_address("10.0.0.7").client_port(5123).request_id("8").run(|call| {
        call.result(&found());
    });
}

/// Sends messages of several methods.
pub(crate) fn messages() {
    call_tool();
    serve_tool();
    LlmCall::builder(Operation::McpClient).method("prompts/get").prompt("greet").request_id("9").run(|_| ());
    LlmCall::builder("mcp.client").method("resources/read").resource("file:///notes.txt").transport("pipe").run(|_| ());
    LlmCall::builder("mcp.server").method("notifications/initialized").run(|_| ());
    fetches();
}

#[llm_tool(name = "fetch")]
fn fetches() -> String {
    let arguments = json!({"url": "SENTINEL-mcp-argument"});
    let call = LlmCall::builder(Operation::McpClient).method("tools/call").tool("fetch").arguments(&arguments);
    call.server("https://mcp.example").request_id("10").run(|call| {
        call.result(&found());
    });
    String::from("SENTINEL-mcp-result")
}

fn open(profile: Profile) -> Collector {
    export(Policy::new().capture(Capture::Span), |layer| layer.with_profile(profile), messages)
}

#[test]
fn messages_are_named_after_their_method_and_its_target() {
    for profile in PROFILES {
        let collector = open(profile);
        let names: Vec<(String, SpanKind)> = collector
            .spans()
            .into_iter()
            .map(|span| (span.span.name, SpanKind::try_from(span.span.kind).unwrap()))
            .collect();
        let expected = [
            ("tools/call weather", SpanKind::Client),
            ("tools/call forecast", SpanKind::Server),
            ("prompts/get greet", SpanKind::Client),
            ("resources/read", SpanKind::Client),
            ("notifications/initialized", SpanKind::Server),
            // A tool that calls an MCP server itself has one span.
            ("execute_tool fetch", SpanKind::Internal),
        ];
        assert_eq!(names, expected.map(|(name, kind)| (name.to_owned(), kind)));
        let mut call = collector.span("tools/call weather").attributes();
        call.shift_remove("llm_trace.outcome");
        assert_eq!(
            Value::Object(call),
            json!({
                "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather", "mcp.method.name": "tools/call",
                "server.address": "mcp.example", "server.port": 8443, "mcp.session.id": "s-1",
                "mcp.protocol.version": "2025-06-18", "jsonrpc.request.id": "7", "network.transport": "tcp",
                "network.protocol.name": "http", "network.protocol.version": "2",
                "gen_ai.tool.call.arguments": arguments().to_string(), "gen_ai.tool.call.result": found().to_string(),
            })
        );
        let prompt = collector.span("prompts/get greet");
        assert_eq!(prompt.attribute("gen_ai.operation.name"), None);
        assert_eq!(prompt.attribute("gen_ai.prompt.name"), Some(json!("greet")));
        let tool = collector.span("execute_tool fetch");
        assert_eq!(tool.attribute("mcp.method.name"), Some(json!("tools/call")));
        assert!(tool.attribute("gen_ai.tool.call.arguments").is_some());
        assert_eq!(collector.span("resources/read").attribute("mcp.resource.uri"), Some(json!("file:///notes.txt")));
    }
}

#[test]
fn an_error_has_its_code_or_is_a_tool_error() {
    let collector = export(
        Policy::new(),
        |layer| layer,
        || {
            let call = LlmCall::builder(Operation::McpClient).method("tools/list").start();
            call.rpc_status(-32601).fail(&Failed);
            LlmCall::builder(Operation::McpClient).method("tools/call").tool("bad").run(|call| {
                call.result(&json!({"content": [], "isError": true}));
            });
        },
    );
    let listed = collector.span("tools/list");
    assert_eq!(listed.status_code(), 2);
    assert_eq!(listed.attribute("rpc.response.status_code"), Some(json!("-32601")));
    assert_eq!(listed.attribute("error.type"), Some(json!("-32601")));
    let bad = collector.span("tools/call bad");
    assert_eq!((bad.status_code(), bad.attribute("error.type")), (2, Some(json!("tool_error"))));
}

#[test]
fn messages_are_timed_but_not_as_model_operations() {
    let metrics = Collector::start();
    let meters = metrics.meter_provider();
    export(Policy::new(), |layer| layer.with_meter_provider(&meters), messages);
    meters.force_flush().unwrap();
    let series = metrics.series();
    let [client, server] = ["client", "server"].map(|side| &series[&format!("mcp.{side}.operation.duration")]);
    assert_eq!((client.len(), server.len()), (3, 2));
    assert_eq!((client[0].unit.as_str(), client[0].bounds.len()), ("s", 14));
    let call = client.iter().find(|series| series.labels["mcp.method.name"] == "tools/call").unwrap();
    assert_eq!(
        Value::Object(call.labels.clone()),
        json!({
            "mcp.method.name": "tools/call", "gen_ai.tool.name": "weather", "mcp.protocol.version": "2025-06-18",
            "network.transport": "tcp", "network.protocol.name": "http", "network.protocol.version": "2",
            "gen_ai.operation.name": "execute_tool", "server.address": "mcp.example", "server.port": 8443,
        })
    );
}

#[test]
fn masks_apply_to_mcp_messages() {
    let policy = Policy::new().capture(Capture::Span);
    let seen = |policy: Policy, sentinel: &str| export(policy, |layer| layer, messages).saw(sentinel);
    assert!(!seen(policy.clone().mask_output(true), "SENTINEL-mcp-argument"));
    assert!(seen(policy.clone().mask_output(true), "SENTINEL-mcp-result"));
    assert!(!seen(policy.mask_input(true), "SENTINEL-mcp-result"));
    assert!(!seen(Policy::new(), "SENTINEL"));
}
