//! Calls with `reqwest`, and a span with their facts, written by hand.

use llm_trace_peers::chat::{Answer, body, read_stream};
use llm_trace_peers::plain::Plain;
use llm_trace_peers::{Calls, Error, MODEL};
use serde_json::Value;
use tracing::{Instrument as _, Span};

pub struct ByHand<'a> {
    pub plain: &'a Plain,
    /// Makes the span from the request's body and address.
    pub start: fn(&Value, &str) -> Span,
}

/// A span of a macro, with the facts of a request as fields. All rows by hand have the same ones.
macro_rules! span_with_facts {
    ($macro:path, $body:expr, $url:expr, $($start:tt)*) => {{
        let server = reqwest::Url::parse($url).ok();
        let server = server.as_ref();
        $macro!(
            $($start)*,
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = "openai",
            gen_ai.request.model = $body["model"].as_str(),
            gen_ai.request.temperature = $body["temperature"].as_f64(),
            gen_ai.request.top_p = $body["top_p"].as_f64(),
            gen_ai.request.max_tokens = $body["max_tokens"].as_i64(),
            gen_ai.request.seed = $body["seed"].as_i64(),
            gen_ai.request.stream = $body["stream"].as_bool(),
            server.address = server.and_then(|url| url.host_str()),
            server.port = server.and_then(|url| url.port()),
            gen_ai.response.id = tracing::field::Empty,
            gen_ai.response.model = tracing::field::Empty,
            gen_ai.response.finish_reasons = tracing::field::Empty,
            gen_ai.usage.input_tokens = tracing::field::Empty,
            gen_ai.usage.output_tokens = tracing::field::Empty,
            gen_ai.usage.cache_read.input_tokens = tracing::field::Empty,
            gen_ai.usage.reasoning.output_tokens = tracing::field::Empty
        )
    }};
}
pub(crate) use span_with_facts;

/// A span of `tracing`.
pub fn start(body: &Value, url: &str) -> Span {
    span_with_facts!(tracing::info_span, body, url, "chat", otel.name = format!("chat {}", MODEL), otel.kind = "client")
}

/// Writes the facts of an answer to the current span.
fn record(answer: &Answer) {
    let span = Span::current();
    span.record("gen_ai.response.id", &answer.id);
    span.record("gen_ai.response.model", &answer.model);
    span.record("gen_ai.response.finish_reasons", format!("[{:?}]", answer.finish_reason()));
    if let Some(usage) = &answer.usage {
        span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
        span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
        span.record("gen_ai.usage.cache_read.input_tokens", usage.prompt_tokens_details.cached_tokens);
        span.record("gen_ai.usage.reasoning.output_tokens", usage.completion_tokens_details.reasoning_tokens);
    }
}

impl Calls for ByHand<'_> {
    async fn whole(&self) -> Result<usize, Error> {
        let body = body(false);
        let call = async {
            let answer = self.plain.send(&body).await?.bytes().await?;
            let answer: Answer = serde_json::from_slice(&answer)?;
            record(&answer);
            Ok(answer.text().len())
        };
        call.instrument((self.start)(&body, self.plain.url())).await
    }

    async fn stream(&self) -> Result<usize, Error> {
        let body = body(true);
        let call = async {
            let answer = read_stream(self.plain.send(&body).await?, |_| {}).await?;
            record(&answer);
            Ok(answer.text().len())
        };
        call.instrument((self.start)(&body, self.plain.url())).await
    }
}
