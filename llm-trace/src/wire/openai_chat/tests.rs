use serde_json::{Value, json};

use super::OpenAiChat;
use crate::json::{Found, JsonView, Mode};
use crate::message::{InputContent, Messages};
use crate::model::facts::ResponseFacts;
use crate::policy::Filter;
use crate::semconv::{Fact, Facts, Profile};
use crate::wire::Reader;
use crate::wire::collect::{Collector, StreamEnd};
use crate::wire::paths::PATHS;
use crate::wire::stream::StreamOutput;
use crate::wire::testing::TypedFacts;

fn request(body: Value) -> Facts {
    let mut facts = Facts::default();
    OpenAiChat.request(Found::from_value(&PATHS, &body, false).root(), &mut facts);
    facts
}

fn input(message: Value) -> Value {
    let body = json!({"messages": [message]});
    let mut out = InputContent::new(Filter::plain());
    OpenAiChat.input(JsonView::from_value(&body, Mode::Full).root(), &mut out);
    let messages = out.finish().messages.unwrap_or_default();
    serde_json::from_str::<Value>(&messages).unwrap()[0].clone()
}

fn whole(body: Value) -> (ResponseFacts, Value) {
    let mut facts = ResponseFacts::default();
    let doc = JsonView::from_value(&body, Mode::Full);
    OpenAiChat.response(Found::from_value(&PATHS, &body, false).root(), &mut facts);
    let mut out = Messages::output(Filter::plain(), Profile::Core);
    OpenAiChat.output(doc.root(), &mut out);
    (facts, written(out))
}

fn streamed(chunks: &[Value]) -> (StreamEnd, ResponseFacts, Value) {
    let mut stream = Collector::new(None, None, None, Some((Mode::Full, StreamOutput::default())));
    for chunk in chunks {
        stream.push(format!(": note\n\ndata: {chunk}\n\n").as_bytes());
    }
    stream.push(b"data: [DONE]\n\n");
    let collected = stream.finish();
    let mut out = Messages::output(Filter::plain(), Profile::Core);
    collected.output.unwrap().write(&mut out);
    (collected.end, collected.facts, written(out))
}

fn written(out: Messages) -> Value {
    out.finish().0.map_or(Value::Null, |json| serde_json::from_str(&json).unwrap())
}

fn chunk(choice: usize, delta: Value) -> Value {
    json!({"id": "c", "model": "m", "object": "chat.completion.chunk", "choices": [{"index": choice, "delta": delta}]})
}

fn usage(usage: Value) -> crate::model::facts::Usage {
    whole(json!({"choices": [], "usage": usage})).0.usage
}

#[test]
fn request_parameters_are_read_under_every_servers_names() {
    let facts = request(json!({"model": "m", "max_tokens": 5, "max_completion_tokens": 7, "stop": "x", "n": 2,
        "random_seed": 3, "reasoning": {"effort": "low"}, "response_format": {"type": "json_schema"}, "top_k": 4}));
    assert_eq!(
        (
            facts.int(Fact::RequestMaxTokens),
            facts.int(Fact::RequestSeed),
            facts.int(Fact::RequestChoiceCount),
            facts.float(Fact::RequestTopK)
        ),
        (Some(7), Some(3), Some(2), Some(4.0))
    );
    assert_eq!(facts.texts(Fact::RequestStopSequences), Some(vec!["x".to_owned()]));
    assert_eq!((facts.text(Fact::RequestReasoningLevel), facts.text(Fact::OutputType)), (Some("low"), Some("json")));
    let audio = request(json!({"modalities": ["text", "audio"], "stop": null, "seed": null}));
    assert_eq!(
        (audio.text(Fact::OutputType), audio.texts(Fact::RequestStopSequences), audio.int(Fact::RequestSeed)),
        (Some("speech"), None, None)
    );
}

#[test]
fn content_parts_become_the_conventions_parts() {
    for (part, expected) in [
        (json!({"type": "text", "text": "x"}), json!({"type": "text", "content": "x"})),
        (
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}),
            json!({"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AA=="}),
        ),
        (
            json!({"type": "image_url", "image_url": "https://x/y"}),
            json!({"type": "uri", "modality": "image", "uri": "https://x/y"}),
        ),
        (
            json!({"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}),
            json!({"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "AA=="}),
        ),
        (
            json!({"type": "input_audio", "input_audio": "https://x/y.mp3"}),
            json!({"type": "uri", "modality": "audio", "uri": "https://x/y.mp3"}),
        ),
        (
            json!({"type": "file", "file": {"file_id": "f"}}),
            json!({"type": "file", "modality": "document", "file_id": "f"}),
        ),
        (
            json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}}),
            json!({"type": "blob", "modality": "document", "mime_type": "application/pdf", "content": "AA=="}),
        ),
        (
            json!({"type": "video_url", "video_url": {"url": "https://x/y"}}),
            json!({"type": "uri", "modality": "video", "uri": "https://x/y"}),
        ),
        (json!({"type": "new", "x": {"y": 1}}), json!({"type": "new", "x": {"y": 1}})),
    ] {
        let message = input(json!({"role": "user", "content": [part]}));
        assert_eq!(message["parts"], json!([expected]), "{part}");
    }
}

