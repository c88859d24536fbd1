//! The start of a call that samplers and span processors see.

use std::sync::{Arc, Mutex};

use llm_trace::{LlmCall, Operation, Profile};
use opentelemetry::trace::{SpanKind, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use serde_json::{Value, json};
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, registry};

use crate::support::{Asked, PROFILES, Start, chat, create, request, search, weather};

/// Keeps each span as it is at its start.
#[derive(Clone, Debug, Default)]
struct Started(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Started {
    fn on_start(&self, span: &mut Span, _: &Context) {
        self.0.lock().unwrap().extend(span.exported_data());
    }

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: std::time::Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn theirs<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("app"));
    layer.with_location(false).with_threads(false).with_target(false)
}

/// A call, and the name, kind and attributes of its span at the start.
type Case = (fn(), &'static str, SpanKind, Value);

fn cases() -> Vec<Case> {
    let late = || {
        LlmCall::builder(Operation::Chat).span_name("own").attribute("app.x", 1).run(|call| {
            call.provider("openai").model("late");
        });
    };
    vec![
        (
            || drop(chat(&request())),
            "chat gpt-4o",
            SpanKind::Client,
            json!({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o"}),
        ),
        (
            || drop(search("x")),
            "retrieval handbook",
            SpanKind::Client,
            json!({"gen_ai.operation.name": "retrieval", "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "embed-3", "server.address": "vectors.example", "server.port": 8443}),
        ),
        (
            || drop(create()),
            "create_agent fresh",
            SpanKind::Client,
            json!({"gen_ai.operation.name": "create_agent", "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o", "gen_ai.agent.name": "fresh"}),
        ),
        (
            || drop(weather("x")),
            "execute_tool weather",
            SpanKind::Internal,
            json!({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather",
                "gen_ai.tool.type": "extension"}),
        ),
        (late, "own", SpanKind::Client, json!({"gen_ai.operation.name": "chat"})),
    ]
}

#[test]
fn samplers_and_processors_see_the_same_start_from_our_layer_and_from_another() {
    let setups: [fn(&SdkTracerProvider, Profile) -> Dispatch; 3] = [
        |to, profile| registry().with(llm_trace::layer().with_profile(profile).with_tracer_provider(to)).into(),
        |to, profile| registry().with(theirs(to)).with(llm_trace::layer().with_profile(profile)).into(),
        |to, profile| registry().with(llm_trace::layer().with_profile(profile)).with(theirs(to)).into(),
    ];
    for profile in PROFILES {
        for (call, name, kind, attributes) in cases() {
            for (number, setup) in setups.into_iter().enumerate() {
                let (asked, started) = (Asked::default(), Started::default());
                let provider = SdkTracerProvider::builder().with_sampler(asked.clone());
                let provider = provider.with_span_processor(started.clone()).build();
                tracing::dispatcher::with_default(&setup(&provider, profile), call);
                let starts: Vec<_> = std::mem::take(&mut *started.0.lock().unwrap());
                let starts = starts.into_iter().map(|span| (span.name.into(), span.span_kind, span.attributes));
                let both: Vec<Start> = asked.0.lock().unwrap().drain(..).chain(starts).collect();
                assert_eq!(both.len(), 2, "{number} {name}");
                for (start_name, start_kind, start) in both {
                    assert_eq!((&*start_name, &start_kind), (name, &kind), "{number}");
                    assert_eq!(typed(&start), attributes, "{number} {name}");
                }
            }
        }
    }
}

fn typed(attributes: &[KeyValue]) -> Value {
    let value = |value: &opentelemetry::Value| match value {
        opentelemetry::Value::I64(number) => json!(number),
        text => json!(text.as_str()),
    };
    attributes.iter().map(|attribute| (attribute.key.to_string(), value(&attribute.value))).collect()
}
