//! User code that runs on behalf of a call cannot change the function's return value, prevent or repeat the span's
//! export, or block other threads.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt as _, stream};
use llm_trace::{
    Capture, Cost, LlmCall, NarrowProcessor, Place, Policy, PricedCall, RecordRequest, RecordResponse, RequestRecord,
    ResponseRecord, Usage, evaluation, llm_call, llm_guardrail,
};
use opentelemetry::metrics::{Histogram, HistogramBuilder, InstrumentProvider, Meter, MeterProvider, SyncInstrument};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord, SdkLoggerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Act {
    Nothing,
    Panic,
    /// Panics with a payload that panics when dropped, with another payload of the same kind.
    Payload,
    /// Re-enters the call that it runs for, through a stored handle.
    Reenter,
    Log,
    Call,
    Block,
}

const ACTS: [Act; 7] = [Act::Nothing, Act::Panic, Act::Payload, Act::Reenter, Act::Log, Act::Call, Act::Block];

/// The places where user code runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Entry {
    SerializeRequest,
    SerializeAnswer,
    SerializeItem,
    ErrorText,
    ErrorSource,
    RecordRequest,
    RecordResponse,
    Response,
    Output,
    ErrorType,
    Decision,
    Argument,
    Scrubber,
    Prices,
    View,
    Evaluation,
    LogProcessor,
    Meter,
}

thread_local! {
    static ENTRY: Cell<Entry> = const { Cell::new(Entry::Scrubber) };
    static ACT: Cell<Act> = const { Cell::new(Act::Nothing) };
}

static KEPT: Mutex<Option<LlmCall>> = Mutex::new(None);
static BLOCKED: AtomicBool = AtomicBool::new(false);
static ACTED: AtomicUsize = AtomicUsize::new(0);

fn kept() -> LlmCall {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
}

fn keep(call: Option<LlmCall>) {
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = call;
}

struct Bomb(u8);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            std::panic::panic_any(Bomb(self.0 - 1));
        }
    }
}

const BLOCK: Duration = Duration::from_millis(2000);

/// Runs the user code of this entry.
fn act(entry: Entry) {
    if ENTRY.get() != entry {
        return;
    }
    ACTED.fetch_add(1, Ordering::Relaxed);
    match ACT.get() {
        Act::Nothing => {}
        Act::Panic => panic!("on purpose"),
        Act::Payload => std::panic::panic_any(Bomb(2)),
        Act::Reenter => {
            for call in [kept(), LlmCall::current()] {
                call.request(&Spiteful(entry)).response(&Spiteful(entry)).attribute("again", true).mask_input(false);
            }
        }
        Act::Log => tracing::info!(gen_ai.prompt = "logged", "from the user's code"),
        Act::Call => {
            let _ = inner(&Spiteful(entry));
        }
        // Blocks only once: each of the texts and keys would take as long.
        Act::Block => {
            if !BLOCKED.swap(true, Ordering::AcqRel) {
                std::thread::sleep(BLOCK);
            }
        }
    }
}

struct Spiteful(Entry);

impl Serialize for Spiteful {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if matches!(self.0, Entry::SerializeRequest | Entry::SerializeAnswer | Entry::SerializeItem) {
            act(self.0);
        }
        json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}).serialize(serializer)
    }
}

impl fmt::Display for Spiteful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        act(self.0);
        f.write_str("a spiteful text")
    }
}

impl fmt::Debug for Spiteful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spiteful")
    }
}

#[derive(Debug)]
struct Cause;

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cause")
    }
}

impl std::error::Error for Cause {}

static CAUSE: Cause = Cause;

#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        act(Entry::ErrorText);
        f.write_str("it failed")
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        act(Entry::ErrorSource);
        Some(&CAUSE)
    }
}

struct Recorded;

impl RecordRequest for Recorded {
    fn record_request(&self, out: &mut RequestRecord<'_>) {
        out.model("gpt-4o").message("user", "hello");
        act(Entry::RecordRequest);
    }
}

