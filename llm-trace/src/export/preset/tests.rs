#![allow(clippy::unwrap_used, clippy::panic)]

use super::{from_lookup, table};
use crate::export::config::Config;
use crate::export::env_tests::{lookup, read};
use crate::export::exporter::Exporter;

const TRACELOOP: &str = "TRACELOOP_API_KEY=tl";
const LAMINAR: &str = "LMNR_PROJECT_API_KEY=lm";
const LANGFUSE: &str = "LANGFUSE_PUBLIC_KEY=pk;LANGFUSE_SECRET_KEY=sk";
const GRAFANA: &str = "GRAFANA_CLOUD_INSTANCE_ID=123;GRAFANA_CLOUD_API_KEY=glc";

/// Preset, other variables, and the expected result.
#[rustfmt::skip]
const ENV: &[(&str, &str, &str)] = &[
    ("traceloop", TRACELOOP, "http/protobuf https://api.traceloop.com/v1/traces authorization=Bearer tl"),
    ("traceloop", "TRACELOOP_API_KEY=tl;TRACELOOP_BASE_URL=https://tl.internal/", "http/protobuf https://tl.internal/v1/traces authorization=Bearer tl"),
    ("traceloop", "", "error: the preset `traceloop` needs `TRACELOOP_API_KEY`, which is not set"),
    ("laminar", LAMINAR, "grpc https://api.lmnr.ai:8443/ authorization=Bearer lm"),
    ("laminar", "LMNR_PROJECT_API_KEY=lm;OTEL_EXPORTER=otlp_http", "http/protobuf https://api.lmnr.ai/v1/traces authorization=Bearer lm"),
    ("laminar", "LMNR_PROJECT_API_KEY=lm;LMNR_BASE_URL=http://localhost:8001", "grpc http://localhost:8001/ authorization=Bearer lm"),
    ("laminar", "", "error: the preset `laminar` needs `LMNR_PROJECT_API_KEY`, which is not set"),
    ("langfuse", LANGFUSE, "http/protobuf https://cloud.langfuse.com/api/public/otel/v1/traces authorization=Basic cGs6c2s= x-langfuse-ingestion-version=4"),
    ("langfuse", "LANGFUSE_PUBLIC_KEY=pk;LANGFUSE_SECRET_KEY=sk;LANGFUSE_BASE_URL=https://us.cloud.langfuse.com", "http/protobuf https://us.cloud.langfuse.com/api/public/otel/v1/traces authorization=Basic cGs6c2s= x-langfuse-ingestion-version=4"),
    ("langfuse", "LANGFUSE_PUBLIC_KEY=pk;LANGFUSE_SECRET_KEY=sk;LANGFUSE_HOST=http://localhost:3000/api/public/otel/", "http/protobuf http://localhost:3000/api/public/otel/v1/traces authorization=Basic cGs6c2s= x-langfuse-ingestion-version=4"),
    ("langfuse", "LANGFUSE_PUBLIC_KEY=pk", "error: the preset `langfuse` needs `LANGFUSE_SECRET_KEY`, which is not set"),
    ("langfuse", "LANGFUSE_PUBLIC_KEY=pk;LANGFUSE_SECRET_KEY=sk;OTEL_EXPORTER=grpc", "error: `OTEL_EXPORTER` asks for grpc, which the preset `langfuse` does not take: use one of http/protobuf, http/json"),
    ("phoenix", "", "http/protobuf http://localhost:6006/v1/traces"),
    ("phoenix", "PHOENIX_COLLECTOR_ENDPOINT=https://app.phoenix.arize.com/s/team;PHOENIX_API_KEY=px;PHOENIX_PROJECT_NAME=shop", "http/protobuf https://app.phoenix.arize.com/s/team/v1/traces authorization=Bearer px x-project-name=shop"),
    ("phoenix", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "grpc http://localhost:4317/"),
    ("phoenix", "OTEL_EXPORTER=http/json", "error: `OTEL_EXPORTER` asks for http/json, which the preset `phoenix` does not take: use one of http/protobuf, grpc"),
    ("mlflow", "", "http/protobuf http://localhost:5000/v1/traces x-mlflow-experiment-id=0"),
    ("mlflow", "MLFLOW_TRACKING_URI=https://mlflow.internal;MLFLOW_EXPERIMENT_ID=7;MLFLOW_TRACKING_TOKEN=t", "http/protobuf https://mlflow.internal/v1/traces x-mlflow-experiment-id=7 authorization=Bearer t"),
    ("mlflow", "MLFLOW_TRACKING_USERNAME=u;MLFLOW_TRACKING_PASSWORD=p", "http/protobuf http://localhost:5000/v1/traces x-mlflow-experiment-id=0 authorization=Basic dTpw"),
    ("mlflow", "MLFLOW_TRACKING_USERNAME=u", "error: the preset `mlflow` needs `MLFLOW_TRACKING_PASSWORD`, which is not set"),
    ("mlflow", "MLFLOW_TRACKING_URI=sqlite:///mlflow.db", "error: `MLFLOW_TRACKING_URI` is `sqlite:///mlflow.db`: `sqlite` is not a supported scheme; use a URL such as http://localhost:4318"),
    ("logfire", "LOGFIRE_TOKEN=pylf_v1_us_x", "http/protobuf https://logfire-us.pydantic.dev/v1/traces authorization=Bearer pylf_v1_us_x"),
    ("logfire", "LOGFIRE_TOKEN=pylf_v1_eu_x", "http/protobuf https://logfire-eu.pydantic.dev/v1/traces authorization=Bearer pylf_v1_eu_x"),
    ("logfire", "LOGFIRE_TOKEN=t;LOGFIRE_BASE_URL=https://logfire.internal", "http/protobuf https://logfire.internal/v1/traces authorization=Bearer t"),
    ("logfire", "", "error: the preset `logfire` needs `LOGFIRE_TOKEN`, which is not set"),
    ("datadog", "DD_API_KEY=dd", "http/protobuf https://otlp.datadoghq.com/v1/traces dd-api-key=dd dd-otlp-source=llmobs"),
    ("datadog", "DD_API_KEY=dd;DD_SITE=datadoghq.eu", "http/protobuf https://otlp.datadoghq.eu/v1/traces dd-api-key=dd dd-otlp-source=llmobs"),
    ("datadog", "", "error: the preset `datadog` needs `DD_API_KEY`, which is not set"),
    ("newrelic", "NEW_RELIC_LICENSE_KEY=nr", "http/protobuf https://otlp.nr-data.net/v1/traces api-key=nr gzip"),
    ("newrelic", "NEW_RELIC_LICENSE_KEY=eu01xxnr;OTEL_EXPORTER=grpc", "grpc https://otlp.eu01.nr-data.net:4317/ api-key=eu01xxnr gzip"),
    ("newrelic", "NEW_RELIC_LICENSE_KEY=nr;OTEL_EXPORTER_OTLP_COMPRESSION=none", "http/protobuf https://otlp.nr-data.net/v1/traces api-key=nr"),
    ("newrelic", "", "error: the preset `newrelic` needs `NEW_RELIC_LICENSE_KEY`, which is not set"),
    ("honeycomb", "HONEYCOMB_API_KEY=hc", "http/protobuf https://api.honeycomb.io/v1/traces x-honeycomb-team=hc"),
    ("honeycomb", "HONEYCOMB_API_KEY=hc;HONEYCOMB_API_ENDPOINT=https://api.eu1.honeycomb.io;HONEYCOMB_DATASET=d;OTEL_EXPORTER=grpc", "grpc https://api.eu1.honeycomb.io/ x-honeycomb-team=hc x-honeycomb-dataset=d"),
    ("honeycomb", "", "error: the preset `honeycomb` needs `HONEYCOMB_API_KEY`, which is not set"),
    ("grafana", "GRAFANA_CLOUD_INSTANCE_ID=123;GRAFANA_CLOUD_API_KEY=glc;GRAFANA_CLOUD_ZONE=prod-eu-west-2", "http/protobuf https://otlp-gateway-prod-eu-west-2.grafana.net/otlp/v1/traces authorization=Basic MTIzOmdsYw=="),
    ("grafana", "GRAFANA_CLOUD_INSTANCE_ID=123;GRAFANA_CLOUD_API_KEY=glc;GRAFANA_CLOUD_OTLP_ENDPOINT=https://gw.grafana.net/otlp", "http/protobuf https://gw.grafana.net/otlp/v1/traces authorization=Basic MTIzOmdsYw=="),
    ("grafana", GRAFANA, "error: the preset `grafana` needs `GRAFANA_CLOUD_ZONE`, which is not set"),
    ("grafana", "GRAFANA_CLOUD_ZONE=z", "error: the preset `grafana` needs `GRAFANA_CLOUD_INSTANCE_ID`, which is not set"),
    ("jaeger", "", "http/protobuf http://localhost:4318/v1/traces"),
    ("jaeger", "OTEL_EXPORTER=grpc", "grpc http://localhost:4317/"),
    ("collector", "", "http/protobuf http://localhost:4318/v1/traces"),
    ("collector", "OTEL_EXPORTER=http/json", "http/json http://localhost:4318/v1/traces"),
    // A standard variable takes precedence, separately for each setting.
    ("Honeycomb", "HONEYCOMB_API_KEY=hc;OTEL_TRACES_EXPORTER=otlp", "http/protobuf https://api.honeycomb.io/v1/traces x-honeycomb-team=hc"),
    ("honeycomb", "OTEL_EXPORTER=console", "console"),
    ("honeycomb", "OTEL_TRACES_EXPORTER=none", "none"),
    ("honeycomb", "OTEL_SDK_DISABLED=true", "disabled"),
    ("honeycomb", "HONEYCOMB_API_KEY=hc;OTEL_EXPORTER_OTLP_ENDPOINT=http://proxy:4318", "http/protobuf http://proxy:4318/v1/traces x-honeycomb-team=hc!"),
    ("langfuse", "LANGFUSE_PUBLIC_KEY=pk;LANGFUSE_SECRET_KEY=sk;OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://proxy:4317;OTEL_EXPORTER=grpc", "grpc http://proxy:4317/ authorization=Basic cGs6c2s= x-langfuse-ingestion-version=4!"),
    ("honeycomb", "OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=other,a=1", "http/protobuf https://api.honeycomb.io/v1/traces x-honeycomb-team=other a=1"),
    ("honeycomb", "HONEYCOMB_API_KEY=hc;OTEL_HEADERS=x-honeycomb-dataset=d", "http/protobuf https://api.honeycomb.io/v1/traces x-honeycomb-dataset=d x-honeycomb-team=hc"),
    ("phoenix", "OTEL_METRICS_EXPORTER=otlp", "http/protobuf http://localhost:6006/v1/traces!"),
    ("honeycomb", "HONEYCOMB_API_KEY=a\u{7f}b", "error: the header `x-honeycomb-team` has a value with characters that no header may have: look at `HONEYCOMB_API_KEY`"),
    ("zipkin", "", "error: `LLM_TRACE_PRESET` is `zipkin`: use one of traceloop, laminar, langfuse, phoenix, mlflow, logfire, datadog, newrelic, honeycomb, grafana, jaeger, collector"),
];

