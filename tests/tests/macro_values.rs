//! The attributes recorded from requests and returned values, by their types.

mod macros;

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use llm_trace::{
    AttributeValue, LlmCall, Operation, Provider, RecordRequest, RecordResponse, RequestRecord, ResponseRecord, Usage,
    llm_call,
};
use macros::{Exported, block_on, trace};
use serde::Serialize;
use serde_json::Value;

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-2024-08-06",
    "choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hi"}}],
    "usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#;
const REQUEST: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}"#;

fn answer() -> Value {
    serde_json::from_str(ANSWER).unwrap()
}

fn request() -> Value {
    serde_json::from_str(REQUEST).unwrap()
}

fn one(run: impl FnOnce()) -> Exported {
    let mut spans = trace(run);
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

#[track_caller]
fn is_whole(span: &Exported) {
    assert_eq!(span.name, "chat gpt-4o");
    assert_eq!(span.get("gen_ai.response.model"), "gpt-4o-2024-08-06");
    assert_eq!(span.get("gen_ai.usage.input_tokens"), "9");
    assert_eq!(span.status, "unset");
}

macro_rules! tells {
    ($($test:ident: $request:ty, $answer:ty = $value:expr, $given:expr;)*) => {$(
        #[test]
        fn $test() {
            #[llm_call(request = request)]
            fn call(request: $request) -> $answer {
                let _ = request;
                $value
            }
            is_whole(&one(|| {
                let _ = call($given);
            }));
        }
    )*};
}

#[derive(Serialize, Clone)]
struct Wrapped(Value);

tells! {
    json_values_tell: Value, Value = answer(), request();
    references_tell: &Value, &'static str = ANSWER, &request();
    text_tells: String, String = ANSWER.into(), REQUEST.into();
    bytes_tell: Vec<u8>, Vec<u8> = ANSWER.into(), REQUEST.into();
    slices_tell: &[u8], &'static [u8] = ANSWER.as_bytes(), REQUEST.as_bytes();
    shared_bytes_tell: Bytes, Bytes = ANSWER.into(), REQUEST.into();
    anything_serialized_tells: Wrapped, Wrapped = Wrapped(answer()), Wrapped(request());
    options_tell: Option<Value>, Option<Wrapped> = Some(Wrapped(answer())), Some(request());
    boxes_tell: Box<Wrapped>, Box<Value> = Box::new(answer()), Box::new(Wrapped(request()));
    shared_pointers_tell: Arc<Wrapped>, Rc<Wrapped> = Rc::new(Wrapped(answer())), Arc::new(Wrapped(request()));
    cows_tell: Cow<'_, str>, Cow<'static, str> = ANSWER.into(), REQUEST.into();
    results_tell: &&Value, Result<Value, std::fmt::Error> = Ok(answer()), &&request();
    layers_of_results_tell: Option<&Arc<Value>>, Result<Option<Result<Arc<Value>, u8>>, String> =
        Ok(Some(Ok(Arc::new(answer())))), Some(&Arc::new(request()));
    http_messages_tell: &http::Request<String>, http::Response<Vec<u8>> =
        http::Response::new(ANSWER.into()), &http::Request::new(REQUEST.into());
}

struct Opaque;

#[test]
fn an_unknown_type_records_nothing_and_compiles() {
    #[llm_call(request = request, model = "gpt-4o")]
    fn call(request: Opaque) -> Opaque {
        request
    }
    let span = one(|| {
        let Opaque = call(Opaque);
    });
    assert_eq!(span.name, "chat gpt-4o");
    assert_eq!(span.get("llm_trace.outcome"), "completed");
}

struct Prompt<'a>(&'a str);
struct Answer(i64);

impl RecordRequest for Prompt<'_> {
    fn record_request(&self, out: &mut RequestRecord<'_>) {
        out.model(self.0);
    }
}

