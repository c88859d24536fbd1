//! The calls that every version exports.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::StatusCode;
use llm_trace::{LlmCall, llm_agent, llm_call, llm_tool, scope};
use serde_json::{Value, json};
use tracing::info_span;

/// Trace id, span id and whether they are sampled, as a version's layer knows them of the current span.
pub type CurrentIds = fn() -> ([u8; 16], [u8; 8], bool);

/// The calls in the order of their end.
pub const NAMES: [&str; 8] = ["answer", "tool", "agent", "stream", "dropped", "429", "masked", "late"];

/// Before each item of a stream.
pub const PAUSE: Duration = Duration::from_millis(2);

pub const SECRET: &str = "the-secret-question";

pub fn request(stream: bool) -> Value {
    json!({"model": "gpt-4o", "temperature": 0.5, "max_tokens": 64, "seed": 7, "stop": ["END", "STOP"],
        "stream": stream, "messages": [{"role": "user", "content": SECRET}]})
}

fn response() -> Value {
    json!({"id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "4 degrees"}}],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 30, "total_tokens": 1230,
            "prompt_tokens_details": {"cached_tokens": 1024},
            "completion_tokens_details": {"reasoning_tokens": 12}}})
}

fn chunk(delta: Value, finish: Value, usage: Value) -> Value {
    json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": usage})
}

#[llm_call(provider = "openai", request = body, server = "https://api.openai.com/v1")]
pub fn answer(body: Value) -> Value {
    // A span of the program's own below the call.
    info_span!("http request").in_scope(response)
}

#[llm_call(provider = "openai", request = body, attributes(app.feature = "search", app.attempt = 2))]
fn answer_stream(body: Value) -> impl Stream<Item = Value> + Unpin {
    stream::iter([
        chunk(json!({"role": "assistant", "content": "4 "}), json!(null), json!(null)),
        chunk(json!({"content": "degrees"}), json!("stop"), json!(null)),
        chunk(json!({}), json!(null), json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12})),
    ])
}

#[llm_tool(name = "get_weather", arguments = arguments)]
fn tool(arguments: Value) -> Value {
    json!({"degrees": 4})
}

#[llm_call(provider = "openai", request = body)]
fn refused(body: Value) -> Result<Value, StatusCode> {
    Err(StatusCode::TOO_MANY_REQUESTS)
}

#[llm_call(provider = "openai", request = body, mask_input)]
fn masked(body: Value) -> Value {
    response()
}

/// The model is known late.
#[llm_call(provider = "openai")]
fn late() -> Value {
    LlmCall::current().request(&request(false));
    response()
}

#[llm_agent(name = "forecaster")]
fn agent() {
    answer(request(false));
    tool(json!({"city": "Oslo"}));
}

/// All of them, below one span of the program's own. Returns the ids of that span.
pub fn make_calls(ids: CurrentIds) -> ([u8; 16], [u8; 8], bool) {
    info_span!("question").in_scope(|| {
        let scope = scope().user("u1").session("s1").tags(["beta", "eu"]).metadata("tenant", 4711);
        scope.run(|| {
            agent();
            let mut stream = answer_stream(request(true));
            while next(&mut stream).is_some() {}
            drop(stream);
            let mut dropped = answer_stream(request(true));
            next(&mut dropped);
            drop(dropped);
            let _refused = refused(request(false));
            masked(request(false));
            late();
        });
        ids()
    })
}

/// The next item of a stream that is never pending.
fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    // The span ends with the stream, not with the function that returned it.
    std::thread::sleep(PAUSE);
    stream.next().now_or_never().flatten()
}
