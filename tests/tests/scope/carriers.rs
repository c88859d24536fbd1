//! Traces come in and go out in whatever carries them: headers, maps, messages, ids of another tracer.

use std::collections::{BTreeMap, HashMap};

use llm_trace::{ExistingTrace, McpMeta, Propagation, TraceError, inject, inject_to, llm_call, llm_tool, scope};
use serde_json::{Value, json};

use crate::support::{ask, traced};
use crate::traces::{PARENT, TRACE, hex, parent, trace};

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

fn ids() -> ([u8; 16], [u8; 8]) {
    let trace = u128::from_str_radix(TRACE, 16).expect("hex").to_be_bytes();
    (trace, u64::from_str_radix(PARENT, 16).expect("hex").to_be_bytes())
}

#[test]
fn a_trace_of_another_tracer_is_joined_by_texts_bytes_or_a_traceparent() {
    let traced = traced(|layer| layer);
    let (trace_id, span_id) = ids();
    let scopes = [
        scope().existing_trace((TRACE, PARENT)),
        scope().existing_trace((TRACE.to_owned(), PARENT.to_owned())),
        scope().existing_trace((TRACE, PARENT, true)),
        scope().existing_trace((trace_id, span_id)),
        scope().existing_trace((trace_id, span_id, true)),
        scope().existing_trace(SAMPLED),
        scope().existing_trace(SAMPLED.to_owned()),
    ];
    let count = scopes.len();
    for scope in scopes {
        scope.expect("ids").run(|| ask("q"));
    }
    let spans = traced.collector.spans();
    assert_eq!(spans.len(), count);
    assert!(spans.iter().all(|span| trace(span) == TRACE && parent(span) == PARENT));
}

#[test]
fn what_another_tracer_did_not_sample_is_not_sampled_here() {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    let traced = traced(|layer| layer);
    let (trace_id, span_id) = ids();
    let ours = SpanContext::new(
        TraceId::from_bytes(trace_id),
        SpanId::from_bytes(span_id),
        TraceFlags::NOT_SAMPLED,
        true,
        TraceState::NONE,
    );
    let scopes = [
        scope().existing_trace((TRACE, PARENT, false)),
        scope().existing_trace((trace_id, span_id, false)),
        scope().existing_trace(UNSAMPLED),
        scope().existing_trace(&ours),
        ExistingTrace::new(TRACE).and_then(|trace| scope().existing_trace(trace.sampled(false))),
        Ok(scope().parent_from([("traceparent", UNSAMPLED)])),
    ];
    for scope in scopes {
        scope.expect("ids").run(|| ask("q"));
    }
    assert!(traced.collector.spans().is_empty());
}

#[test]
fn ids_that_are_none_are_errors() {
    let zero = ([0; 16], [0; 8]);
    let (trace_id, _) = ids();
    assert!(matches!(ExistingTrace::try_from(zero), Err(TraceError::TraceId(id)) if id == "0".repeat(32)));
    assert!(matches!(ExistingTrace::try_from((trace_id, zero.1, true)), Err(TraceError::SpanId(_))));
    for text in [
        SAMPLED.to_uppercase(),
        SAMPLED.replacen("00", "ff", 1),
        format!("{SAMPLED}-more"),
        format!("00-{}-{PARENT}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{TRACE}-{PARENT}"),
        format!("00-{TRACE}-{PARENT}-+1"),
        "4bf92f3577b34da6a3ce929d0e0e473\u{e9}".to_owned(),
    ] {
        assert_eq!(ExistingTrace::new(&text), Err(TraceError::TraceId(text)));
    }
    // A later version may have more parts.
    assert!(ExistingTrace::new(format!("01-{TRACE}-{PARENT}-01-more")).is_ok());
}

#[test]
fn a_trace_comes_in_by_any_map_or_iterator() {
    let traced = traced(|layer| layer);
    let bytes = vec![("other".to_owned(), vec![0xff]), ("traceparent".to_owned(), SAMPLED.into())];
    let message = json!({"_meta": {"progressToken": 7, "traceparent": SAMPLED}});
    let mut headers = http::HeaderMap::new();
    headers.insert("traceparent", SAMPLED.parse().expect("a header"));
    let scopes = [
        scope().parent_from(&headers),
        scope().parent_from(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))),
        scope().parent_from(&HashMap::from([("Traceparent", SAMPLED)])),
        scope().parent_from(BTreeMap::from([("traceparent".to_owned(), SAMPLED.to_owned())])),
        scope().parent_from(&bytes),
        scope().parent_from(bytes),
        scope().parent_from(message["_meta"].as_object().into_iter().flatten()),
        scope()
            .parent_from([("traceparent", Some(SAMPLED))].iter().filter_map(|(name, value)| Some((name, (*value)?)))),
    ];
    let count = scopes.len();
    for scope in scopes {
        scope.run(|| ask("q"));
    }
    let spans = traced.collector.spans();
    assert_eq!(spans.len(), count);
    assert!(spans.iter().all(|span| trace(span) == TRACE && parent(span) == PARENT));
}

