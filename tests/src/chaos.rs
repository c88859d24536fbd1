//! Concurrent interference of a program with its telemetry, for `--bin load`.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_util::Stream;
use futures_util::stream;
use llm_trace::export::Parts;
use llm_trace::{LlmCall, Operation, Place, Policy, PolicyHandle, llm_call};
use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use serde_json::{Value, json};

/// The number of spans in one second of a flood.
const FLOOD: u32 = 10_000;

/// The number of spans created, by source.
#[derive(Debug, Default)]
pub struct Made {
    /// Calls whose future was dropped while it waited.
    pub cancelled: AtomicU64,
    /// Calls whose stream or handle was dropped before the end.
    pub dropped: AtomicU64,
    /// Calls whose `Serialize` panicked.
    pub panicked: AtomicU64,
    /// Spans of the floods.
    pub flood: AtomicU64,
    /// Changes of the policy.
    pub policies: AtomicU64,
}

impl Made {
    /// The total number of calls.
    pub fn calls(&self) -> u64 {
        [&self.cancelled, &self.dropped, &self.panicked].iter().map(|n| n.load(Ordering::Relaxed)).sum()
    }
}

/// Panics on one text in a thousand, with a payload that panics when dropped, and sleeps on another.
fn scrubber(text: &str, _: &Place<'_>) -> Option<String> {
    static TEXTS: AtomicU64 = AtomicU64::new(0);
    match TEXTS.fetch_add(1, Ordering::Relaxed) % 1000 {
        500 => std::panic::panic_any(Bomb),
        900 => std::thread::sleep(Duration::from_millis(5)),
        _ => {}
    }
    text.contains("secret").then(|| text.replace("secret", "[GONE]"))
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the payload of a panic panics");
    }
}

/// A request whose `Serialize` panics.
struct Broken;

impl serde::Serialize for Broken {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("a request cannot be serialized")
    }
}

#[llm_call(provider = "openai", request = request)]
async fn waits(request: &Value) -> Value {
    std::future::pending().await
}

#[llm_call(provider = "openai", model = "gpt-4o-mini")]
fn streams() -> impl Stream<Item = Value> {
    stream::iter((0..100).map(|n| json!({"choices": [{"index": 0, "delta": {"content": format!("word {n} ")}}]})))
}

#[llm_call(provider = "openai", request = request)]
fn breaks(request: &Broken) -> usize {
    let _ = request;
    7
}

/// Adds the scrubber to the policy. From here on, panics of user code print no message.
pub fn begin(parts: &Parts) {
    std::panic::set_hook(Box::new(|_| {}));
    parts.policy.update(|policy| policy.scrub(scrubber));
}

/// Interferes on this thread until `done`.
pub fn run(parts: &Parts, made: &Made, done: &AtomicBool) {
    let begun = Instant::now();
    let add = |count: &AtomicU64| count.fetch_add(1, Ordering::Relaxed);
    let request = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "a secret"}]});
    let mut cx = Context::from_waker(Waker::noop());
    let mut second = 0;
    while !done.load(Ordering::Relaxed) {
        let mut future = Box::pin(waits(&request));
        assert!(future.as_mut().poll(&mut cx).is_pending());
        drop(future);
        add(&made.cancelled);
        let mut stream: Pin<Box<_>> = Box::pin(streams());
        for _ in 0..3 {
            assert!(matches!(stream.as_mut().poll_next(&mut cx), Poll::Ready(Some(_))));
        }
        drop(stream);
        add(&made.dropped);
        drop(LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o-mini").start());
        add(&made.dropped);
        assert_eq!(breaks(&Broken), 7);
        add(&made.panicked);
        let now = begun.elapsed().as_secs();
        if now != second {
            second = now;
            change(&parts.policy, now);
            add(&made.policies);
            // For one second in ten.
            if now % 10 == 5 {
                flood(parts, made);
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sets and removes masks.
fn change(policy: &PolicyHandle, second: u64) {
    policy.update(|before: Policy| before.mask_input(second.is_multiple_of(2)).mask_output(second.is_multiple_of(3)));
}

fn flood(parts: &Parts, made: &Made) {
    let tracer = parts.provider.tracer("flood");
    let begun = Instant::now();
    for n in 0..FLOOD {
        drop(tracer.span_builder("flood").start(&tracer));
        made.flood.fetch_add(1, Ordering::Relaxed);
        // Spread over the second in small bursts.
        if n % 100 == 99 {
            let due = Duration::from_millis(u64::from(n) / 10);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
    }
}
