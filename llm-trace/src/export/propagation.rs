//! Trace context propagation between programs.

use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

use super::env::Env;
use super::error::ConfigError;

/// A supported format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    TraceContext,
    Baggage,
}

/// Reads `OTEL_PROPAGATORS`; a known format that is not supported is skipped with a warning.
pub(crate) fn read(env: &Env<'_>, warnings: &mut Vec<String>) -> Result<Vec<Kind>, ConfigError> {
    let Some(var) = env.get("OTEL_PROPAGATORS") else {
        return Ok(vec![Kind::TraceContext, Kind::Baggage]);
    };
    let mut kinds = Vec::new();
    for name in var.folded().split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let kind = match name {
            "tracecontext" => Kind::TraceContext,
            "baggage" => Kind::Baggage,
            "none" => continue,
            "b3" | "b3multi" | "jaeger" | "xray" | "ottrace" => {
                warnings.push(format!("`{}`: `{name}` is not supported and skipped", var.name));
                continue;
            }
            _ => return Err(var.choice("tracecontext, baggage, none")),
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// One propagator for all formats.
pub(crate) fn propagator(kinds: &[Kind]) -> TextMapCompositePropagator {
    let each = kinds.iter().map(|kind| match kind {
        Kind::TraceContext => Box::new(TraceContextPropagator::new()) as Box<dyn TextMapPropagator + Send + Sync>,
        Kind::Baggage => Box::new(BaggagePropagator::new()),
    });
    TextMapCompositePropagator::new(each.collect())
}
