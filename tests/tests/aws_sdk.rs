//! The AWS SDK's interceptor, driven through the same execution phases as in the SDK.

use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, InterceptorContext, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use llm_trace::aws::CallInterceptor;
use llm_trace::{Capture, Policy, llm_call};
use llm_trace_tests::corpus::exchange::{Exchange, corpus};
use opentelemetry::Value;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::prelude::*;

const CONVERSE: &str = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse";

fn response(status: u16, error: Option<&'static str>, kind: &'static str, body: impl Into<SdkBody>) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().expect("a status"), body.into());
    response.headers_mut().insert("content-type", kind);
    if let Some(error) = error {
        response.headers_mut().insert("x-amzn-errortype", error);
    }
    response
}

/// One execution. Each answer but the last is followed by a retry.
fn execute(url: &str, body: &str, answers: Vec<HttpResponse>) -> Result<SdkBody, String> {
    let interceptor = CallInterceptor::new();
    let components = RuntimeComponentsBuilder::for_tests().build().expect("components for tests");
    let mut bag = ConfigBag::base();
    let mut context = InterceptorContext::new(Input::erase(()));
    let mut request = HttpRequest::new(body.into());
    request.set_uri(url).expect("a URL");
    context.enter_serialization_phase();
    context.take_input();
    context.set_request(request);
    context.enter_before_transmit_phase();
    context.save_checkpoint();
    for answer in answers {
        context.rewind(&mut bag);
        interceptor.read_before_transmit(&(&context).into(), &components, &mut bag).expect("it never fails");
        context.enter_transmit_phase();
        context.take_request();
        let failed = !answer.status().is_success();
        context.set_response(answer);
        context.enter_before_deserialization_phase();
        interceptor.modify_before_deserialization(&mut (&mut context).into(), &components, &mut bag).expect("as above");
        context.enter_deserialization_phase();
        context.set_output_or_error(match failed {
            true => Err(OrchestratorError::operation(Error::erase(std::fmt::Error))),
            false => Ok(Output::erase(())),
        });
        context.enter_after_deserialization_phase();
        interceptor.read_after_attempt(&(&context).into(), &components, &mut bag).expect("as above");
    }
    interceptor.read_after_execution(&(&context).into(), &components, &mut bag).expect("as above");
    let failed = matches!(context.output_or_error(), Some(Err(_)));
    let body = std::mem::replace(context.response_mut().expect("a response").body_mut(), SdkBody::taken());
    if failed { Err("the service said no".to_owned()) } else { Ok(body) }
}

fn spans(run: impl FnOnce()) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = llm_trace::layer().with_tracer_provider(&provider).with_policy(Policy::new().capture(Capture::Span));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
    exporter.get_finished_spans().expect("the exporter holds spans")
}

fn attribute(span: &SpanData, name: &str) -> Option<Value> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|attribute| attribute.value.clone())
}

fn text(span: &SpanData, name: &str) -> String {
    attribute(span, name).map(|value| value.to_string()).unwrap_or_default()
}

const REQUEST: &str = r#"{"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{"maxTokens":5}}"#;
const ANSWER: &str = r#"{"output":{"message":{"role":"assistant","content":[{"text":"yo"}]}},
    "stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":2}}"#;

