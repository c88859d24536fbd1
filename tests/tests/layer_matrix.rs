//! Our layer with every other kind of layer, in both orders and with every kind of filter: no panic, every span once,
//! and complete calls.

use std::fmt;
use std::io;

use llm_trace::{LlmCall, Operation};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::Layered;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

type Boxed<S> = Box<dyn Layer<S> + Send + Sync>;
type Second = Layered<Boxed<Registry>, Registry>;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Other {
    Fmt,
    Json,
    RedactedFmt,
    OpenTelemetry,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Filter {
    None,
    Level,
    Env,
    Reload,
}

#[derive(Clone, Copy)]
struct Case {
    other: Other,
    ours_first: bool,
    our_filter: Filter,
    other_filter: Filter,
    other_level: LevelFilter,
    global: Filter,
    first: tracing::Level,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = if self.ours_first { "ours, then" } else { "ours after" };
        let Self { other, our_filter, other_filter, other_level, global, first, .. } = self;
        write!(f, "{order} {other:?} (filter {other_filter:?} {other_level}), our filter {our_filter:?}, ")?;
        write!(f, "global {global:?}, first span {first}")
    }
}

fn filtered<S>(layer: impl Layer<S> + Send + Sync, filter: Filter, level: LevelFilter) -> Boxed<S>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
{
    match filter {
        Filter::None => Box::new(layer),
        Filter::Level => Box::new(layer.with_filter(level)),
        Filter::Env => Box::new(layer.with_filter(EnvFilter::new(level.to_string()))),
        Filter::Reload => Box::new(layer.with_filter(reload::Layer::new(level).0)),
    }
}

fn other<S>(case: &Case, theirs: &SdkTracerProvider) -> Boxed<S>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let (filter, level) = (case.other_filter, case.other_level);
    match case.other {
        Other::Fmt => filtered(tracing_subscriber::fmt::layer().with_writer(io::sink), filter, level),
        Other::Json => filtered(tracing_subscriber::fmt::layer().json().with_writer(io::sink), filter, level),
        Other::RedactedFmt => {
            filtered(llm_trace::redact(tracing_subscriber::fmt::layer().with_writer(io::sink)), filter, level)
        }
        Other::OpenTelemetry => {
            filtered(tracing_opentelemetry::layer().with_tracer(theirs.tracer("app")), filter, level)
        }
    }
}

fn run(case: &Case, calls: impl FnOnce()) -> (Vec<String>, Vec<String>) {
    let provider = || {
        let exporter = InMemorySpanExporter::default();
        (SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build(), exporter)
    };
    let ((ours, our_exporter), (theirs, their_exporter)) = (provider(), provider());
    let stack: Layered<Boxed<Second>, Second> = if case.ours_first {
        let layer = filtered(llm_trace::layer().with_tracer_provider(&ours), case.our_filter, LevelFilter::INFO);
        tracing_subscriber::registry().with(layer).with(other(case, &theirs))
    } else {
        let layer = filtered(llm_trace::layer().with_tracer_provider(&ours), case.our_filter, LevelFilter::INFO);
        tracing_subscriber::registry().with(other(case, &theirs)).with(layer)
    };
    match case.global {
        Filter::None => tracing::subscriber::with_default(stack, calls),
        Filter::Level => tracing::subscriber::with_default(stack.with(LevelFilter::INFO), calls),
        Filter::Env => tracing::subscriber::with_default(stack.with(EnvFilter::new("info")), calls),
        Filter::Reload => {
            tracing::subscriber::with_default(stack.with(reload::Layer::new(LevelFilter::INFO).0), calls);
        }
    }
    let names = |exporter: InMemorySpanExporter| {
        let spans = exporter.get_finished_spans().expect("spans");
        spans.iter().map(|span| span.name.to_string()).filter(|name| name != "first").collect()
    };
    (names(our_exporter), names(their_exporter))
}

