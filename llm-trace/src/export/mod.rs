//! Exports telemetry to the destinations that environment variables configure.
//!
//! | variable | meaning |
//! |---|---|
//! | `OTEL_EXPORTER` | `console` (the default), `console_json`, `otlp_http` or `http/protobuf`, `http/json`, `otlp_grpc` or `grpc`, `otlp_file`, `none` |
//! | `LLM_TRACE_PRESET` | a backend by name, with its own keys: see [`preset`] |
//! | `OTEL_ENDPOINT` | the endpoint; without other variables it selects `otlp_http` |
//! | `OTEL_HEADERS` | `name=value,name=value`, percent-encoded where needed |
//! | `OTEL_SERVICE_NAME`, `OTEL_ENVIRONMENT_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | the resource: service, environment and other attributes |
//! | `OTEL_EXPORTER_OTLP_*` | the standard variables: `ENDPOINT`, `HEADERS`, `PROTOCOL`, `COMPRESSION` (`gzip`), `TIMEOUT` (ms), `INSECURE`, `CERTIFICATE`, `CLIENT_CERTIFICATE`, `CLIENT_KEY`; each also as `OTEL_EXPORTER_OTLP_TRACES_*` |
//! | `OTEL_TRACES_EXPORTER`, `OTEL_SDK_DISABLED`, `OTEL_PROPAGATORS`, `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`, `OTEL_BSP_*`, `OTEL_BLRP_*` | as in the OpenTelemetry specification |
//! | `LLM_TRACE_MAX_FILE_BYTES`, `LLM_TRACE_SPILL_DIRECTORY`, `LLM_TRACE_MAX_SPILL_BYTES` | telemetry on disk: see [`Destination::file`] and [`Destination::spill`] |
//! | `LLM_TRACE_MAX_BATCH_BYTES`, `LLM_TRACE_MAX_QUEUE_BYTES` | the size limits of a request (3,500,000) and of the queue (64 MiB), in bytes |
//! | `OTEL_METRICS_EXPORTER`, `OTEL_LOGS_EXPORTER` | metrics and events: `otlp`, `console`, …; off by default. Each has its own `OTEL_EXPORTER_OTLP_METRICS_*` or `OTEL_EXPORTER_OTLP_LOGS_*` |
//! | `LLM_TRACE_NORMALIZE` | `true`: see [`LlmLayer::with_normalization`](crate::LlmLayer::with_normalization) |
//! | `LLM_TRACE_PRICES` | the path of a price table: see [`PriceTable`](crate::PriceTable) |
//! | `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`, `LLM_TRACE_MASK`, `LLM_TRACE_CONTENT_RATIO` | content capture and masks: see [`Policy`](crate::Policy) |
//! | `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` | the proxy |
//!
//! **Precedence**, separately for each setting: the variable for traces, the standard variable, the short form, the
//! preset. Headers of a preset are kept next to those of a variable; a variable's header replaces a preset's of the
//! same name.
//!
//! **Endpoint**: over HTTP the signal's path is added once (`https://host` → `https://host/v1/traces`, `…/v1` →
//! `…/v1/traces`, `…/v1/metrics` → `…/v1/traces`); a query is kept. A path that contains a signal, such as
//! `/v2/trace/otlp`, is used unchanged, as is `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`. Over gRPC a bare `host:4317` is
//! valid and no path is added. Without a scheme, ports 443 and 8443 use TLS.
//!
//! Without variables, spans are printed to stderr. An invalid value is an error that contains the variable, the value
//! and the valid choices.

// Numbers and times come from variables, servers and other threads.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

#[cfg(not(any(feature = "otlp-http", feature = "otlp-grpc")))]
mod absent;
mod active;
mod batch_variables;
mod config;
mod console;
mod counters;
mod destination;
mod disk;
mod endpoint;
mod env;
mod error;
mod export_operation;
mod export_processor;
mod exporter;
mod exports;
mod headers;
mod init;
mod instrumentation_scope_processor;
mod limits;
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
mod otlp;
pub mod preset;
mod propagation;
mod providers;
mod proxy;
mod record_outcome;
mod resource;
mod sampling;
mod self_metrics;
mod shutdown_deadline;
mod signal_variables;
mod signals;
mod stats;
mod targets;
mod task;
mod telemetry;

#[cfg(test)]
mod env_tests;

pub(crate) use active::active;
pub(crate) use config::Config;
pub use console::ConsoleProcessor;
pub use destination::Destination;
pub use error::{ConfigError, InitError};
pub use export_processor::ExportProcessor;
pub use init::{init, init_if_configured};
pub use instrumentation_scope_processor::InstrumentationScopeProcessor;
pub use providers::{Parts, from_env, from_lookup};
pub use stats::{SignalStats, Stats, StatsHandle};
pub use telemetry::Telemetry;