#[test]
fn tools_of_every_age_are_read() {
    let call = json!({"type": "tool_call", "name": "f", "arguments": {"x": 1}});
    let legacy =
        input(json!({"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{\"x\":1}"}}));
    assert_eq!(legacy["parts"], json!([call]));
    let result = input(json!({"role": "function", "name": "f", "content": "done"}));
    assert_eq!(result["parts"], json!([{"type": "tool_call_response", "id": "f", "response": "done"}]));
    let custom = input(json!({"role": "assistant", "tool_calls": [
        {"id": "a", "type": "custom", "custom": {"name": "f", "input": "SELECT 1"}}]}));
    assert_eq!(custom["parts"], json!([{"type": "tool_call", "id": "a", "name": "f", "arguments": "SELECT 1"}]));
    // Writer sends empty entries in the list of calls.
    let none = input(json!({"role": "assistant", "content": "x", "tool_calls": [
        {"id": null, "type": null, "function": {"name": null, "arguments": null}}]}));
    assert_eq!(none["parts"], json!([{"type": "text", "content": "x"}]));
}

#[test]
fn reasoning_is_read_once_under_whichever_name() {
    for message in [
        json!({"reasoning_content": "why", "reasoning": "why", "content": "x"}),
        json!({"reasoning": "why", "reasoning_details": [{"type": "reasoning.text", "text": "why"}], "content": "x"}),
        json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "…"}, {"type": "reasoning.summary", "summary": "why"}], "content": "x"}),
        json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "why"}]}, {"type": "text", "text": "x"}]}),
    ] {
        let expected = json!([{"type": "reasoning", "content": "why"}, {"type": "text", "content": "x"}]);
        let (_, messages) = whole(json!({"choices": [{"message": message, "finish_reason": "stop"}]}));
        assert_eq!(messages[0]["parts"], expected, "{message}");
        let (_, _, messages) = streamed(&[chunk(0, message.clone())]);
        assert_eq!(messages[0]["parts"], expected, "{message}");
    }
}

#[test]
fn choices_that_stream_interleaved_are_told_apart() {
    let (end, facts, messages) = streamed(&[
        chunk(1, json!({"role": "assistant", "content": "b"})),
        chunk(0, json!({"role": "assistant", "content": "a"})),
        chunk(1, json!({"content": "B"})),
        json!({"choices": [{"index": 1, "delta": {}, "finish_reason": "length"}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4}}),
    ]);
    assert_eq!(end, StreamEnd::Complete);
    assert_eq!(facts.finish_reasons, [Some("stop".to_owned()), Some("length".to_owned())]);
    assert_eq!((facts.usage.input, facts.usage.output), (Some(1), Some(3)));
    assert_eq!(messages[0]["parts"][0]["content"], "a");
    assert_eq!(messages[1]["parts"][0]["content"], "bB");
}

#[test]
fn streamed_calls_are_told_apart_however_they_are_numbered() {
    let call = |index: Value, id: Value, name: Value, arguments: &str| {
        chunk(
            0,
            json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}),
        )
    };
    let expected = json!([
        {"type": "tool_call", "id": "a", "name": "f", "arguments": {"x": 1}},
        {"type": "tool_call", "id": "b", "name": "g", "arguments": {"y": 2}},
    ]);
    for chunks in [
        // As documented.
        [
            call(json!(0), json!("a"), json!("f"), "{\"x\""),
            call(json!(0), Value::Null, Value::Null, ":1}"),
            call(json!(1), json!("b"), json!("g"), "{\"y\""),
            call(json!(1), Value::Null, Value::Null, ":2}"),
        ],
        // All with index 0.
        [
            call(json!(0), json!("a"), json!("f"), "{\"x\""),
            call(json!(0), json!(""), Value::Null, ":1}"),
            call(json!(0), json!("b"), json!("g"), "{\"y\""),
            call(json!(0), json!(""), Value::Null, ":2}"),
        ],
        // Without an index.
        [
            call(Value::Null, json!("a"), json!("f"), "{\"x\""),
            call(Value::Null, Value::Null, Value::Null, ":1}"),
            call(Value::Null, json!("b"), json!("g"), "{\"y\""),
            call(Value::Null, json!("b"), Value::Null, ":2}"),
        ],
        // With name and id in each delta.
        [
            call(json!(0), json!("a"), json!("f"), "{\"x\""),
            call(json!(0), json!("a"), json!("f"), ":1}"),
            call(json!(1), json!("b"), json!("g"), "{\"y\""),
            call(json!(1), json!("b"), json!("g"), ":2}"),
        ],
    ] {
        let (_, _, messages) = streamed(&chunks);
        assert_eq!(messages[0]["parts"], expected, "{chunks:?}");
    }
}