/// Like the SDK's own types, it exposes no content.
struct Opaque(#[allow(dead_code)] SdkBody);

#[test]
fn requests_and_responses_of_the_sdk_are_read() {
    #[llm_call(provider = "aws.bedrock")]
    async fn ask() -> Result<Opaque, String> {
        execute(CONVERSE, REQUEST, vec![response(200, None, "application/json", ANSWER)]).map(Opaque)
    }
    let spans = spans(|| assert!(ask().now_or_never().is_some_and(|answer| answer.is_ok())));
    assert_eq!(spans.len(), 1);
    let span = &spans[0];
    assert_eq!(text(span, "gen_ai.request.model"), "amazon.nova-lite-v1:0");
    assert_eq!(attribute(span, "gen_ai.request.max_tokens"), Some(Value::I64(5)));
    assert_eq!(attribute(span, "gen_ai.usage.output_tokens"), Some(Value::I64(2)));
    assert_eq!(text(span, "server.address"), "bedrock-runtime.eu-west-1.amazonaws.com");
    assert!(text(span, "gen_ai.input.messages").contains("\"hi\""));
    assert!(text(span, "gen_ai.output.messages").contains("\"yo\""));
    assert_eq!(attribute(span, "error.type"), None);
}

/// The error types of the attempts that were retried.
fn attempts(span: &SpanData) -> Vec<String> {
    let attempts = span.events.iter().filter(|event| event.name == "llm_trace.attempt");
    let attributes = attempts.flat_map(|event| event.attributes.iter());
    attributes.filter(|attribute| attribute.key.as_str() == "error.type").map(|a| a.value.to_string()).collect()
}

#[test]
fn an_error_has_its_status_and_attempts_have_the_error_name_of_the_header() {
    #[llm_call(provider = "aws.bedrock", model = "m")]
    fn ask() -> Result<Opaque, String> {
        let kind = "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/";
        let answer = || response(429, Some(kind), "application/json", r#"{"message":"slow down"}"#);
        execute(CONVERSE, REQUEST, vec![answer(), answer()]).map(Opaque)
    }
    let spans = spans(|| assert!(ask().is_err()));
    assert_eq!(spans.len(), 1);
    assert_eq!(text(&spans[0], "error.type"), "429");
    assert_eq!(attempts(&spans[0]), ["ThrottlingException"]);
}

#[test]
fn a_successful_retry_is_one_successful_call() {
    #[llm_call(provider = "aws.bedrock", model = "m")]
    fn ask() -> Result<Opaque, String> {
        let failed = response(500, Some("InternalServerException"), "application/json", "{}");
        execute(CONVERSE, REQUEST, vec![failed, response(200, None, "application/json", ANSWER)]).map(Opaque)
    }
    let spans = spans(|| assert!(ask().is_ok()));
    assert_eq!(spans.len(), 1);
    assert_eq!(attribute(&spans[0], "error.type"), None);
    assert_eq!(text(&spans[0], "gen_ai.response.finish_reasons"), "[\"end_turn\"]");
    assert_eq!(attempts(&spans[0]), ["InternalServerException"]);
}

fn recorded_stream() -> Option<Exchange> {
    let all = corpus().expect("the corpus can be listed");
    let binary = |exchange: &Exchange| exchange.meta("response_file") == "response.eventstream";
    all.into_iter().find(|exchange| exchange.group() == "aws.bedrock/converse_stream" && binary(exchange))
}

fn streamed(exchange: &Exchange) -> Result<SdkBody, String> {
    let url = format!("https://bedrock-runtime.us-east-1.amazonaws.com{}", exchange.meta("url_path"));
    let request = String::from_utf8(exchange.request().unwrap_or_default()).expect("a request is text");
    // The SDK does not buffer a body of unknown length.
    let body = SdkBody::from_body_1_x(http_body_util::Full::new(bytes::Bytes::from(exchange.response())));
    execute(&url, &request, vec![response(200, None, "application/vnd.amazon.eventstream", body)])
}

fn is_as_recorded(span: &SpanData, exchange: &Exchange) {
    assert_eq!(attribute(span, "gen_ai.request.stream"), Some(Value::Bool(true)));
    assert_eq!(text(span, "gen_ai.request.model"), exchange.expected["request_model"].as_str().unwrap_or_default());
    assert_eq!(
        attribute(span, "gen_ai.usage.output_tokens"),
        exchange.expected["output_tokens"].as_i64().map(Value::I64)
    );
    assert!(!text(span, "gen_ai.output.messages").is_empty());
}

#[test]
fn a_stream_that_is_read_in_the_function_is_part_of_the_call() {
    let Some(exchange) = recorded_stream() else { return };
    #[llm_call(provider = "aws.bedrock")]
    async fn ask(exchange: &Exchange) -> Result<usize, String> {
        let body = streamed(exchange)?;
        Ok(body.collect().await.map_err(|error| error.to_string())?.to_bytes().len())
    }
    let spans = spans(|| {
        let read = ask(&exchange).now_or_never();
        assert_eq!(read, Some(Ok(exchange.response().len())));
    });
    assert_eq!(spans.len(), 1);
    is_as_recorded(&spans[0], &exchange);
}

#[test]
fn a_stream_that_is_handed_on_keeps_the_call_open() {
    let Some(exchange) = recorded_stream() else { return };
    #[llm_call(provider = "aws.bedrock")]
    async fn ask(exchange: &Exchange) -> Result<Opaque, String> {
        streamed(exchange).map(Opaque)
    }
    let spans = spans(|| {
        let answer = ask(&exchange).now_or_never().expect("nothing is waited for").expect("the service says yes");
        let read = answer.0.collect().now_or_never().expect("the body is there").expect("it holds no error");
        assert_eq!(read.to_bytes().len(), exchange.response().len());
    });
    assert_eq!(spans.len(), 1);
    is_as_recorded(&spans[0], &exchange);
}

#[test]
fn without_a_call_it_does_nothing() {
    let spans = spans(|| {
        assert!(execute(CONVERSE, REQUEST, vec![response(200, None, "application/json", ANSWER)]).is_ok());
    });
    assert_eq!(spans.len(), 0);
}
