//! Configures the sampler.

use opentelemetry_sdk::trace::Sampler;

use super::env::Env;
use super::error::ConfigError;

const SAMPLERS: &str = "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, \
                        parentbased_traceidratio";

/// A sampler from the environment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sampling {
    pub(crate) parent_based: bool,
    /// The sampled ratio, between 0 and 1.
    pub(crate) ratio: f64,
}

impl Sampling {
    pub(crate) fn sampler(self) -> Sampler {
        let root = match self.ratio {
            0.0 => Sampler::AlwaysOff,
            1.0 => Sampler::AlwaysOn,
            ratio => Sampler::TraceIdRatioBased(ratio),
        };
        if self.parent_based { Sampler::ParentBased(Box::new(root)) } else { root }
    }
}

/// `None` if no sampler is configured: all traces are sampled, unless the parent is not.
pub(crate) fn read(env: &Env<'_>, warnings: &mut Vec<String>) -> Result<Option<Sampling>, ConfigError> {
    let arg = env.get("OTEL_TRACES_SAMPLER_ARG");
    let Some(var) = env.get("OTEL_TRACES_SAMPLER") else {
        if arg.is_some() {
            warnings
                .push("`OTEL_TRACES_SAMPLER_ARG` is set without `OTEL_TRACES_SAMPLER`: all traces are sampled".into());
        }
        return Ok(None);
    };
    let folded = var.folded();
    let (parent_based, root) = match folded.strip_prefix("parentbased_") {
        Some(root) => (true, root),
        None => (false, folded.as_str()),
    };
    let ratio = match root {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => match &arg {
            None => 1.0,
            Some(arg) => match arg.value.parse::<f64>() {
                Ok(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
                _ => return Err(arg.number("a number from 0 to 1")),
            },
        },
        _ => return Err(var.choice(SAMPLERS)),
    };
    Ok(Some(Sampling { parent_based, ratio }))
}
