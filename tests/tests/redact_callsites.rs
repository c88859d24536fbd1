//! A wrapped layer caches that a callsite needs no redaction, until the policy changes and only where nothing is
//! masked. Tested on the output of `fmt` and on OTLP bytes.

use llm_trace::{Capture, Policy, PolicyHandle, fmt_fields, redact, scope};
use llm_trace_tests::collector::Collector;
use llm_trace_tests::lines::Lines;
use opentelemetry::trace::TracerProvider as _;
use tracing::dispatcher::with_default;
use tracing::{Dispatch, Span, info, info_span};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

const TEXT: &str = "SENTINEL-text";

/// Both outputs; one buffer for the lines of `fmt`.
struct Out {
    lines: Lines,
    collector: Collector,
    policy: PolicyHandle,
    dispatch: Dispatch,
}

impl Out {
    fn new(policy: Policy) -> Self {
        let lines = Lines::default();
        let (writer, collector, policy) = (lines.clone(), Collector::start(), PolicyHandle::new(policy));
        let fmt = fmt::layer()
            .with_ansi(false)
            .with_span_events(fmt::format::FmtSpan::CLOSE)
            .fmt_fields(fmt_fields())
            .with_writer(writer);
        let otel = tracing_opentelemetry::layer().with_tracer(collector.provider().tracer("app"));
        let subscriber = tracing_subscriber::registry()
            .with(redact(fmt).with_policy(&policy))
            .with(redact(otel).with_policy(&policy));
        Self { lines, collector, policy, dispatch: Dispatch::new(subscriber) }
    }

    /// Which of the two outputs contain the text that `f` writes.
    fn of(&self, f: impl FnOnce()) -> (bool, bool) {
        self.lines.clear();
        self.collector.clear();
        with_default(&self.dispatch, f);
        let lines = self.lines.text();
        assert!(lines.contains("rows=3"), "{lines}");
        assert!(self.collector.saw("rows"), "no span was exported");
        (lines.contains(TEXT), self.collector.saw(TEXT))
    }
}

const OUT: (bool, bool) = (true, true);
const IN: (bool, bool) = (false, false);

fn open() -> Policy {
    Policy::new().capture(Capture::Span)
}

fn at_creation() {
    info_span!("query", rows = 3, app.note = TEXT).in_scope(|| ());
}

fn recorded() {
    let span = info_span!("query", rows = 3, app.note = tracing::field::Empty);
    span.record("app.note", TEXT);
    span.in_scope(|| ());
}

fn event() {
    info_span!("query", rows = 3).in_scope(|| info!("it says {TEXT}"));
}

fn event_field() {
    info_span!("query", rows = 3).in_scope(|| info!(app.note = TEXT, "said"));
}

const WAYS: [fn(); 4] = [at_creation, recorded, event, event_field];

#[test]
fn a_policy_that_changes_holds_for_callsites_that_were_plain() {
    let out = Out::new(open());
    for way in WAYS {
        for (change, masked) in [
            (open(), false),
            (open().scrub(|text, _| text.contains(TEXT).then(|| "scrubbed".to_owned())), true),
            (open(), false),
            (open().content_target("redact_callsites").mask_input(true), true),
            (open().mask_input(true), false),
            (open().default_mask(true), false),
        ] {
            out.policy.set(change.clone());
            let expected = if masked { IN } else { OUT };
            assert_eq!([out.of(way), out.of(way)], [expected; 2], "{change:?}");
        }
    }
    for way in [at_creation, recorded, event_field] {
        out.policy.set(open());
        assert_eq!(out.of(way), OUT);
        out.policy.set(open().input_key("app.note").mask_input(true));
        assert_eq!(out.of(way), IN);
        out.policy.update(|policy| policy.plain_key("app.other"));
        assert_eq!(out.of(way), IN);
        out.policy.set(open().input_key("app.note"));
        assert_eq!(out.of(way), OUT);
    }
}

#[test]
fn a_callsite_that_was_plain_outside_is_masked_below_a_mask() {
    let out = Out::new(open());
    let mask = |input: bool| info_span!("request", llm.mask_input = input);
    for way in WAYS {
        let plain = || assert_eq!(out.of(way), OUT);
        plain();
        assert_eq!(out.of(|| scope().mask_input(true).run(way)), IN, "a scope");
        plain();
        assert_eq!(out.of(|| scope().run(way)), OUT, "a scope without a mask");
        assert_eq!(out.of(|| mask(true).in_scope(way)), IN, "a span");
        assert_eq!(out.of(|| mask(false).in_scope(way)), OUT, "a span that says no");
        let late = || {
            let span = info_span!("request", llm.mask_output = tracing::field::Empty);
            span.in_scope(|| {
                span.record("llm.mask_output", true);
                way();
            });
        };
        assert_eq!(out.of(late), IN, "a mask that is recorded late");
        let deep = || mask(true).in_scope(|| info_span!("between").in_scope(way));
        assert_eq!(out.of(deep), IN, "a span between");
        plain();
        out.policy.set(open().default_mask(true));
        assert_eq!(out.of(|| scope().run(way)), IN, "for want of a scope that knows");
        out.policy.set(open());
    }
}

/// The span is masked, but the thread's scope is not.
#[test]
fn a_span_keeps_its_masks_where_it_is_entered_or_named_from_outside() {
    let out = Out::new(open());
    let masked = |out: &Out| {
        with_default(&out.dispatch, || {
            scope().mask_output(true).run(|| info_span!("below", rows = 3, app.note = tracing::field::Empty))
        })
    };
    let write = |span: &Span| {
        span.record("app.note", TEXT);
    };
    let inside = |span: &Span| span.in_scope(at_creation);
    let child = |span: &Span| info_span!(parent: span, "query", rows = 3, app.note = TEXT).in_scope(|| ());
    let event = |span: &Span| info!(parent: span, rows = 3, app.note = TEXT, "said");
    for (name, way) in
        [("recorded", &write as &dyn Fn(&Span)), ("entered", &inside), ("the parent", &child), ("the event's", &event)]
    {
        let plain = || {
            let span = info_span!("outside", rows = 3, app.note = tracing::field::Empty);
            way(&span);
        };
        assert_eq!(out.of(plain), OUT, "{name}");
        let span = masked(&out);
        assert_eq!(
            out.of(|| {
                way(&span);
                drop(span);
            }),
            IN,
            "{name}"
        );
        assert_eq!(out.of(plain), OUT, "{name}");
    }
}

/// Values can be recorded from a different callsite than the span's: the masks of the span apply too.
#[test]
fn values_of_a_plain_callsite_are_treated_as_the_span_they_are_recorded_on() {
    fn recorded_from_elsewhere(span: &Span) {
        let other = info_span!("other", rows = 3, app.note = tracing::field::Empty);
        let fields = other.metadata().expect("enabled").fields();
        let note = fields.field("app.note").expect("declared");
        span.record_all(&fields.value_set(&[(&note, Some(&TEXT as &dyn tracing::field::Value))]));
        span.in_scope(|| ());
    }
    let out = Out::new(Policy::new().content_target("wordy"));
    for _ in 0..2 {
        let plain = || recorded_from_elsewhere(&info_span!("query", rows = 3, app.note = tracing::field::Empty));
        assert_eq!(out.of(plain), OUT);
        let wordy = || {
            recorded_from_elsewhere(&info_span!(target: "wordy", "query", rows = 3, app.note = tracing::field::Empty));
        };
        assert_eq!(out.of(wordy), IN);
    }
}
