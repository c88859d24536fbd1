//! Several destinations, each with its own policy and view.

use llm_trace::{Capture, NarrowProcessor, Policy, RedactProcessor, Style, TraceUpdate, scope};
use llm_trace_tests::collector::Collector;
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use tracing_subscriber::prelude::*;

use crate::support::{ANSWER, QUESTION, ask, text};

#[test]
fn one_destination_receives_everything_and_a_vendor_what_its_policy_permits() {
    for style in [Style::Placeholder, Style::Drop, Style::hash(*b"key")] {
        let (inside, vendor) = (Collector::start(), Collector::start());
        let everything = Policy::new().capture(Capture::Span);
        let little = everything.clone().mask_input(true).mask_output(true).style(style.clone()).hash_identity(*b"key");
        let narrow = NarrowProcessor::new(SimpleSpanProcessor::new(vendor.exporter()), |key| {
            !key.starts_with("llm_trace.metadata.")
        });
        let provider = SdkTracerProvider::builder()
            .with_span_processor(RedactProcessor::new(SimpleSpanProcessor::new(inside.exporter()), everything.clone()))
            .with_span_processor(RedactProcessor::new(narrow, little))
            .build();
        let layer = llm_trace::layer().with_policy(everything).with_tracer_provider(&provider);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let both = TraceUpdate::INPUT | TraceUpdate::OUTPUT;
            scope().user("user-u1").metadata("secret", "secret-m1").update_trace(both).run(|| ask(QUESTION));
        });
        for word in [QUESTION, ANSWER, "user-u1", "secret-m1"] {
            assert!(inside.saw(word) && !vendor.saw(word), "{word} {style:?}");
        }
        let span = vendor.span("chat m");
        assert!(text(&span, "user.id").is_some_and(|id| id.starts_with("hmac-sha256:")));
        assert_eq!(text(&span, "llm_trace.metadata.secret"), None);
        // The vendor's trace attributes are replaced by the mark in every style.
        assert_eq!(text(&span, "langfuse.trace.input").as_deref(), Some("[REDACTED]"), "{style:?}");
        assert_eq!(text(&span, "langfuse.trace.output").as_deref(), Some("[REDACTED]"), "{style:?}");
    }
}
