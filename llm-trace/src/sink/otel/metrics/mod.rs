//! Metrics, recorded once per call at its end, even if its span is not sampled.

mod agents;
mod instruments;
mod labels;
mod mcp;
mod tokens;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use opentelemetry::global;
use opentelemetry::metrics::{Meter, MeterProvider};

pub(crate) use instruments::Instruments;

use crate::policy::may_be_label;
use crate::semconv::{Fact, Profile};
use crate::sink::otel::scope;

/// The meters of a layer.
#[derive(Default)]
pub(crate) struct Metrics {
    /// Meters of the provider that the user set, one per profile. Without it the global one is used.
    meters: Option<[Meter; 2]>,
    given: OnceLock<Arc<Instruments>>,
    global: Global,
    allowed: Arc<[String]>,
}

/// Instruments of the global provider, which may be set or replaced after the layer is created.
#[derive(Default)]
struct Global {
    made: ArcSwapOption<Made>,
    making: Mutex<()>,
}

struct Made {
    provider: Arc<dyn MeterProvider + Send + Sync>,
    instruments: Arc<Instruments>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = if self.meters.is_some() { "given" } else { "global" };
        f.debug_struct("Metrics").field("provider", &provider).field("allowed", &self.allowed).finish()
    }
}

impl Metrics {
    pub(crate) fn set_provider(&mut self, provider: &impl MeterProvider) {
        self.meters = Some([Profile::Core, Profile::Latest].map(|profile| provider.meter_with_scope(scope(profile))));
    }

    /// Adds span attributes to the metrics. Keys of content, error texts and credentials are never added, whatever the
    /// policy allows, nor are facts with a different value for each call.
    pub(crate) fn allow(&mut self, keys: impl IntoIterator<Item = String>) {
        let is_label = |key: &str| Fact::from_name(key).is_none_or(|fact| fact.row().label);
        let keys = keys.into_iter().filter(|key| may_be_label(key) && is_label(key));
        self.allowed = self.allowed.iter().cloned().chain(keys).collect();
    }

    /// The instruments, or `None` without a meter provider.
    pub(crate) fn instruments(&self, profile: Profile) -> Option<Arc<Instruments>> {
        if let Some([core, latest]) = &self.meters {
            let meter = if profile == Profile::Core { core } else { latest };
            return Some(Arc::clone(self.given.get_or_init(|| self.make(meter, profile))));
        }
        let provider = global_provider()?;
        if let Some(made) = self.global.of(&provider) {
            return Some(made);
        }
        let _making = self.global.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = self.global.of(&provider) {
            return Some(made);
        }
        let instruments = self.make(&provider.meter_with_scope(scope(profile)), profile);
        self.global.made.store(Some(Arc::new(Made { provider, instruments: Arc::clone(&instruments) })));
        Some(instruments)
    }

    fn make(&self, meter: &Meter, profile: Profile) -> Arc<Instruments> {
        Arc::new(Instruments::new(meter, profile, Arc::clone(&self.allowed)))
    }

    /// Whether there is a meter provider.
    pub(crate) fn any(&self) -> bool {
        self.meters.is_some() || global_provider().is_some()
    }
}

/// The global provider, if one was set. The default no-op provider cannot be detected by its type, but it is the only
/// one of size zero.
fn global_provider() -> Option<Arc<dyn MeterProvider + Send + Sync>> {
    Some(global::meter_provider()).filter(|provider| size_of_val(&**provider) != 0)
}

impl Global {
    fn of(&self, provider: &Arc<dyn MeterProvider + Send + Sync>) -> Option<Arc<Instruments>> {
        let made = self.made.load();
        let made =
            made.as_ref().filter(|made| std::ptr::addr_eq(Arc::as_ptr(&made.provider), Arc::as_ptr(provider)))?;
        Some(Arc::clone(&made.instruments))
    }
}
