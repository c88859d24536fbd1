//! The rows of the table.

use llm_trace::{Policy, PolicyHandle, RedactProcessor};
use llm_trace_peers::Error;
use llm_trace_peers::annotated::Annotated;
use llm_trace_peers::exported::v033;
use llm_trace_peers::plain::Plain;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Dispatch;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::by_hand::{self, ByHand};
use crate::figures::Figures;
use crate::measure::{self, Size, Tracing};
use crate::with_genai::{self, WithGenai};
use crate::with_logfire;
use crate::with_rig::WithRig;

/// The program that measures a row.
pub enum Program {
    This,
    /// `with_litellm.py`.
    Python,
}

/// One row: its name on the command line, the client and the tracing.
pub struct Row {
    pub program: Program,
    pub name: &'static str,
    pub client: &'static str,
    pub tracing: &'static str,
}

const fn row(name: &'static str, client: &'static str, tracing: &'static str) -> Row {
    Row { program: Program::This, name, client, tracing }
}

const fn python(name: &'static str, tracing: &'static str) -> Row {
    Row { program: Program::Python, name, client: "LiteLLM (Python)", tracing }
}

/// The first row of each client is its floor.
pub const ROWS: &[Row] = &[
    row("reqwest", "`reqwest`", "none"),
    row("by-hand", "`reqwest`", "by hand, `tracing-opentelemetry`"),
    row("logfire", "`reqwest`", "by hand, `logfire`"),
    row("llm-call", "`reqwest`", "`#[llm_call]`"),
    row("llm-call-guarded", "`reqwest`", "`#[llm_call]`, `RedactProcessor`"),
    row("genai", "`genai`", "none"),
    row("genai-own", "`genai`", "its own spans"),
    row("genai-llm-call", "`genai`", "`#[llm_call]`"),
    row("rig", "`rig-core`", "none"),
    row("rig-own", "`rig-core`", "its own spans"),
    python("litellm", "none"),
    python("litellm-otel", "its OpenTelemetry callback"),
];

/// Runs without tracing.
const NO_TRACING: Option<(&Plain, &Tracing)> = None;

fn flush(provider: SdkTracerProvider) -> Box<dyn Fn() -> Result<(), Error>> {
    Box::new(move || Ok(provider.force_flush()?))
}

/// The layer that most programs have, at the level `info`.
fn tracing_opentelemetry() -> Tracing {
    let (processor, exported) = v033::processor();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    let subscriber = Dispatch::new(tracing_subscriber::registry().with(layer.with_filter(LevelFilter::INFO)));
    Tracing { subscriber, exported, flush: flush(provider) }
}

/// Our layer, without the spans that `genai` makes.
fn ours(guarded: bool) -> Tracing {
    let policy = PolicyHandle::new(Policy::new());
    let (processor, exported) = v033::processor();
    let provider = SdkTracerProvider::builder();
    let provider = if guarded {
        provider.with_span_processor(RedactProcessor::new(processor, &policy))
    } else {
        provider.with_span_processor(processor)
    };
    let provider = provider.build();
    let filter = Targets::new().with_default(LevelFilter::INFO).with_target("genai", LevelFilter::OFF);
    let layer = llm_trace::layer().with_policy(&policy).with_tracer_provider(&provider);
    let subscriber = Dispatch::new(tracing_subscriber::registry().with(filter).with(layer));
    Tracing { subscriber, exported, flush: flush(provider) }
}

/// Measures one row against the server at `base`.
pub fn measure(name: &str, base: &str, size: Size) -> Result<Figures, Error> {
    let plain = Plain::new(base);
    match name {
        "reqwest" => measure::measure(size, &plain, NO_TRACING),
        "by-hand" => {
            let calls = ByHand { plain: &plain, start: by_hand::start };
            measure::measure(size, &plain, Some((&calls, &tracing_opentelemetry())))
        }
        "logfire" => {
            let calls = ByHand { plain: &plain, start: with_logfire::start };
            measure::measure(size, &plain, Some((&calls, &with_logfire::tracing()?)))
        }
        "llm-call" => measure::measure(size, &plain, Some((&Annotated(plain.clone()), &ours(false)))),
        "llm-call-guarded" => measure::measure(size, &plain, Some((&Annotated(plain.clone()), &ours(true)))),
        "genai" => measure::measure(size, &WithGenai::new(base)?, NO_TRACING),
        "genai-own" => {
            let genai = WithGenai::new(base)?;
            measure::measure(size, &genai, Some((&genai, &tracing_opentelemetry())))
        }
        "genai-llm-call" => {
            let genai = WithGenai::new(base)?;
            measure::measure(size, &genai, Some((&with_genai::Annotated(&genai), &ours(false))))
        }
        "rig" => measure::measure(size, &WithRig::new(base), NO_TRACING),
        "rig-own" => {
            let rig = WithRig::new(base);
            measure::measure(size, &rig, Some((&rig, &tracing_opentelemetry())))
        }
        _ => Err(format!("no row has the name {name}").into()),
    }
}
