//! Tests of the collector that the other tests use.

use llm_trace_tests::collector::{Answer, Collector};
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, trace_service_client::TraceServiceClient,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

fn request(name: &str) -> ExportTraceServiceRequest {
    let span = Span { name: name.into(), ..Span::default() };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }
}

#[test]
fn a_span_is_there_as_soon_as_it_has_ended() {
    let collector = Collector::start();
    let provider = collector.provider();
    provider.tracer("test").in_span("work", |_| {});
    assert_eq!(collector.span("work").scope.name, "test");
    assert!(collector.saw("work") && !collector.saw("play"));
}

#[tokio::test]
async fn protobuf_json_and_grpc_are_read_and_answered() {
    let collector = Collector::start();
    let http = reqwest::Client::new();
    let url = format!("{}/v1/traces", collector.endpoint());
    let proto = http.post(&url).header("content-type", "application/x-protobuf").body(request("proto").encode_to_vec());
    assert_eq!(proto.send().await.expect("an answer").status(), 200);
    let json = http.post(&url).json(&request("json"));
    assert_eq!(json.send().await.expect("an answer").status(), 200);
    let mut grpc = TraceServiceClient::connect(collector.endpoint()).await.expect("a connection");
    grpc.export(request("grpc")).await.expect("an answer");
    let names: Vec<_> = collector.spans().into_iter().map(|s| s.span.name).collect();
    assert_eq!(names, ["proto", "json", "grpc"]);
}

#[tokio::test]
async fn answers_are_as_configured_and_rejected_spans_do_not_count() {
    let collector = Collector::start();
    collector.answer_next([Answer::Status(503, Some(1)), Answer::Grpc(8)]);
    let http = reqwest::Client::new();
    let answer = http.post(format!("{}/v1/traces", collector.endpoint())).json(&request("a")).send().await;
    let answer = answer.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, b"1".as_slice()));
    let mut grpc = TraceServiceClient::connect(collector.endpoint()).await.expect("a connection");
    assert_eq!(grpc.export(request("b")).await.expect_err("a refusal").code(), tonic::Code::ResourceExhausted);
    assert!(collector.spans().is_empty() && collector.requests().len() == 2);
}
