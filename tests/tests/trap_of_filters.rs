//! tokio-rs/tracing#2519. In a separate test program, because other subscribers change how filters are evaluated.

use llm_trace::{LlmCall, Operation};
use llm_trace_tests::collector::Collector;
use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{Targets, dynamic_filter_fn};
use tracing_subscriber::prelude::*;

fn names(collector: &Collector) -> Vec<String> {
    collector.spans().iter().map(|span| span.span.name.clone()).collect()
}

fn a_call() {
    LlmCall::builder(Operation::Chat).provider("openai").model("m").run(|_| {});
}

/// If upstream fixes this bug, this test fails and its line in the docs can be removed.
#[test]
fn checking_a_level_hides_spans_from_layers_with_their_own_filter() {
    /// Does the same as `log_enabled!` through `tracing-log`.
    fn ask() {
        assert!(tracing::enabled!(Level::DEBUG));
    }
    let fine = || tracing_subscriber::fmt::layer().with_writer(std::io::sink);
    let run = |subscriber: tracing::Dispatch| {
        tracing::dispatcher::with_default(&subscriber, || {
            for _ in 0..3 {
                ask();
                a_call();
            }
        });
    };
    let info = || Targets::new().with_default(Level::INFO);

    let collector = Collector::start();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider()).with_filter(info());
    let verbose = fine().with_filter(Targets::new().with_default(Level::DEBUG));
    run(tracing_subscriber::registry().with(verbose).with(layer).into());
    assert_eq!(names(&collector).len(), 0, "the trap is gone");

    let collector = Collector::start();
    let by_hand = dynamic_filter_fn(|metadata, _| *metadata.level() <= Level::INFO);
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider()).with_filter(by_hand);
    let verbose = fine().with_filter(dynamic_filter_fn(|metadata, _| *metadata.level() <= Level::DEBUG));
    run(tracing_subscriber::registry().with(verbose).with(layer).into());
    assert_eq!(names(&collector).len(), 3);

    let collector = Collector::start();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider());
    let one = Targets::new().with_default(Level::DEBUG);
    run(tracing_subscriber::registry().with(fine()).with(layer).with(one).into());
    assert_eq!(names(&collector).len(), 3);
}