impl RecordResponse for Answer {
    fn record_response(&self, out: &mut ResponseRecord<'_>) {
        out.model("gpt-4o-2024-08-06").usage(Usage::new().input_tokens(self.0));
    }
}

#[test]
fn a_type_can_implement_its_own_recording() {
    #[llm_call(request = prompt)]
    fn call(prompt: &Prompt<'_>) -> Result<Answer, ()> {
        let _ = prompt;
        Ok(Answer(9))
    }
    is_whole(&one(|| {
        let _ = call(&Prompt("gpt-4o"));
    }));
}

/// Records counts with the call's handle while its own values are recorded.
struct Chatty(LlmCall);

impl RecordResponse for Chatty {
    fn record_response(&self, out: &mut ResponseRecord<'_>) {
        self.0.usage(Usage::new().input_tokens(9));
        out.model("gpt-4o-2024-08-06").usage(Usage::new().output_tokens(4));
    }
}

#[test]
fn recording_keeps_the_values_that_are_recorded_meanwhile() {
    #[llm_call(model = "gpt-4o")]
    fn call() -> Chatty {
        Chatty(LlmCall::current())
    }
    let span = one(|| {
        let _ = call();
    });
    is_whole(&span);
    assert_eq!(span.get("gen_ai.usage.output_tokens"), "4");
}

#[llm_call(request = request)]
async fn generic<Q: Serialize, A>(request: Q, answer: A) -> A
where
    A: Clone + Serialize,
{
    drop(request);
    answer
}

#[llm_call(request = request, model = "gpt-4o")]
async fn unbounded<Q, A>(request: Q, answer: A) -> A {
    drop(request);
    answer
}

#[test]
fn generic_code_reads_values_by_their_bounds() {
    is_whole(&one(|| {
        block_on(generic(request(), answer()));
    }));
    let span = one(|| {
        block_on(unbounded(request(), answer()));
    });
    assert_eq!(span.name, "chat gpt-4o");
    assert_eq!(span.get("gen_ai.response.model"), "");
}

#[test]
fn an_http_status_of_four_or_five_hundred_in_an_ok_is_an_error() {
    #[llm_call(provider = "openai", model = "gpt-4o")]
    fn call() -> Result<http::Response<&'static str>, ()> {
        let body = r#"{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}"#;
        Ok(http::Response::builder().status(429).body(body).unwrap())
    }
    let span = one(|| {
        let _ = call();
    });
    assert_eq!(span.status, "error");
    assert!(["429", "rate_limit_exceeded"].contains(&span.get("error.type").as_str()), "{span:?}");
}

struct Config {
    base_url: String,
    model: Option<String>,
}

#[test]
fn every_argument_is_read() {
    #[llm_call(
        operation = Operation::Embeddings,
        provider = Provider::from("my-gateway"),
        model = config.model,
        server = &config.base_url,
        conversation = thread,
        name = "ask",
        level = "debug",
        target = "app::llm",
        attributes(app.tier = tier, "app.retries" = 2_u8, app.none = None::<i32>, app.ok = true, app.kind = addr),
    )]
    fn call(config: &Config, thread: Option<u64>, tier: &str, addr: std::net::Ipv4Addr) {
        let _ = (config, thread, tier, addr);
    }
    let config = Config { base_url: "https://example.com:8443/v1".into(), model: Some("small".into()) };
    let span = one(|| call(&config, Some(7), "gold", std::net::Ipv4Addr::LOCALHOST));
    assert_eq!(span.name, "ask");
    assert_eq!(span.get("gen_ai.operation.name"), "embeddings");
    assert_eq!(span.get("gen_ai.provider.name"), "my-gateway");
    assert_eq!(span.get("gen_ai.request.model"), "small");
    assert_eq!(span.get("server.address"), "example.com");
    assert_eq!(span.get("server.port"), "8443");
    assert_eq!(span.get("gen_ai.conversation.id"), "7");
    assert_eq!(span.get("app.tier"), "gold");
    assert_eq!(span.attributes["app.retries"], opentelemetry::Value::I64(2));
    assert_eq!(span.attributes["app.ok"], opentelemetry::Value::Bool(true));
    assert_eq!(span.get("app.kind"), "127.0.0.1");
    assert!(!span.attributes.contains_key("app.none"));
}