#[test]
fn refusals_audio_and_citations_are_kept() {
    let (_, messages) = whole(json!({"choices": [{"message": {"content": null, "refusal": "no",
        "audio": {"id": "a", "data": "AA==", "transcript": "said"}}}]}));
    assert_eq!(
        messages[0]["parts"],
        json!([
            {"type": "refusal", "content": "no"},
            {"type": "text", "content": "said"},
            {"type": "blob", "modality": "audio", "content": "AA=="},
        ])
    );
    let (_, messages) =
        whole(json!({"choices": [{"message": {"content": "x", "annotations": [{"type": "url_citation"}]}}]}));
    assert_eq!(
        messages[0]["parts"],
        json!([{"type": "text", "content": "x", "annotations": [{"type": "url_citation"}]}])
    );
    let (_, _, messages) = streamed(&[chunk(0, json!({"refusal": "n"})), chunk(0, json!({"refusal": "o"}))]);
    assert_eq!(messages[0]["parts"], json!([{"type": "refusal", "content": "no"}]));
}

#[test]
fn what_a_server_counts_beside_prompt_and_completion_is_added() {
    // xAI: the completion excludes reasoning.
    let xai = usage(json!({"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 241,
        "completion_tokens_details": {"reasoning_tokens": 228}}));
    assert_eq!((xai.input, xai.output, xai.reasoning), (Some(12), Some(229), Some(228)));
    // OpenAI: the completion includes reasoning.
    let openai = usage(json!({"prompt_tokens": 12, "completion_tokens": 300, "total_tokens": 312,
        "completion_tokens_details": {"reasoning_tokens": 228}}));
    assert_eq!(openai.output, Some(300));
    // Mistral: the prompt excludes audio.
    let mistral = usage(json!({"prompt_tokens": 11, "completion_tokens": 15, "total_tokens": 401,
        "prompt_tokens_details": {"audio_tokens": 375}}));
    assert_eq!(mistral.input, Some(386));
    // More cached tokens than prompt tokens: the prompt excludes them if the total confirms it, otherwise the counts
    // are kept.
    let cached = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 115, "prompt_tokens_details": {"cached_tokens": 100}});
    assert_eq!((usage(cached.clone()).input, usage(cached).cache_read), (Some(110), Some(100)));
    let odd = usage(
        json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 100}}),
    );
    assert_eq!((odd.input, odd.output, odd.cache_read), (Some(10), Some(5), Some(100)));
    let wild = usage(json!({"prompt_tokens": i64::MAX, "completion_tokens": i64::MAX, "total_tokens": i64::MIN}));
    assert_eq!(wild.input, Some(i64::MAX));
    assert_eq!(usage(json!({"prompt_tokens": -1})).input, None);
}

#[test]
fn usage_is_found_wherever_a_stream_states_it() {
    let stop = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "x_groq": {"usage": {"prompt_tokens": 4, "completion_tokens": 2}}});
    let (_, facts, _) = streamed(&[stop]);
    assert_eq!((facts.usage.input, facts.usage.output), (Some(4), Some(2)));
    let (_, facts, _) = streamed(&[
        json!({"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 1}}),
        json!({"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 9, "cost": 0.25}}),
        json!({"choices": [], "usage": null}),
    ]);
    assert_eq!((facts.usage.output, facts.cost), (Some(9), Some(0.25)));
}

#[test]
fn an_error_inside_a_stream_keeps_what_came_before() {
    let (end, facts, messages) = streamed(&[
        chunk(0, json!({"content": "half"})),
        json!({"id": "c", "error": {"code": 502, "message": "gone"}, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}),
    ]);
    assert_eq!(end, StreamEnd::Error);
    assert_eq!(facts.error.as_ref().and_then(|error| error.name()), Some("502"));
    assert_eq!(messages[0]["parts"][0]["content"], "half");
    assert_eq!(messages[0]["finish_reason"], "error");
}

#[test]
fn an_answer_that_was_not_streamed_after_all_is_read_as_a_stream_too() {
    let body = json!({"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}]});
    let mut stream = Collector::new(None, None, None, Some((Mode::Full, StreamOutput::default())));
    stream.push(serde_json::to_string_pretty(&body).unwrap().as_bytes());
    let collected = stream.finish();
    assert_eq!((collected.end, collected.facts.facts.text(Fact::ResponseId)), (StreamEnd::Complete, Some("c")));
}
