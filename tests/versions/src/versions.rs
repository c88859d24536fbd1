//! One subscriber per version: its layer, its SDK and its exporter, beside ours.

use llm_trace::{Capture, LlmLayer, Policy, Propagation};
use tracing::Metadata;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::calls::CurrentIds;
use crate::exported::{ExportedSpan, Spans};

/// A layer of another version of OpenTelemetry, with the exporter's spans.
pub struct OtherLayer {
    pub layer: Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>,
    pub spans: Spans,
}

/// One version that programs have.
#[derive(Clone, Copy)]
pub struct Version {
    /// The crate that the program has, with its version, and the one of OpenTelemetry.
    pub name: &'static str,
    pub opentelemetry: &'static str,
    pub layer: fn() -> OtherLayer,
    pub ids: CurrentIds,
}

/// Ours is the last.
pub const VERSIONS: [Version; 5] = [v027::VERSION, v029::VERSION, v031::VERSION, logfire_013::VERSION, v033::VERSION];

/// Content is captured, so that masks show.
fn ours<S>() -> LlmLayer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    llm_trace::layer()
        .with_policy(Policy::new().capture(Capture::Span))
        .with_propagation(Propagation::new().to_host("stdio"))
}

/// Runs beside the layer of a version. `fields` is whether facts are to be fields, `None` if the layer finds it out.
pub fn beside<R>(version: Version, fields: Option<bool>, program: impl FnOnce() -> R) -> (R, Vec<ExportedSpan>) {
    let OtherLayer { layer, spans } = (version.layer)();
    let ours = ours().with_content_fields(true);
    let ours = match fields {
        Some(fields) => ours.with_fields(fields),
        None => ours,
    };
    let returned = tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(ours), program);
    (returned, spans.take())
}

/// Runs with a provider of ours alone: the spans that others are compared with.
pub fn alone<R>(program: impl FnOnce() -> R) -> (R, Vec<ExportedSpan>) {
    let (provider, spans) = v033::provider();
    let layer = tracing_subscriber::registry().with(ours().with_tracer_provider(&provider));
    let returned = tracing::subscriber::with_default(layer, program);
    (returned, spans.take())
}

fn is_call(metadata: &Metadata<'_>) -> bool {
    metadata.fields().field("gen_ai.operation.name").is_some()
}

/// Runs with the layer of a version for the program's own spans, and a provider of ours for calls.
pub fn side_by_side<R>(version: Version, program: impl FnOnce() -> R) -> (R, Vec<ExportedSpan>, Vec<ExportedSpan>) {
    let OtherLayer { layer, spans } = (version.layer)();
    let (provider, calls) = v033::provider();
    let subscriber = tracing_subscriber::registry()
        .with(layer.with_filter(dynamic_filter_fn(|metadata, _| !is_call(metadata))))
        .with(ours().with_tracer_provider(&provider).with_filter(dynamic_filter_fn(|metadata, _| is_call(metadata))));
    let returned = tracing::subscriber::with_default(subscriber, program);
    (returned, spans.take(), calls.take())
}

/// What the crates of a version have in common.
macro_rules! common {
    ($api:ident, $bridge:ident, $data:ty) => {
        use serde_json::json;
        use $api::trace::{Status, TraceContextExt as _};
        use $api::{Array, Value};
        use $bridge::OpenTelemetrySpanExt as _;

        fn value(value: &Value) -> serde_json::Value {
            match value {
                Value::Bool(value) => json!(value),
                Value::I64(value) => json!(value),
                Value::F64(value) => json!(value),
                Value::String(value) => json!(value.as_str()),
                Value::Array(Array::Bool(values)) => json!(values),
                Value::Array(Array::I64(values)) => json!(values),
                Value::Array(Array::F64(values)) => json!(values),
                Value::Array(Array::String(values)) => values.iter().map(|value| value.as_str()).collect(),
                #[allow(unreachable_patterns)]
                other => json!(format!("of no known type: {other:?}")),
            }
        }

        fn exported(span: $data) -> crate::exported::ExportedSpan {
            let status = match &span.status {
                Status::Unset => "unset".to_owned(),
                Status::Ok => "ok".to_owned(),
                Status::Error { description } => format!("error: {description}"),
            };
            let attributes = span.attributes.iter().map(|pair| (pair.key.to_string(), value(&pair.value)));
            let kind = format!("{:?}", span.span_kind).to_lowercase();
            crate::exported::ExportedSpan {
                trace_id: span.span_context.trace_id().to_string(),
                span_id: span.span_context.span_id().to_string(),
                parent_id: span.parent_span_id.to_string(),
                duration: span.end_time.duration_since(span.start_time).unwrap_or_default(),
                ..crate::exported::ExportedSpan::new(&span.name, kind, status, attributes)
            }
        }

        pub(super) fn ids() -> ([u8; 16], [u8; 8], bool) {
            let cx = tracing::Span::current().context();
            let span = cx.span().span_context().clone();
            (span.trace_id().to_bytes(), span.span_id().to_bytes(), span.is_sampled())
        }
    };
}

