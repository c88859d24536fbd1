//! Each entry of docs/traps.md that a user can step into: that the trap is there, and that the remedy works.
//!
//! Entries that name another file are tested there.

use std::fmt;
use std::sync::{Arc, Mutex};

use llm_trace::{Capture, LlmCall, Operation, Policy, RedactProcessor, check, llm_call, scope};
use llm_trace_tests::collector::Collector;
use opentelemetry::trace::{Link, SpanKind, TraceId, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingResult, SdkTracerProvider, ShouldSample, SimpleSpanProcessor};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Instrument as _, Subscriber, span};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, reload};

fn names(collector: &Collector) -> Vec<String> {
    collector.spans().iter().map(|span| span.span.name.clone()).collect()
}

fn a_call() {
    LlmCall::builder(Operation::Chat).provider("openai").model("m").run(|_| {});
}

fn guarded(collector: &Collector, policy: Policy) -> SdkTracerProvider {
    let processor = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy);
    SdkTracerProvider::builder().with_span_processor(processor).build()
}

fn otel<S>(provider: &SdkTracerProvider) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span> + Send + Sync,
{
    tracing_opentelemetry::layer().with_tracer(provider.tracer("app"))
}

#[test]
fn reloading_a_layer_hides_it_and_reloading_a_filter_does_not() {
    let collector = Collector::start();
    let provider = collector.provider();
    let problem = |subscriber: tracing::Dispatch| {
        tracing::dispatcher::with_default(&subscriber, || check().problems().collect::<Vec<_>>().join("; "))
    };
    let behind = Collector::start();
    let reloaded = behind.provider();
    let (theirs, _handle) = reload::Layer::new(otel(&reloaded));
    let hidden: tracing::Dispatch = tracing_subscriber::registry().with(theirs).with(llm_trace::layer()).into();
    let found = tracing::dispatcher::with_default(&hidden, || {
        a_call();
        check().to_string()
    });
    assert!(found.contains("no layer of tracing-opentelemetry 0.34"), "{found}");
    // It is a layer like any other, which records the fields.
    assert!(behind.saw("llm_trace.outcome"));
    let (ours, _handle) = reload::Layer::new(llm_trace::layer());
    let found = problem(tracing_subscriber::registry().with(otel(&provider)).with(ours).into());
    assert!(found.contains("llm_trace::layer() was not found in this subscriber"), "{found}");

    let (filter, handle) = reload::Layer::new(LevelFilter::ERROR);
    let layer = llm_trace::layer().with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(filter), || {
        a_call();
        handle.reload(LevelFilter::INFO).expect("the subscriber is there");
        a_call();
    });
    assert_eq!(names(&collector), ["chat m"]);
}

/// On a function with `#[llm_call]` it does not compile.
#[tracing::instrument]
fn around(question: &str) {
    a_call();
}

#[tracing::instrument(skip_all)]
fn around_and_skipped(question: &str) {
    assert!(!question.is_empty());
    a_call();
}

#[test]
fn instrument_records_arguments_unless_told_to_skip_them() {
    let leaks = |f: fn(&str), mask: bool| {
        let collector = Collector::start();
        let policy = Policy::new().capture(Capture::Span);
        let layer = llm_trace::layer().with_policy(policy.clone()).with_tracer_provider(&guarded(&collector, policy));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            scope().mask_input(mask).mask_output(mask).run(|| f("SENTINEL"));
        });
        assert_eq!(names(&collector).len(), 2);
        collector.saw("SENTINEL")
    };
    assert!(leaks(around, false), "the trap is gone");
    assert!(!leaks(around, true));
    assert!(!leaks(around_and_skipped, false));
}

#[test]
fn a_spawned_task_loses_its_span_unless_instrumented() {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let request = async {
        tokio::spawn(async { a_call() }).await.expect("it ran");
        tokio::spawn(async { a_call() }.in_current_span()).await.expect("it ran");
    };
    runtime.block_on(request.instrument(tracing::info_span!("request")));
    let request = collector.span("request").span;
    let parents: Vec<_> = collector.spans().iter().map(|span| span.span.parent_span_id == request.span_id).collect();
    assert_eq!(parents, [false, true, false]);
}

#[llm_call(provider = "openai", model = "m")]
async fn hangs() {
    std::future::pending().await
}

