//! A model call inside another model call is counted once in every configuration.

use futures_util::{Stream, StreamExt as _, stream};
use llm_trace::{Capture, LlmCall, LlmLayer, Nested, Policy, PriceTable, llm_call, llm_tool};
use llm_trace_tests::collector::Collector;
use serde_json::{Value, json};
use tracing_subscriber::Registry;

use crate::support::{Failed, block_on, chat, export, request};

/// The spans and metrics of the code that runs.
fn measure(change: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>, run: impl FnOnce()) -> Collector {
    let metrics = Collector::start();
    let meters = metrics.meter_provider();
    let table = json!({"gpt-4o": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}}).to_string();
    let prices = PriceTable::from_json(table.as_bytes()).unwrap();
    let change = |layer: LlmLayer<Registry>| change(layer.with_meter_provider(&meters).with_prices(prices));
    let spans = export(Policy::new().capture(Capture::Span), change, run);
    meters.force_flush().unwrap();
    for request in spans.requests() {
        assert!(request.accepted);
    }
    METRICS.with(|kept| kept.replace(Some(metrics)));
    spans
}

thread_local! {
    static METRICS: std::cell::RefCell<Option<Collector>> = const { std::cell::RefCell::new(None) };
}

/// The number of timed calls, and the counted tokens and dollars, from the latest metrics.
fn counted() -> (u64, f64, f64) {
    METRICS.with(|kept| {
        let series = kept.borrow().as_ref().unwrap().series();
        let sum = |name: &str| series.get(name).into_iter().flatten().map(|series| series.sum).sum::<f64>();
        let calls = series["gen_ai.client.operation.duration"].iter().map(|series| series.count).sum();
        let dollars = (sum("llm_trace.client.operation.cost") * 1e6).round();
        (calls, sum("gen_ai.client.token.usage"), dollars)
    })
}

#[llm_call(provider = "openai")]
fn text_of(body: &Value) -> String {
    chat(body)["choices"][0]["message"]["content"].as_str().unwrap().to_uppercase()
}

#[llm_call(provider = "openai", request = body)]
fn whole(body: &Value) -> Value {
    chat(body)
}

#[llm_call]
fn twice(body: &Value) -> Value {
    chat(body);
    chat(body)
}

#[llm_call(provider = "openai", request = body, nested = "separate")]
fn separate(body: &Value) -> Value {
    chat(body)
}

#[llm_call(provider = "my-gateway", request = body)]
fn gateway(body: &Value) -> Value {
    chat(body)
}

fn names(collector: &Collector) -> Vec<String> {
    collector.spans().into_iter().map(|span| span.span.name).collect()
}

#[test]
fn the_inner_call_is_recorded_on_the_outer_one() {
    let collector = measure(|layer| layer, || drop(text_of(&request())));
    assert_eq!(names(&collector), ["chat gpt-4o"]);
    let span = collector.span("chat gpt-4o");
    for (key, value) in [
        ("gen_ai.request.model", json!("gpt-4o")),
        ("gen_ai.response.id", json!("c1")),
        ("gen_ai.response.model", json!("gpt-4o-2024")),
        ("gen_ai.response.finish_reasons", json!(["stop"])),
        ("gen_ai.usage.input_tokens", json!(10)),
        ("gen_ai.usage.output_tokens", json!(5)),
        ("llm_trace.outcome", json!("completed")),
    ] {
        assert_eq!(span.attribute(key), Some(value), "{key}");
    }
    // The model's output, not the value that the outer function derived from it.
    let output = span.attribute("gen_ai.output.messages").unwrap();
    assert!(output.as_str().unwrap().contains("SENTINEL-answer"), "{output}");
    let input = span.attribute("gen_ai.input.messages").unwrap();
    assert!(input.as_str().unwrap().contains("SENTINEL-question"), "{input}");
    assert_eq!(counted(), (1, 15.0, 20.0));
}

#[test]
fn an_answer_that_both_see_is_counted_once() {
    let collector = measure(|layer| layer, || drop(whole(&request())));
    assert_eq!(names(&collector), ["chat gpt-4o"]);
    assert_eq!(collector.span("chat gpt-4o").attribute("gen_ai.usage.input_tokens"), Some(json!(10)));
    assert_eq!(counted(), (1, 15.0, 20.0));
}

#[test]
fn usage_of_several_inner_calls_is_added_up() {
    let collector = measure(|layer| layer, || drop(twice(&request())));
    assert_eq!(names(&collector), ["chat gpt-4o"]);
    let span = collector.span("chat gpt-4o");
    assert_eq!(span.attribute("gen_ai.usage.input_tokens"), Some(json!(20)));
    // The provider was not known at the start of the span.
    assert_eq!(span.attribute("gen_ai.provider.name"), Some(json!("openai")));
    assert_eq!(counted(), (1, 30.0, 40.0));
}

#[test]
fn separate_calls_have_a_span_each_and_only_the_inner_is_counted() {
    type Change = fn(LlmLayer<Registry>) -> LlmLayer<Registry>;
    type Call = fn(&Value) -> Value;
    let cases: [(Change, Call); 3] = [
        (|layer| layer, separate),
        (|layer| layer.with_nested(Nested::Separate), whole),
        // A call of another provider is a separate call.
        (|layer| layer, gateway),
    ];
    for (change, call) in cases {
        let collector = measure(change, || drop(call(&request())));
        let spans = collector.spans();
        let [inner, outer] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!(inner.span.parent_span_id, outer.span.span_id);
        assert_eq!(inner.attribute("gen_ai.usage.input_tokens"), Some(json!(10)));
        assert!(inner.attribute("llm_trace.cost.total").is_some());
        for key in ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "llm_trace.cost.total"] {
            assert_eq!(outer.attribute(key), None, "{key}");
        }
        assert_eq!(outer.attribute("gen_ai.response.id"), Some(json!("c1")));
        assert_eq!(counted(), (2, 15.0, 20.0));
    }
}