struct Reply {
    raw: Value,
    note: String,
}

#[test]
fn a_closure_selects_the_response_from_the_returned_value() {
    #[llm_call(request = request, response = |reply| &reply.raw)]
    async fn call(request: Value) -> Result<Reply, ()> {
        drop(request);
        Ok(Reply { raw: answer(), note: "mine".into() })
    }
    is_whole(&one(|| {
        assert_eq!(block_on(call(request())).unwrap().note, "mine");
    }));
}

#[test]
fn a_closure_sets_the_error_type() {
    #[llm_call(model = "gpt-4o", error_type = |error| error.code)]
    fn call() -> Result<(), Coded> {
        Err(Coded { code: "quota" })
    }
    let span = one(|| drop(call()));
    assert_eq!(span.get("error.type"), "quota");
    assert_eq!(span.status, "error");
}

struct Coded {
    code: &'static str,
}

#[test]
fn the_users_names_do_not_disturb_the_expansion() {
    #![allow(dead_code, non_camel_case_types)]
    struct Ok;
    struct Some;
    struct None;
    struct Result;
    struct Option;
    struct String;
    mod std {}
    mod core {}
    #[llm_call(request = request, attributes(app.tier = 1), response = |answer| answer)]
    fn call(request: Value) -> Value {
        let (call, ret, open) = (1, 2, 3);
        let _ = (request, call, ret, open);
        answer()
    }
    is_whole(&one(|| drop(call(request()))));
    let _ = AttributeValue::from(1);
}

struct Client {
    name: String,
}

impl Client {
    fn name(&self) -> &str {
        &self.name
    }

    #[llm_call(provider = self.name(), model = "m")]
    fn by_borrowed_text(&self) {}

    #[llm_call(provider = &self.name, model = "m")]
    async fn by_reference(&self) {}
}

#[test]
fn a_provider_is_any_text_also_a_borrowed_one() {
    for (name, expected) in [("openai", "openai"), ("house", "house")] {
        let client = Client { name: name.to_owned() };
        assert_eq!(one(|| client.by_borrowed_text()).get("gen_ai.provider.name"), expected);
        assert_eq!(one(|| block_on(client.by_reference())).get("gen_ai.provider.name"), expected);
    }
    assert_eq!(Provider::from(&Provider::Anthropic), Provider::Anthropic);
}

#[llm_call(provider = "openai", request = builder)]
async fn sends(builder: reqwest::RequestBuilder) -> Result<reqwest::Response, reqwest::Error> {
    builder.send().await
}

#[llm_call(provider = "openai", request = request)]
fn takes(request: &reqwest::Request) {}

#[test]
fn the_body_that_a_request_of_reqwest_holds_is_read() {
    let post = || reqwest::Client::new().post("http://127.0.0.1:1/v1/chat/completions");
    let body = serde_json::json!({"model": "gpt-4o", "temperature": 0.5, "messages": []});
    let streamed = || reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("{}")]));
    for (builder, model) in [
        (post().json(&body), "gpt-4o"),
        (post().body(body.to_string()), "gpt-4o"),
        (post().body(streamed()), ""),
        (post(), ""),
    ] {
        let request = builder.try_clone().and_then(|builder| builder.build().ok());
        let spans = trace(|| {
            request.iter().for_each(takes);
            assert!(block_on(sends(builder)).is_err(), "nobody listens");
        });
        assert_eq!(spans.len(), if request.is_some() { 2 } else { 1 });
        for span in spans {
            assert_eq!(span.get("gen_ai.request.model"), model);
        }
    }
}
