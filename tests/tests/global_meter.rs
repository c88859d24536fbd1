//! Without a meter provider on the layer, metrics use the global one, whenever it is set.

use llm_trace::LlmCall;
use llm_trace_tests::collector::Collector;
use tracing_subscriber::prelude::*;

#[test]
fn the_global_provider_counts_from_when_it_is_set_and_when_it_is_replaced() {
    let call = || LlmCall::builder("chat").provider("openai").run(|_| ());
    let (first, second) = (Collector::start(), Collector::start());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(llm_trace::layer()), || {
        call();
        for (collector, calls) in [(&first, 2), (&second, 3)] {
            let meters = collector.meter_provider();
            opentelemetry::global::set_meter_provider(meters.clone());
            (0..calls).for_each(|_| call());
            meters.force_flush().unwrap();
            let series = &collector.series()["gen_ai.client.operation.duration"];
            assert_eq!((series.len(), series[0].count), (1, calls));
        }
    });
    assert_eq!(first.series()["gen_ai.client.operation.duration"][0].count, 2);
}
