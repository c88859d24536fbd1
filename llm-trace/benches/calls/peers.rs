//! The same 20 facts, recorded by crates with their own spans.

use fastrace::Span;
use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use serde_json::Value;

use super::fixed::bare;
use super::setup::{request, response};
use super::table::Table;

/// Drops spans on fastrace's own thread, which is not measured.
struct Drops;

impl Reporter for Drops {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        std::hint::black_box(spans);
    }
}

/// Property values are always text.
fn late() -> [(&'static str, String); 15] {
    [
        ("llm_trace.outcome", "completed".to_owned()),
        ("gen_ai.response.id", "chatcmpl-8d3f".to_owned()),
        ("gen_ai.response.model", "gpt-4o-mini-2024-07-18".to_owned()),
        ("gen_ai.response.finish_reasons", "stop".to_owned()),
        ("gen_ai.usage.input_tokens", 120.to_string()),
        ("gen_ai.usage.output_tokens", 30.to_string()),
        ("gen_ai.usage.cache_read.input_tokens", 100.to_string()),
        ("gen_ai.usage.reasoning.output_tokens", 4.to_string()),
        ("gen_ai.request.temperature", 0.2.to_string()),
        ("gen_ai.request.top_p", 0.9.to_string()),
        ("gen_ai.request.max_tokens", 400.to_string()),
        ("gen_ai.request.seed", 7.to_string()),
        ("gen_ai.request.frequency_penalty", 0.1.to_string()),
        ("gen_ai.request.presence_penalty", 0.1.to_string()),
        ("gen_ai.request.stop_sequences", "END".to_owned()),
    ]
}

fn early() -> [(&'static str, String); 5] {
    [
        ("gen_ai.operation.name", "chat".to_owned()),
        ("gen_ai.provider.name", "openai".to_owned()),
        ("gen_ai.request.model", "gpt-4o-mini".to_owned()),
        ("server.address", "api.openai.com".to_owned()),
        ("server.port", 443.to_string()),
    ]
}

fn call(request: &Value, response: &Value) -> usize {
    let span = Span::root("chat gpt-4o-mini", SpanContext::random()).with_properties(early);
    let result = {
        let _entered = span.set_local_parent();
        bare(request, response)
    };
    span.add_properties(late);
    result
}

pub(crate) fn fastrace(table: &mut Table) {
    fastrace::set_reporter(Drops, Config::default());
    let (request, response) = (&request(64), &response(64));
    table.row("fastrace, 20 properties", 1, || call(request, response));
    fastrace::flush();
}