#[llm_call(provider = "openai", model = "gpt-4o", nested = Nested::Merge)]
fn insists(body: &Value) -> Value {
    whole(body)
}

#[test]
fn a_calls_nesting_takes_precedence_over_the_layers() {
    let collector = measure(|layer| layer.with_nested(Nested::Separate), || drop(insists(&request())));
    // `whole` and the inner `chat` do not set `nested`; the outermost call does, for every call inside it.
    assert_eq!(names(&collector), ["chat gpt-4o", "chat gpt-4o"]);
    assert_eq!(counted().1, 15.0);
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn fails() -> Result<Value, Failed> {
    Err(Failed)
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn recovers() -> Result<Value, Failed> {
    fails().or_else(|_| Ok(chat(&request())))
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn gives_up() -> Result<Value, Failed> {
    fails().or_else(|_| fails())
}

#[test]
fn a_failure_handled_by_the_outer_call_is_not_its_own() {
    let collector = measure(
        |layer| layer,
        || {
            recovers().unwrap();
            assert!(gives_up().is_err());
        },
    );
    let spans = collector.spans();
    let [well, ill] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((well.status_code(), well.attribute("error.type")), (0, None));
    assert_eq!(well.attribute("gen_ai.usage.input_tokens"), Some(json!(10)));
    assert_eq!(ill.status_code(), 2);
    assert!(ill.attribute("error.type").unwrap().as_str().unwrap().ends_with("Failed"));
}

#[llm_call(provider = "openai", request = body, mask_output)]
fn secretive(body: &Value) -> Value {
    chat(body)
}

#[llm_call(provider = "openai", request = body)]
fn tells(body: &Value) -> String {
    secretive(body)["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
}

#[test]
fn a_mask_of_the_inner_call_masks_the_merged_call() {
    let collector = measure(|layer| layer, || drop(tells(&request())));
    assert_eq!(names(&collector).len(), 1);
    assert!(!collector.saw("SENTINEL-answer"));
    assert!(collector.saw("SENTINEL-question"));
}

fn chunk(delta: Value, reason: Value) -> Value {
    json!({"id": "c2", "object": "chat.completion.chunk", "model": "gpt-4o-2024",
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn streams() -> impl Stream<Item = Value> {
    let usage = json!({"id": "c2", "object": "chat.completion.chunk", "model": "gpt-4o-2024", "choices": [],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2}});
    stream::iter([chunk(json!({"content": "SENTINEL-streamed"}), Value::Null), chunk(json!({}), json!("stop")), usage])
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn texts() -> impl Stream<Item = String> {
    streams().map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned())
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn gathers() -> usize {
    streams().count().await
}

#[test]
fn a_stream_inside_of_a_stream_or_of_a_future_is_the_same_call() {
    for run in [|| block_on(texts().count()), || block_on(gathers())] {
        let collector = measure(|layer| layer, || assert_eq!(run(), 3));
        assert_eq!(names(&collector), ["chat gpt-4o"]);
        let span = collector.span("chat gpt-4o");
        assert_eq!(span.attribute("gen_ai.usage.output_tokens"), Some(json!(2)));
        assert_eq!(span.attribute("gen_ai.response.finish_reasons"), Some(json!(["stop"])));
        assert!(span.attribute("gen_ai.response.time_to_first_chunk").is_some());
        assert!(collector.saw("SENTINEL-streamed"));
        assert_eq!(counted(), (1, 5.0, 7.0));
    }
}

/// A type that is not detected as a stream.
struct Reply(std::pin::Pin<Box<dyn Stream<Item = Value>>>);

#[llm_call(provider = "openai", model = "gpt-4o")]
fn replies() -> Reply {
    Reply(Box::pin(streams()))
}

#[test]
fn a_stream_that_outlives_the_call_around_it_counts_tokens_and_no_second_call() {
    let collector = measure(|layer| layer, || assert_eq!(block_on(replies().0.count()), 3));
    assert_eq!(names(&collector), ["chat gpt-4o"]);
    assert_eq!(counted(), (1, 5.0, 7.0));
}

#[llm_tool]
fn summarise(body: &Value) -> Value {
    chat(body)
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn with_tool(body: &Value) -> Value {
    summarise(body);
    chat(body)
}

#[test]
fn a_call_made_by_a_tool_is_a_separate_call() {
    let collector = measure(|layer| layer, || drop(with_tool(&request())));
    assert_eq!(names(&collector), ["chat gpt-4o", "execute_tool summarise", "chat gpt-4o"]);
    assert_eq!(counted(), (2 + 1, 30.0, 40.0));
}

#[test]
fn attributes_and_handles_of_the_inner_call_belong_to_the_outer_one() {
    let collector = measure(
        |layer| layer,
        || {
            LlmCall::builder("chat").provider("openai").model("m").attribute("app.who", "outer").run(|_| {
                LlmCall::builder("chat").attribute("app.who", "inner").attribute("app.more", 1).run(|call| {
                    call.attempt("timeout");
                    assert!(call.is_enabled());
                });
            });
        },
    );
    let span = collector.span("chat m");
    assert_eq!((span.attribute("app.who"), span.attribute("app.more")), (Some(json!("outer")), Some(json!(1))));
    assert_eq!(span.span.events.len(), 1);
}
