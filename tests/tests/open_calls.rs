//! Calls that begin, stream and end on many threads while others end all open calls: each call has one span.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use llm_trace::LlmCall;
use llm_trace_tests::collector::Collector;
use tracing_subscriber::prelude::*;

const THREADS: usize = 4;
const CALLS: usize = 300;

/// Yields up to three times, by a random sequence.
fn yields(random: &mut u64) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    (0..*random % 4).for_each(|_| std::thread::yield_now());
}

#[test]
fn each_call_ends_once_while_others_end_all_open_calls() {
    let collector = Collector::start();
    let provider = collector.provider();
    let layer = llm_trace::layer().with_tracer_provider(&provider);
    let open = layer.open_calls();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let dispatch = dispatch.clone();
                scope.spawn(move || {
                    let mut random = 0x9e37_79b9_7f4a_7c15 ^ (thread as u64 + 1);
                    tracing::dispatcher::with_default(&dispatch, || {
                        for number in 0..CALLS {
                            let start = |operation: &'static str| {
                                let call = LlmCall::builder(operation).provider("openai").start();
                                call.attribute("test.name", format!("{thread}-{number}-{operation}"));
                                call
                            };
                            // An agent with a call inside, ended in either order, perhaps on another thread.
                            let agent = start("invoke_agent");
                            yields(&mut random);
                            let chat = agent.run(|| start("chat"));
                            yields(&mut random);
                            match random % 3 {
                                0 => drop((chat, agent)),
                                1 => drop((agent, chat)),
                                _ => drop(std::thread::spawn(move || drop((chat, agent))).join()),
                            }
                        }
                    });
                })
            })
            .collect();
        for seed in 1..3 {
            let (open, done) = (open.clone(), &done);
            scope.spawn(move || {
                let mut random = seed;
                while !done.load(Ordering::Relaxed) {
                    open.finish();
                    yields(&mut random);
                }
            });
        }
        for caller in callers {
            caller.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(open.is_empty(), "{} calls are open", open.len());
    let spans = collector.wait_for_spans(2 * THREADS * CALLS, Duration::from_secs(20));
    let mut ids: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for received in &spans {
        *ids.entry(received.span.span_id.clone()).or_default() += 1;
    }
    assert_eq!((spans.len(), ids.len()), (2 * THREADS * CALLS, 2 * THREADS * CALLS));
}