#[test]
fn pieces_of_a_trace_state_are_joined_in_their_order() {
    let traced = traced(|layer| layer);
    let headers = [("tracestate", "a=1"), ("traceparent", SAMPLED), ("Tracestate", "b=2")];
    scope().parent_from(headers).run(|| ask("q"));
    assert_eq!(traced.collector.span("chat m").span.trace_state, "a=1,b=2");
    // Two parents are none.
    scope().parent_from([("traceparent", SAMPLED), ("Traceparent", SAMPLED)]).run(|| ask("q"));
    assert!(traced.collector.spans().iter().any(|span| trace(span) != TRACE));
}

#[llm_call(provider = "openai", model = "m", server = "llm.internal")]
fn inject_everywhere() -> [HashMap<String, String>; 4] {
    let (mut map, mut sorted, mut pairs) = (HashMap::new(), BTreeMap::<String, String>::new(), HashMap::new());
    let mut object = serde_json::Map::new();
    assert!(inject(&mut map) && inject(&mut sorted) && inject(&mut object));
    assert!(inject_to("http://llm.internal:80/", &mut |name: &str, value: &str| {
        pairs.insert(name.to_owned(), value.to_owned());
    }));
    assert!(!inject_to("elsewhere.internal", &mut map.clone()) && !inject_to("stdio", &mut map.clone()));
    let object = object.into_iter().map(|(key, value)| (key, value.as_str().expect("text").to_owned()));
    [map, sorted.into_iter().collect(), object.collect(), pairs]
}

#[test]
fn a_trace_goes_out_by_any_map_or_closure() {
    let traced = traced(|layer| layer.with_propagation(Propagation::new().to_host("llm.internal")));
    let carriers = inject_everywhere();
    let call = traced.collector.span("chat m");
    // No entries, no `tracestate`.
    let expected =
        HashMap::from([("traceparent".to_owned(), format!("00-{}-{}-01", trace(&call), hex(&call.span.span_id)))]);
    assert!(carriers.iter().all(|carrier| *carrier == expected), "{carriers:?}");
}

#[llm_tool(name = "get_weather")]
fn call_tool(mut params: Value) -> (bool, Value) {
    let written = inject_to("stdio", &mut McpMeta::new(&mut params));
    (written, params)
}

#[test]
fn an_mcp_request_carries_the_tools_span_and_the_server_joins_it() {
    let traced = traced(|layer| layer.with_propagation(Propagation::new().to_host("stdio")));
    let incoming = [("traceparent", SAMPLED), ("tracestate", "a=1")];
    let sent = json!({"name": "get_weather", "_meta": {"progressToken": 7, "traceparent": "old"}});
    let (written, params) = scope().parent_from(incoming).run(|| call_tool(sent));
    let tool = traced.collector.span("execute_tool get_weather");
    let traceparent = format!("00-{TRACE}-{}-01", hex(&tool.span.span_id));
    let meta = json!({"progressToken": 7, "traceparent": traceparent, "tracestate": "a=1"});
    assert!(written);
    assert_eq!(params, json!({"name": "get_weather", "_meta": meta}));
    // At the server.
    scope().parent_from(params["_meta"].as_object().into_iter().flatten()).run(|| ask("q"));
    let served = traced.collector.span("chat m");
    assert_eq!((trace(&served), served.span.parent_span_id), (TRACE.to_owned(), tool.span.span_id));
}

#[test]
fn parameters_that_can_have_no_meta_stay_as_they_are() {
    let traced = traced(|layer| layer.with_propagation(Propagation::new().to_host("stdio")));
    for params in [json!([1, 2]), json!("text"), json!({"_meta": 7})] {
        assert_eq!(call_tool(params.clone()), (false, params));
    }
    for params in [json!(null), json!({}), json!({"_meta": null})] {
        let (written, params) = call_tool(params);
        assert!(written && params["_meta"]["traceparent"].is_string());
    }
    // Nobody is named.
    drop(traced);
    let _traced = self::traced(|layer| layer);
    assert_eq!(call_tool(json!(null)), (false, json!(null)));
}

#[test]
fn without_ids_nothing_is_written() {
    // No OpenTelemetry layer of this version, so no ids.
    let layer = llm_trace::layer().with_propagation(Propagation::new().to_host("stdio"));
    let subscriber = tracing_subscriber::layer::SubscriberExt::with(tracing_subscriber::registry(), layer);
    tracing::subscriber::with_default(subscriber, || {
        assert_eq!(call_tool(json!({})), (false, json!({})));
    });
}
