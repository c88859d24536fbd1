//! One row per backend, each from the vendor's documentation.

use super::row::{Address, Header, Row, Value};
use crate::export::exporter::Protocol::{Grpc, HttpJson, HttpProtobuf};

/// The names in the order of the rows, for errors.
pub(super) const NAMES: &str =
    "traceloop, laminar, langfuse, phoenix, mlflow, logfire, datadog, newrelic, honeycomb, grafana, jaeger, collector";

pub(super) fn find(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

const AUTHORIZATION: &str = "authorization";

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    // https://www.traceloop.com/docs/openllmetry/integrations/traceloop
    Row {
        name: "traceloop", protocols: &[HttpProtobuf], traces_only: true,
        address: Address { own: &["TRACELOOP_BASE_URL"], http: "https://api.traceloop.com", ..Address::NONE },
        headers: &[Header { name: AUTHORIZATION, value: Value::Bearer("TRACELOOP_API_KEY") }],
        ..Row::PLAIN
    },
    // https://docs.lmnr.ai/tracing/otel: gRPC is recommended.
    Row {
        name: "laminar", protocols: &[Grpc, HttpProtobuf, HttpJson], traces_only: true,
        address: Address {
            own: &["LMNR_BASE_URL"], http: "https://api.lmnr.ai", grpc: "https://api.lmnr.ai", grpc_port: Some(8443), ..Address::NONE
        },
        headers: &[Header { name: AUTHORIZATION, value: Value::Bearer("LMNR_PROJECT_API_KEY") }],
        ..Row::PLAIN
    },
    // https://langfuse.com/integrations/native/opentelemetry: with the version header, spans are visible immediately.
    Row {
        name: "langfuse", protocols: &[HttpProtobuf, HttpJson], traces_only: true,
        address: Address {
            own: &["LANGFUSE_BASE_URL", "LANGFUSE_HOST"], http: "https://cloud.langfuse.com", path: "/api/public/otel", ..Address::NONE
        },
        headers: &[
            Header { name: AUTHORIZATION, value: Value::Basic("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY") },
            Header { name: "x-langfuse-ingestion-version", value: Value::Fixed("4") },
        ],
        ..Row::PLAIN
    },
    // https://arize.com/docs/phoenix: JSON is rejected with 415.
    Row {
        name: "phoenix", protocols: &[HttpProtobuf, Grpc], traces_only: true,
        address: Address {
            own: &["PHOENIX_COLLECTOR_ENDPOINT"], http: "http://localhost:6006", grpc: "http://localhost:4317", ..Address::NONE
        },
        headers: &[
            Header { name: AUTHORIZATION, value: Value::BearerIfSet("PHOENIX_API_KEY") },
            Header { name: "x-project-name", value: Value::IfSet("PHOENIX_PROJECT_NAME") },
        ],
        ..Row::PLAIN
    },
    // https://mlflow.org/docs/latest/genai/tracing/opentelemetry/ingest: no gRPC; the experiment is a header.
    Row {
        name: "mlflow", protocols: &[HttpProtobuf, HttpJson], traces_only: true,
        address: Address { own: &["MLFLOW_TRACKING_URI"], http: "http://localhost:5000", ..Address::NONE },
        headers: &[
            Header { name: "x-mlflow-experiment-id", value: Value::Or("MLFLOW_EXPERIMENT_ID", "0") },
            Header { name: AUTHORIZATION, value: Value::BasicIfSet("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD") },
            Header { name: AUTHORIZATION, value: Value::BearerIfSet("MLFLOW_TRACKING_TOKEN") },
        ],
        ..Row::PLAIN
    },
    // Like the crate `logfire` 0.13: the token contains the region.
    Row {
        name: "logfire", protocols: &[HttpProtobuf, HttpJson],
        address: Address {
            own: &["LOGFIRE_BASE_URL"], http: "https://logfire-us.pydantic.dev",
            eu: Some(("LOGFIRE_TOKEN", "pylf_v1_eu_", "https://logfire-eu.pydantic.dev")), ..Address::NONE
        },
        headers: &[Header { name: AUTHORIZATION, value: Value::Bearer("LOGFIRE_TOKEN") }],
        ..Row::PLAIN
    },
    // https://docs.datadoghq.com/llm_observability/instrumentation/otel_instrumentation
    Row {
        name: "datadog", protocols: &[HttpProtobuf], traces_only: true,
        address: Address { http: "https://otlp.{DD_SITE|datadoghq.com}", ..Address::NONE },
        headers: &[
            Header { name: "dd-api-key", value: Value::Key("DD_API_KEY") },
            Header { name: "dd-otlp-source", value: Value::Fixed("llmobs") },
        ],
        ..Row::PLAIN
    },
    // https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp: 1 MB per request, gzip
    // recommended.
    Row {
        name: "newrelic", protocols: &[HttpProtobuf, Grpc, HttpJson], gzip: true, max_bytes: Some(900_000),
        address: Address {
            http: "https://otlp.nr-data.net", grpc: "https://otlp.nr-data.net", grpc_port: Some(4317),
            eu: Some(("NEW_RELIC_LICENSE_KEY", "eu01", "https://otlp.eu01.nr-data.net")), ..Address::NONE
        },
        headers: &[Header { name: "api-key", value: Value::Key("NEW_RELIC_LICENSE_KEY") }],
        ..Row::PLAIN
    },
    // https://docs.honeycomb.io/send-data/opentelemetry
    Row {
        name: "honeycomb", protocols: &[HttpProtobuf, Grpc, HttpJson],
        address: Address {
            own: &["HONEYCOMB_API_ENDPOINT"], http: "https://api.honeycomb.io", grpc: "https://api.honeycomb.io", grpc_port: Some(443),
            ..Address::NONE
        },
        headers: &[
            Header { name: "x-honeycomb-team", value: Value::Key("HONEYCOMB_API_KEY") },
            Header { name: "x-honeycomb-dataset", value: Value::IfSet("HONEYCOMB_DATASET") },
        ],
        ..Row::PLAIN
    },
    // https://grafana.com/docs/grafana-cloud/send-data/otlp/send-data-otlp
    Row {
        name: "grafana", protocols: &[HttpProtobuf, HttpJson],
        address: Address {
            own: &["GRAFANA_CLOUD_OTLP_ENDPOINT"], http: "https://otlp-gateway-{GRAFANA_CLOUD_ZONE}.grafana.net/otlp", ..Address::NONE
        },
        headers: &[Header { name: AUTHORIZATION, value: Value::Basic("GRAFANA_CLOUD_INSTANCE_ID", "GRAFANA_CLOUD_API_KEY") }],
        ..Row::PLAIN
    },
    // https://www.jaegertracing.io/docs
    Row {
        name: "jaeger", protocols: &[HttpProtobuf, Grpc, HttpJson], traces_only: true,
        address: Address { http: "http://localhost:4318", grpc: "http://localhost:4317", ..Address::NONE },
        ..Row::PLAIN
    },
    // https://opentelemetry.io/docs/collector
    Row {
        name: "collector", protocols: &[HttpProtobuf, Grpc, HttpJson],
        address: Address { http: "http://localhost:4318", grpc: "http://localhost:4317", ..Address::NONE },
        ..Row::PLAIN
    },
];