/// As the middleware of `tower-http` does, the span is entered for each poll and not for the drop.
#[test]
fn the_span_of_a_cancelled_request_ends_before_the_call_inside_it() {
    let collector = Collector::start();
    let provider = collector.provider();
    let subscriber = tracing_subscriber::registry().with(llm_trace::layer().with_tracer_provider(&provider));
    tracing::subscriber::with_default(subscriber, || {
        let request = tracing::info_span!("request");
        let mut call = Box::pin(hangs());
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(request.in_scope(|| call.as_mut().poll(&mut cx)).is_pending());
        std::thread::sleep(std::time::Duration::from_millis(5));
        drop(call);
    });
    let end = |name| collector.span(name).span.end_time_unix_nano;
    assert!(end("request") < end("chat m"));
}

#[test]
fn unsigned_fields_become_strings_and_attributes_of_calls_stay_numbers() {
    #[llm_call(provider = "openai", model = "m", attributes(app.retries = retries))]
    fn call(retries: usize) {
        LlmCall::current().attribute("app.bytes", 3_u64).attribute("app.small", 3_u32);
    }
    let collector = Collector::start();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info_span!("work", bytes = 3_u64, signed = 3_i64).in_scope(|| call(3));
    });
    let work = collector.span("work");
    assert_eq!((work.attribute("bytes"), work.attribute("signed")), (Some(json!("3")), Some(json!(3))));
    let call = collector.span("chat m");
    for key in ["app.retries", "app.bytes", "app.small"] {
        assert_eq!(call.attribute(key), Some(json!(3)), "{key}");
    }
}

#[test]
fn recording_a_field_again_does_not_take_the_first_value_back() {
    let exported = |policy: Policy| {
        let collector = Collector::start();
        let layer = llm_trace::layer().with_policy(policy.clone()).with_tracer_provider(&guarded(&collector, policy));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let span = tracing::info_span!("work", prompt = "SENTINEL");
            span.in_scope(|| span.record("prompt", "[REDACTED]"));
            LlmCall::builder(Operation::Chat).provider("openai").run(|call| {
                call.attribute("app.note", "SENTINEL-note").attribute("app.note", "gone");
            });
        });
        collector
    };
    let collector = exported(Policy::new().capture(Capture::Span));
    let work = collector.spans().into_iter().find(|span| span.span.name == "work").expect("the span");
    assert_eq!(work.span.attributes.iter().filter(|kv| kv.key == "prompt").count(), 2, "the trap is gone");
    assert!(collector.saw("SENTINEL") && !collector.saw("SENTINEL-note"));
    assert!(!exported(Policy::new()).saw("SENTINEL"));
}

#[test]
fn important_attributes_come_before_the_limit() {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        LlmCall::builder(Operation::Chat).provider("openai").model("m").run(|call| {
            for number in 0..200 {
                call.attribute(format!("app.{number}"), number);
            }
            call.response(&json!({"id": "1", "model": "m-1", "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "hi"}}], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}));
        });
    });
    let call = collector.span("chat m");
    assert!(call.span.dropped_attributes_count > 0);
    for key in ["gen_ai.provider.name", "gen_ai.request.model", "gen_ai.usage.input_tokens", "llm_trace.outcome"] {
        assert!(call.attribute(key).is_some(), "{key}");
    }
}

/// A sampler that records the attributes it is given.
#[derive(Clone, Debug, Default)]
struct Shown(Arc<Mutex<Vec<String>>>);

impl ShouldSample for Shown {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let keys = attributes.iter().map(|kv| kv.key.to_string());
        self.0.lock().expect("not poisoned").extend(keys.chain([format!("{name} {kind:?}")]));
        Sampler::AlwaysOn.should_sample(parent, trace_id, name, kind, attributes, links)
    }
}

#[test]
fn a_sampler_sees_what_is_known_at_the_start() {
    let (shown, collector) = (Shown::default(), Collector::start());
    let provider = SdkTracerProvider::builder()
        .with_sampler(shown.clone())
        .with_span_processor(SimpleSpanProcessor::new(collector.exporter()))
        .build();
    let layer = llm_trace::layer().with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("m").server("https://api.openai.com");
        call.run(|call| _ = call.attribute("app.late", 1));
    });
    let shown = shown.0.lock().expect("not poisoned").clone();
    for key in ["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "server.address"] {
        assert!(shown.iter().any(|seen| seen == key), "{key}: {shown:?}");
    }
    assert!(shown.contains(&"chat m Client".to_owned()), "{shown:?}");
    assert!(!shown.contains(&"app.late".to_owned()));
}

