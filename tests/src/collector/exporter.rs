//! A span exporter that passes encoded OTLP to the collector without a network.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;

use super::store::{Request, Store};

/// See [`Collector::exporter`](super::Collector::exporter).
pub struct CollectorExporter {
    store: Arc<Store>,
    resource: ResourceAttributesWithSchema,
}

impl CollectorExporter {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store, resource: ResourceAttributesWithSchema::default() }
    }
}

impl std::fmt::Debug for CollectorExporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CollectorExporter")
    }
}

impl SpanExporter for CollectorExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/x-protobuf"));
        self.store.receive(Request {
            method: "POST".into(),
            path: "/v1/traces".into(),
            query: None,
            headers,
            wire_size: body.len(),
            body,
            accepted: false,
            rejected: 0,
        });
        Ok(())
    }

    fn set_resource(&mut self, resource: &opentelemetry_sdk::Resource) {
        self.resource = resource.into();
    }
}
