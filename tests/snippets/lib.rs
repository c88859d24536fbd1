//! Every Rust snippet of README.md and docs/, each in its own function. They are compiled, not run.
#![allow(dead_code, unused_imports, unused_variables, clippy::all, clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use axum::{Router, routing::post};
use llm_trace::*;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::logs::{BatchLogProcessor, SdkLoggerProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{BatchSpanProcessor, InMemorySpanExporter, SdkTracer, SdkTracerProvider, SpanProcessor};
use serde_json::{Value, json};
use tracing::Instrument as _;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt};

include!(concat!(env!("OUT_DIR"), "/snippets.rs"));