fn calls(first: tracing::Level) {
    if first == tracing::Level::WARN {
        tracing::warn_span!("first").in_scope(|| tracing::warn!("inside"));
    } else {
        tracing::info_span!("first").in_scope(|| tracing::info!("inside"));
    }
    for _ in 0..2 {
        tracing::info_span!("parent").in_scope(|| {
            tracing::warn!("inside");
            LlmCall::builder(Operation::Chat).provider("openai").model("m").run(|_| tracing::error!("inside"));
        });
    }
}

fn cases() -> Vec<Case> {
    use Filter::{Env, Level, None, Reload};
    let mut cases = Vec::new();
    for other in [Other::Fmt, Other::Json, Other::RedactedFmt, Other::OpenTelemetry] {
        for ours_first in [true, false] {
            for our_filter in [None, Level, Env, Reload] {
                for other_filter in [None, Level, Env, Reload] {
                    for other_level in [LevelFilter::INFO, LevelFilter::WARN] {
                        for global in [None, Level, Env, Reload] {
                            for first in [tracing::Level::WARN, tracing::Level::INFO] {
                                cases.push(Case {
                                    other,
                                    ours_first,
                                    our_filter,
                                    other_filter,
                                    other_level,
                                    global,
                                    first,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    cases
}

#[test]
fn every_order_and_filter_gives_every_span_once() {
    let once = ["chat m", "parent", "chat m", "parent"];
    for case in cases() {
        let (ours, theirs) = run(&case, || calls(case.first));
        if case.other != Other::OpenTelemetry {
            assert_eq!(ours, once, "{case:?}");
            continue;
        }
        // The other layer creates the spans that its filter enables; ours creates none.
        let through = case.other_filter == Filter::None || case.other_level >= LevelFilter::INFO;
        let expected = if through { &once[..] } else { &[] };
        assert_eq!(theirs, expected, "{case:?}");
        assert_eq!(ours, Vec::<String>::new(), "{case:?}");
    }
}

#[test]
fn the_first_span_may_be_disabled_for_one_layer() {
    // The first span is below the level of one of the two layers.
    for ours_first in [true, false] {
        for (our_filter, other_level) in [(Filter::Level, LevelFilter::TRACE), (Filter::None, LevelFilter::WARN)] {
            for other in [Other::Fmt, Other::RedactedFmt, Other::OpenTelemetry] {
                let case = Case {
                    other,
                    ours_first,
                    our_filter,
                    other_filter: Filter::Level,
                    other_level,
                    global: Filter::None,
                    first: tracing::Level::INFO,
                };
                let (ours, theirs) = run(&case, || {
                    tracing::debug_span!("first").in_scope(|| tracing::debug!("inside"));
                    calls(tracing::Level::INFO);
                });
                let count = ours.iter().chain(&theirs).filter(|name| *name == "chat m").count();
                let hidden = other == Other::OpenTelemetry && other_level < LevelFilter::INFO;
                assert_eq!(count, if hidden { 0 } else { 2 }, "{case:?}");
            }
        }
    }
}

#[test]
fn a_layer_inside_reload_still_exports() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let (layer, _handle) = reload::Layer::new(llm_trace::layer().with_tracer_provider(&provider));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || calls(tracing::Level::INFO));
    let spans = exporter.get_finished_spans().expect("spans");
    assert!(spans.iter().any(|span| span.name == "parent"), "{spans:?}");
}

#[test]
fn a_layer_in_a_vector_beside_others_still_exports() {
    for ours_first in [true, false] {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let ours: Boxed<Registry> = Box::new(llm_trace::layer().with_tracer_provider(&provider));
        let fmt = tracing_subscriber::fmt::layer().with_writer(io::sink).with_filter(LevelFilter::WARN);
        let fmt: Boxed<Registry> = Box::new(fmt);
        let layers = if ours_first { vec![ours, fmt] } else { vec![fmt, ours] };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layers), || calls(tracing::Level::INFO));
        let spans = exporter.get_finished_spans().expect("spans");
        assert_eq!(spans.iter().filter(|span| span.name == "chat m").count(), 2, "ours first: {ours_first}");
    }
}