#[test]
fn open_spans_are_lost_at_the_shutdown_unless_finished_before() {
    for finish in [false, true] {
        let collector = Collector::start();
        let provider = collector.provider();
        let layer = llm_trace::layer().with_tracer_provider(&provider);
        let open = layer.open_calls();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let call = LlmCall::builder(Operation::Chat).provider("openai").model("m").start();
            if finish {
                assert_eq!(open.finish(), 1);
            }
            provider.shutdown().expect("it shuts down");
            call.finish();
        });
        assert_eq!(names(&collector).len(), usize::from(finish));
    }
}

#[test]
fn headers_in_a_spans_fields_show_their_tokens_unless_a_guard_is_there() {
    let shows = |guard: bool| {
        let collector = Collector::start();
        let provider = if guard { guarded(&collector, Policy::new()) } else { collector.provider() };
        let headers: http::HeaderMap = http::HeaderMap::from_iter([
            (http::header::AUTHORIZATION, http::HeaderValue::from_static("Bearer SENTINEL")),
            (http::header::ACCEPT, http::HeaderValue::from_static("text/plain")),
        ]);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(otel(&provider)), || {
            tracing::info_span!("request", headers = ?headers).in_scope(|| tracing::info!(?headers, "it came"));
        });
        assert!(collector.saw("text/plain"));
        collector.saw("SENTINEL")
    };
    assert!(shows(false), "the trap is gone");
    assert!(!shows(true));
}

fn sorry() -> Value {
    let message = json!({"role": "assistant", "content": "Sorry, try again later."});
    json!({"object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]})
}

fn refused() -> Result<Value, std::io::Error> {
    Err(std::io::Error::other("refused"))
}

#[test]
fn a_made_up_return_value_is_recorded_as_the_models() {
    #[llm_call(provider = "openai", model = "inside")]
    fn invents() -> Value {
        refused().unwrap_or_else(|_| sorry())
    }
    #[llm_call(provider = "openai", model = "told")]
    fn tells() -> Value {
        refused().unwrap_or_else(|error| {
            LlmCall::current().fail(&error);
            sorry()
        })
    }
    #[llm_call(provider = "openai", model = "outside")]
    fn asks() -> Result<Value, std::io::Error> {
        refused()
    }
    let collector = Collector::start();
    let layer = llm_trace::layer()
        .with_policy(Policy::new().capture(Capture::Span))
        .with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        assert_eq!((invents(), tells(), asks().unwrap_or_else(|_| sorry())), (sorry(), sorry(), sorry()));
    });
    let shown = |model: &str| {
        let span = collector.span(&format!("chat {model}"));
        (span.attribute("llm_trace.outcome"), span.attribute("gen_ai.output.messages").is_some())
    };
    assert_eq!(shown("inside"), (Some("completed".into()), true), "the trap is gone");
    assert_eq!(shown("told"), (Some("error".into()), false));
    assert_eq!(shown("outside"), (Some("error".into()), false));
}

/// Records the value of each field as the `log` crate would receive it.
#[derive(Clone, Default)]
struct Fields(Arc<Mutex<String>>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.lock().expect("not poisoned").push_str(&format!("{field}={value:?}\n"));
    }
}

impl<S: Subscriber> Layer<S> for Fields {
    fn on_new_span(&self, span: &span::Attributes<'_>, _: &span::Id, _: tracing_subscriber::layer::Context<'_, S>) {
        span.record(&mut self.clone());
    }

    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        values.record(&mut self.clone());
    }

    fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

#[llm_call(provider = "openai", request = body)]
fn chat(body: &Value, fails: bool) -> Result<Value, std::io::Error> {
    if fails {
        return Err(std::io::Error::other("SENTINEL-error"));
    }
    Ok(json!({"id": "1", "object": "chat.completion", "model": "m-1", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "SENTINEL-answer"}}]}))
}

#[test]
fn no_content_of_a_call_is_ever_a_field() {
    let (fields, collector) = (Fields::default(), Collector::start());
    let layer = llm_trace::layer()
        .with_policy(Policy::new().capture(Capture::Span))
        .with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(fields.clone()), || {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "SENTINEL-question"}]});
        chat(&body, false).expect("an answer");
        chat(&body, true).expect_err("it fails");
    });
    assert!(collector.saw("SENTINEL-question") && collector.saw("SENTINEL-answer") && collector.saw("SENTINEL-error"));
    let seen = fields.0.lock().expect("not poisoned").clone();
    assert!(seen.contains("gen_ai.request.model=\"m\"") && !seen.contains("SENTINEL"), "{seen}");
}