#[test]
fn a_preset_needs_only_the_vendors_keys_and_standard_variables_take_precedence() {
    let wrong: Vec<String> = ENV
        .iter()
        .map(|(preset, vars, expected)| (preset, vars, read(&format!("LLM_TRACE_PRESET={preset};{vars}")), expected))
        .filter(|(_, _, found, expected)| found != *expected)
        .map(|(preset, vars, found, expected)| format!("{preset};{vars}\n  found    {found}\n  expected {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), ENV.len(), wrong.join("\n"));
}

#[test]
fn every_name_has_a_row_and_every_row_a_name() {
    let names: Vec<_> = table::ROWS.iter().map(|row| row.name()).collect();
    assert_eq!(names.join(", "), table::NAMES);
    for name in names {
        assert!(ENV.iter().any(|(preset, _, found)| *preset == name && found.starts_with(['h', 'g'])), "{name}");
    }
}

#[test]
fn a_preset_destination_reads_only_the_vendors_variables() {
    let vendor_only = ENV.iter().filter(|(preset, vars, _)| !vars.contains("OTEL_") && table::find(preset).is_some());
    for (preset, vars, _) in vendor_only {
        let standard = "OTEL_EXPORTER_OTLP_ENDPOINT=http://other;OTEL_EXPORTER_OTLP_HEADERS=authorization=leak";
        let found = from_lookup(preset, &lookup(&format!("{standard};{vars}")));
        let expected = Config::from_lookup(&lookup(&format!("LLM_TRACE_PRESET={preset};{vars}")));
        match (found, expected) {
            (Ok(found), Ok(config)) => {
                let Exporter::Otlp(_) = config.exporter else { panic!("{preset}") };
                assert_eq!(found.to_string(), config.exporter.to_string(), "{preset};{vars}");
                assert!(!format!("{found:?}").contains("leak"));
            }
            (Err(found), Err(expected)) => assert_eq!(found, expected),
            // An address is validated when it is resolved.
            (Ok(found), Err(expected)) => assert_eq!(found.to_string(), expected.to_string()),
            (found, expected) => panic!("{preset};{vars}: {found:?} {expected:?}"),
        }
    }
}

#[test]
fn new_relic_has_a_smaller_request_limit_unless_a_variable_sets_it() {
    let bytes = |vars: &str| Config::from_lookup(&lookup(vars)).unwrap().batch.batch_bytes;
    assert_eq!(bytes("LLM_TRACE_PRESET=newrelic;NEW_RELIC_LICENSE_KEY=nr"), 900_000);
    assert_eq!(bytes("LLM_TRACE_PRESET=newrelic;NEW_RELIC_LICENSE_KEY=nr;LLM_TRACE_MAX_BATCH_BYTES=5"), 5);
    assert_eq!(bytes("LLM_TRACE_PRESET=newrelic;OTEL_EXPORTER=console"), 3_500_000);
}