impl RecordResponse for Recorded {
    fn record_response(&self, out: &mut ResponseRecord<'_>) {
        out.id("r1").usage(Usage::new().output_tokens(3)).text("hi");
        act(Entry::RecordResponse);
    }
}

#[llm_call(name = "inner", provider = "cohere", request = request, nested = llm_trace::Nested::Separate)]
fn inner(request: &Spiteful) -> u8 {
    let _ = request;
    5
}

fn request() -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]})
}

fn answer() -> Value {
    json!({"id": "c1", "object": "chat.completion", "model": "gpt-4o", "usage": {"prompt_tokens": 1, "completion_tokens": 2},
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}]})
}

#[llm_call(name = "outer", provider = "openai", request = request)]
fn serialize_request(request: &Spiteful) -> u8 {
    keep(Some(LlmCall::current()));
    LlmCall::current().request(request);
    7
}

#[llm_call(name = "outer", provider = "openai")]
fn serialize_answer() -> Spiteful {
    keep(Some(LlmCall::current()));
    Spiteful(Entry::SerializeAnswer)
}

#[llm_call(name = "outer", provider = "openai")]
fn serialize_items() -> impl Stream<Item = Spiteful> {
    keep(Some(LlmCall::current()));
    stream::iter([Spiteful(Entry::SerializeItem), Spiteful(Entry::SerializeItem)])
}

#[llm_call(name = "outer", provider = "openai", request = request)]
fn fails(request: &Value) -> Result<u8, Failed> {
    let _ = request;
    keep(Some(LlmCall::current()));
    Err(Failed)
}

#[llm_call(name = "outer", provider = "openai", request = request)]
fn records(request: &Recorded) -> Recorded {
    let _ = request;
    keep(Some(LlmCall::current()));
    LlmCall::current().request(&json!({}));
    Recorded
}

#[llm_call(
    name = "outer",
    provider = "openai",
    request = request,
    response = |answer| { act(Entry::Response); answer },
    error_type = |_| { act(Entry::ErrorType); "mine" }
)]
fn picks(request: &Value, fail: bool) -> Result<Value, Failed> {
    let _ = request;
    keep(Some(LlmCall::current()));
    if fail { Err(Failed) } else { Ok(answer()) }
}

#[llm_call(name = "outer", provider = "openai", request = request, output = |_| { act(Entry::Output); "hi" })]
fn picks_text(request: &Value) -> Value {
    let _ = request;
    keep(Some(LlmCall::current()));
    answer()
}

#[llm_guardrail(name = "outer", decision = |_| { act(Entry::Decision); "allow" })]
fn decides() -> u8 {
    keep(Some(LlmCall::current()));
    7
}

#[llm_call(name = "outer", provider = "openai", model = Spiteful(Entry::Argument), attributes(mine = Spiteful(Entry::Argument)))]
fn argued() -> u8 {
    keep(Some(LlmCall::current()));
    7
}

#[llm_call(name = "outer", provider = "openai", request = request)]
fn plain(request: &Value) -> Value {
    let _ = request;
    keep(Some(LlmCall::current()));
    LlmCall::current().request(request);
    answer()
}

#[llm_call(name = "outer", provider = "openai", request = request)]
fn judged(request: &Value) -> Value {
    let _ = request;
    keep(Some(LlmCall::current()));
    evaluation("relevance").explanation("because").emit();
    answer()
}

/// Runs the entry's function; returns whether its return value is correct.
fn run(entry: Entry) -> bool {
    match entry {
        Entry::SerializeRequest => serialize_request(&Spiteful(entry)) == 7,
        Entry::SerializeAnswer => serialize_answer().0 == entry,
        Entry::SerializeItem => {
            let items = futures_util::FutureExt::now_or_never(serialize_items().count());
            items == Some(2)
        }
        Entry::ErrorText | Entry::ErrorSource => fails(&request()).is_err(),
        Entry::RecordRequest | Entry::RecordResponse => matches!(records(&Recorded), Recorded),
        Entry::Output => picks_text(&request()) == answer(),
        Entry::Response => picks(&request(), false).is_ok_and(|value| value == answer()),
        Entry::ErrorType => picks(&request(), true).is_err(),
        Entry::Decision => decides() == 7,
        Entry::Argument => argued() == 7,
        Entry::Scrubber | Entry::Prices | Entry::View | Entry::LogProcessor | Entry::Meter => {
            plain(&request()) == answer()
        }
        Entry::Evaluation => judged(&request()) == answer(),
    }
}

