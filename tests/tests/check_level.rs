//! `check()` where the subscriber disables the level of calls. The test has a process of its own, because the most
//! verbose level is one for all subscribers of a process.

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

#[llm_trace::llm_call(provider = "openai", model = "gpt-4o")]
fn call() {}

#[test]
fn the_level_is_filtered() {
    let provider = SdkTracerProvider::builder().build();
    let subscriber = tracing_subscriber::registry()
        .with(llm_trace::layer().with_tracer_provider(&provider))
        .with(LevelFilter::ERROR);
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..2 {
            let found = llm_trace::check();
            assert!(found.problems().any(|problem| problem.contains("RUST_LOG")), "{found}");
            call();
        }
    });
}
