//! `#[llm_call]` on every supported kind of function.

mod macros;

use std::future::Future;
use std::pin::Pin;

use llm_trace::{LlmCall, llm_call};
use macros::{Exported, block_on, trace};
use serde_json::{Value, json};

fn answer() -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    })
}

fn request() -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]})
}

fn is_whole(span: &Exported) {
    assert_eq!(span.name, "chat gpt-4o");
    assert_eq!(span.get("gen_ai.provider.name"), "openai");
    assert_eq!(span.get("gen_ai.response.model"), "gpt-4o-2024-08-06");
    assert_eq!(span.get("gen_ai.usage.input_tokens"), "9");
    assert_eq!(span.get("error.type"), "");
}

#[derive(Debug)]
struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}

#[llm_call(provider = "openai", request = body)]
async fn asynchronous(body: &Value, fail: bool) -> Result<Value, Failed> {
    tokio::task::yield_now().await;
    if fail {
        return Err(Failed);
    }
    inner(body)?;
    Ok(answer())
}

fn inner(body: &Value) -> Result<(), Failed> {
    if body.is_null() { Err(Failed) } else { Ok(()) }
}

#[test]
fn an_async_fn_is_one_span() {
    let spans = trace(|| {
        block_on(asynchronous(&request(), false)).unwrap();
    });
    assert_eq!(spans.len(), 1);
    is_whole(&spans[0]);
}

#[test]
fn early_returns_and_question_marks_are_seen() {
    for (body, fail) in [(request(), true), (Value::Null, false)] {
        let spans = trace(|| {
            block_on(asynchronous(&body, fail)).unwrap_err();
        });
        assert_eq!(spans.len(), 1);
        assert!(spans[0].get("error.type").ends_with("::Failed"), "{:?}", spans[0]);
        assert_eq!(spans[0].status, "error");
    }
}

#[llm_call(provider = "openai", request = body)]
fn synchronous(body: &Value) -> Value {
    assert!(LlmCall::current().is_enabled());
    let _inner = tracing::info_span!("inner").entered();
    drop(body.clone());
    answer()
}

#[test]
fn a_plain_fn_is_one_span_and_the_parent_of_what_runs_inside() {
    let spans = trace(|| {
        synchronous(&request());
    });
    assert_eq!(spans.len(), 2);
    is_whole(&spans[1]);
    assert_eq!(spans[0].parent, spans[1].id);
}

struct Client {
    model: String,
}

trait Chat {
    fn chat(&mut self, body: Value) -> impl Future<Output = Value> + Send;
    async fn ask(self: Box<Self>, body: Value) -> Option<Value>;
}

impl Chat for Client {
    #[llm_call(provider = "openai", model = self.model)]
    fn chat(&mut self, body: Value) -> impl Future<Output = Value> + Send {
        self.model.push('!');
        async move {
            drop(body);
            answer()
        }
    }

    #[llm_call(provider = "openai", request = body, model = &self.model)]
    async fn ask(self: Box<Self>, mut body: Value) -> Option<Value> {
        body["x"] = 1.into();
        let Client { model } = *self;
        drop((model, body));
        Some(answer())
    }
}

#[test]
fn methods_that_take_self_in_any_way_are_traced() {
    let spans = trace(|| {
        let mut client = Client { model: "gpt-4o".into() };
        block_on(Chat::chat(&mut client, request()));
        client.model.pop();
        block_on(Box::new(client).ask(request()));
    });
    assert_eq!(spans.len(), 2);
    spans.iter().for_each(is_whole);
}

#[llm_call(provider = "openai", request = body)]
fn boxed<'a>(body: &'a Value) -> Pin<Box<dyn Future<Output = Result<Value, Failed>> + Send + 'a>> {
    let made = async move {
        inner(body)?;
        Ok(answer())
    };
    Box::pin(made)
}

#[async_trait::async_trait]
trait Dynamic {
    async fn chat(&self, body: Value) -> Result<Value, Failed>;
}

#[async_trait::async_trait]
impl Dynamic for Client {
    #[llm_call(provider = "openai", request = &body, model = self.model)]
    async fn chat(&self, body: Value) -> Result<Value, Failed> {
        inner(&body)?;
        drop(body);
        Ok(answer())
    }
}

#[test]
fn a_boxed_future_is_traced_from_its_first_poll() {
    let spans = trace(|| {
        block_on(boxed(&request())).unwrap();
        let client: Box<dyn Dynamic> = Box::new(Client { model: "gpt-4o".into() });
        block_on(client.chat(request())).unwrap();
    });
    assert_eq!(spans.len(), 2);
    spans.iter().for_each(is_whole);
}

#[test]
fn a_future_that_is_never_polled_makes_no_span() {
    let spans = trace(|| {
        drop(boxed(&request()));
        drop(asynchronous(&request(), false));
    });
    assert!(spans.is_empty());
}

#[llm_call(provider = "openai", request = body)]
fn borrows<'a, T>(body: &Value, state: &'a mut Vec<T>, (first, _): (T, u8)) -> &'a mut T
where
    T: Clone,
{
    let _ = body;
    state.clear();
    state.push(first);
    &mut state[0]
}

#[llm_call(provider = "openai", request = body)]
async unsafe fn dangerous<T: serde::Serialize>(body: T) -> Box<dyn std::fmt::Debug> {
    drop(body);
    Box::new(1)
}

#[test]
fn generics_lifetimes_patterns_and_unsafe_are_kept() {
    let spans = trace(|| {
        *borrows(&request(), &mut vec![1, 2], (3, 4)) += 1;
        // SAFETY: the function has no safety requirements.
        #[allow(unsafe_code)]
        block_on(unsafe { dangerous(request()) });
    });
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[1].name, "chat gpt-4o");
}