fn scrubber(text: &str, _: &Place<'_>) -> Option<String> {
    act(Entry::Scrubber);
    if text == "because" {
        act(Entry::Evaluation);
    }
    None
}

fn prices(_: &PricedCall<'_>) -> Option<Cost> {
    act(Entry::Prices);
    Some(Cost::total(0.5))
}

fn view(_: &str) -> bool {
    act(Entry::View);
    true
}

/// A log processor of the user's, as the SDK calls it when a call emits its events.
#[derive(Debug)]
struct Processor;

impl LogProcessor for Processor {
    fn emit(&self, _: &mut SdkLogRecord, _: &InstrumentationScope) {
        act(Entry::LogProcessor);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
}

/// A meter provider of the user's.
struct Meters;

impl MeterProvider for Meters {
    fn meter_with_scope(&self, _: InstrumentationScope) -> Meter {
        Meter::new(Arc::new(Instruments))
    }
}

struct Instruments;

impl InstrumentProvider for Instruments {
    fn f64_histogram(&self, _: HistogramBuilder<'_, Histogram<f64>>) -> Histogram<f64> {
        Histogram::new(Arc::new(Instruments))
    }
}

impl SyncInstrument<f64> for Instruments {
    fn measure(&self, _: f64, _: &[KeyValue]) {
        act(Entry::Meter);
    }
}

/// While user code blocks on one thread, other calls, and the same call's handle, are not blocked.
fn nobody_waits(entry: Entry, dispatch: &tracing::Dispatch, returned: &AtomicBool) -> Option<String> {
    let end = Instant::now() + Duration::from_secs(20);
    while !BLOCKED.load(Ordering::Acquire) && !returned.load(Ordering::Acquire) && Instant::now() < end {
        std::thread::yield_now();
    }
    let begun = Instant::now();
    ACT.set(Act::Nothing);
    tracing::dispatcher::with_default(dispatch, || {
        kept().attribute("from.elsewhere", 1).mask_output(false);
        // The SDK locks the ended span while its processors run.
        if entry != Entry::View {
            kept().attempt("timeout");
        }
        let _ = inner(&Spiteful(Entry::View));
        let _ = llm_trace::check().is_ok();
    });
    // Well below the time that the other thread blocks.
    (begun.elapsed() > BLOCK * 7 / 10).then(|| format!("another thread waited for {:?}", begun.elapsed()))
}

fn try_out(entry: Entry, what: Act) -> Result<(), String> {
    let exporter = InMemorySpanExporter::default();
    let narrow = NarrowProcessor::new(SimpleSpanProcessor::new(exporter.clone()), view);
    let provider = SdkTracerProvider::builder().with_span_processor(narrow).build();
    let loggers = SdkLoggerProvider::builder().with_log_processor(Processor).build();
    let policy = Policy::new()
        .capture(Capture::SpanAndEvent)
        .error_text(true)
        .scrub(scrubber)
        .scrub_time(Duration::from_secs(5));
    let layer = llm_trace::layer().with_policy(policy).with_prices(prices).with_logger_provider(&loggers);
    let layer = layer.with_meter_provider(&Meters);
    let layer = layer.with_tracer_provider(&provider);
    let printing = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
    let subscriber = tracing_subscriber::registry().with(layer).with(llm_trace::redact(printing));
    let dispatch = tracing::Dispatch::new(subscriber);
    BLOCKED.store(false, Ordering::Release);
    ACTED.store(0, Ordering::Relaxed);
    keep(None);
    let returned = AtomicBool::new(false);
    let (right, waited) = std::thread::scope(|scope| {
        let calling = scope.spawn(|| {
            ENTRY.set(entry);
            ACT.set(what);
            let right = tracing::dispatcher::with_default(&dispatch, || {
                let right = run(entry);
                // A stored handle keeps the call open: it ends here, after the user code has run.
                kept().finish();
                right
            });
            returned.store(true, Ordering::Release);
            right
        });
        let waited = if what == Act::Block { nobody_waits(entry, &dispatch, &returned) } else { None };
        (calling.join(), waited)
    });
    keep(None);
    let right = right.map_err(|payload| {
        std::mem::forget(payload);
        "the function panicked".to_owned()
    })?;
    if !right {
        return Err("the function did not return what it returns".to_owned());
    }
    if let Some(waited) = waited {
        return Err(waited);
    }
    if ACTED.load(Ordering::Relaxed) == 0 {
        return Err("the user's code was not run".to_owned());
    }
    let spans = exporter.get_finished_spans().map_err(|error| error.to_string())?;
    let outer: Vec<_> = spans.iter().filter(|span| span.name.ends_with("outer")).collect();
    let [span] = outer.as_slice() else { return Err(format!("{} spans", outer.len())) };
    let attributes: BTreeMap<_, _> = span.attributes.iter().map(|kv| (kv.key.as_str(), kv.value.to_string())).collect();
    let failed = matches!(entry, Entry::ErrorText | Entry::ErrorSource | Entry::ErrorType);
    let outcome = if failed { "error" } else { "completed" };
    let expected = match (entry, what) {
        // Attributes are omitted if the view panics on them.
        (Entry::View, Act::Panic | Act::Payload) => None,
        // These items contain no end mark.
        (Entry::SerializeItem, _) => Some("truncated"),
        _ => Some(outcome),
    };
    if attributes.get("llm_trace.outcome").map(String::as_str) != expected {
        return Err(format!("{attributes:?}"));
    }
    let inner = spans.iter().filter(|span| span.name == "inner").count();
    if what == Act::Call && inner == 0 {
        return Err("the inner call has no span".to_owned());
    }
    Ok(())
}

#[test]
fn user_code_never_changes_the_returned_value() {
    const ENTRIES: [Entry; 18] = [
        Entry::SerializeRequest,
        Entry::SerializeAnswer,
        Entry::SerializeItem,
        Entry::ErrorText,
        Entry::ErrorSource,
        Entry::RecordRequest,
        Entry::RecordResponse,
        Entry::Response,
        Entry::Output,
        Entry::ErrorType,
        Entry::Decision,
        Entry::Argument,
        Entry::Scrubber,
        Entry::Prices,
        Entry::View,
        Entry::Evaluation,
        Entry::LogProcessor,
        Entry::Meter,
    ];
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut wrong = Vec::new();
    for entry in ENTRIES {
        for what in ACTS {
            if let Err(error) = try_out(entry, what) {
                wrong.push(format!("{entry:?} that does {what:?}: {error}"));
            }
        }
    }
    std::panic::set_hook(hook);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let layer = llm_trace::layer().with_tracer_provider(&SdkTracerProvider::builder().build());
    let check = tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), llm_trace::check);
    assert!(check.to_string().contains("NOTE  a scrubber panicked"), "{check}");
}

/// `Debug` and `Display` of the fields of other crates' spans, if the inner layer does not format them itself.
#[test]
fn a_field_that_cannot_be_formatted_is_masked() {
    struct Broken;

    impl fmt::Debug for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            std::panic::panic_any(Bomb(2))
        }
    }

    let printing = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
    let subscriber = tracing_subscriber::registry().with(llm_trace::redact(printing));
    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!("work", gen_ai.prompt = ?Broken)
            .in_scope(|| tracing::info!(gen_ai.completion = ?Broken, "from another crate"));
    });
}
