//! Exporters that encode spans as OTLP protobuf, and count them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The totals of one exporter.
#[derive(Clone, Debug, Default)]
pub struct Exported(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    spans: AtomicU64,
    attributes: AtomicU64,
    bytes: AtomicU64,
}

/// [`Exported`] at one time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub spans: u64,
    pub attributes: u64,
    pub bytes: u64,
}

impl Totals {
    /// The data exported after `before`.
    pub fn since(self, before: Totals) -> Totals {
        Totals {
            spans: self.spans.saturating_sub(before.spans),
            attributes: self.attributes.saturating_sub(before.attributes),
            bytes: self.bytes.saturating_sub(before.bytes),
        }
    }

    /// Adds other exported data.
    pub fn add(&mut self, more: Totals) {
        self.spans += more.spans;
        self.attributes += more.attributes;
        self.bytes += more.bytes;
    }
}

impl Exported {
    fn add(&self, spans: usize, attributes: usize, bytes: usize) {
        let counts = [(&self.0.spans, spans), (&self.0.attributes, attributes), (&self.0.bytes, bytes)];
        for (total, count) in counts {
            total.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// The data exported so far.
    pub fn totals(&self) -> Totals {
        let read = |total: &AtomicU64| total.load(Ordering::Relaxed);
        Totals { spans: read(&self.0.spans), attributes: read(&self.0.attributes), bytes: read(&self.0.bytes) }
    }
}

/// The same exporter for two versions of OpenTelemetry.
macro_rules! exporter {
    ($version:ident, $sdk:ident, $proto:ident) => {
        pub mod $version {
            use prost::Message as _;
            use $proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
            use $proto::transform::common::tonic::ResourceAttributesWithSchema;
            use $proto::transform::trace::tonic::group_spans_by_resource_and_scope;
            use $sdk::Resource;
            use $sdk::error::OTelSdkResult;
            use $sdk::trace::{BatchSpanProcessor, SpanData, SpanExporter};

            use super::Exported;

            /// Encodes spans as an exporter of OTLP does, and counts them in place of sending them.
            #[derive(Debug, Default)]
            pub struct Counting {
                exported: Exported,
                resource: ResourceAttributesWithSchema,
            }

            impl SpanExporter for Counting {
                async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
                    let spans = batch.len();
                    let attributes = batch.iter().map(|span| span.attributes.len()).sum();
                    let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
                    let bytes = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
                    self.exported.add(spans, attributes, bytes.len());
                    Ok(())
                }

                fn set_resource(&mut self, resource: &Resource) {
                    self.resource = resource.into();
                }
            }

            /// A batch processor with the SDK's defaults in front of a [`Counting`] exporter.
            pub fn processor() -> (BatchSpanProcessor, Exported) {
                let exporter = Counting::default();
                let exported = exporter.exported.clone();
                (BatchSpanProcessor::builder(exporter).build(), exported)
            }
        }
    };
}

exporter!(v032, opentelemetry_sdk_032, opentelemetry_proto_032);
exporter!(v033, opentelemetry_sdk, opentelemetry_proto);