/// The exporter and the provider, from 0.29 on.
macro_rules! exporter {
    ($sdk:ident) => {
        use $sdk::error::OTelSdkResult;
        use $sdk::trace::{SpanData, SpanExporter};

        #[derive(Debug)]
        pub(super) struct Exporter(pub(super) crate::exported::Spans);

        impl SpanExporter for Exporter {
            async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
                self.0.extend(batch.into_iter().map(exported));
                Ok(())
            }
        }
    };
}

macro_rules! provider {
    ($sdk:ident) => {
        use $sdk::trace::SdkTracerProvider;

        pub(super) fn provider() -> (SdkTracerProvider, crate::exported::Spans) {
            let spans = crate::exported::Spans::default();
            (SdkTracerProvider::builder().with_simple_exporter(Exporter(spans.clone())).build(), spans)
        }
    };
}

/// The layer, with the settings that a program has where it sets none.
macro_rules! version {
    ($api:ident, $bridge:ident, $name:literal, $opentelemetry:literal) => {
        pub(super) const VERSION: super::Version =
            super::Version { name: $name, opentelemetry: $opentelemetry, layer, ids };

        fn layer() -> super::OtherLayer {
            use $api::trace::TracerProvider as _;
            let (provider, spans) = provider();
            let layer = Box::new($bridge::layer().with_tracer(provider.tracer("program")));
            super::OtherLayer { layer, spans }
        }
    };
}

mod v027 {
    use futures_util::future::BoxFuture;
    use opentelemetry_sdk_027::export::trace::{ExportResult, SpanData, SpanExporter};
    use opentelemetry_sdk_027::trace::TracerProvider;

    common!(opentelemetry_027, tracing_opentelemetry_028, SpanData);
    version!(opentelemetry_027, tracing_opentelemetry_028, "`tracing-opentelemetry` 0.28", "0.27");

    #[derive(Debug)]
    struct Exporter(crate::exported::Spans);

    impl SpanExporter for Exporter {
        fn export(&mut self, batch: Vec<SpanData>) -> BoxFuture<'static, ExportResult> {
            self.0.extend(batch.into_iter().map(exported));
            Box::pin(std::future::ready(Ok(())))
        }
    }

    fn provider() -> (TracerProvider, crate::exported::Spans) {
        let spans = crate::exported::Spans::default();
        (TracerProvider::builder().with_simple_exporter(Exporter(spans.clone())).build(), spans)
    }
}

mod v029 {
    common!(opentelemetry_029, tracing_opentelemetry_030, SpanData);
    exporter!(opentelemetry_sdk_029);
    provider!(opentelemetry_sdk_029);
    version!(opentelemetry_029, tracing_opentelemetry_030, "`tracing-opentelemetry` 0.30", "0.29");
}

mod v031 {
    common!(opentelemetry_031, tracing_opentelemetry_032, SpanData);
    exporter!(opentelemetry_sdk_031);
    provider!(opentelemetry_sdk_031);
    version!(opentelemetry_031, tracing_opentelemetry_032, "`tracing-opentelemetry` 0.32", "0.31");
}

mod logfire_013 {
    use opentelemetry_sdk_032::trace::SimpleSpanProcessor;

    common!(opentelemetry_032, tracing_opentelemetry_033, SpanData);
    exporter!(opentelemetry_sdk_032);

    pub(super) const VERSION: super::Version =
        super::Version { name: "`logfire` 0.13", opentelemetry: "0.32", layer, ids };

    fn layer() -> super::OtherLayer {
        let spans = crate::exported::Spans::default();
        let logfire = logfire::configure()
            .local()
            .send_to_logfire(false)
            .with_console(None)
            .with_additional_span_processor(SimpleSpanProcessor::new(Exporter(spans.clone())))
            .finish()
            .expect("logfire is configured");
        super::OtherLayer { layer: Box::new(logfire.tracing_layer()), spans }
    }
}

mod v033 {
    common!(opentelemetry_033, tracing_opentelemetry_034, SpanData);
    exporter!(opentelemetry_sdk_033);
    provider!(opentelemetry_sdk_033);
    version!(opentelemetry_033, tracing_opentelemetry_034, "`tracing-opentelemetry` 0.34", "0.33");
}
