//! The annotated functions.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use llm_trace::internal::Body;
use llm_trace::{Operation, llm_call};

use crate::corpus::exchange::Exchange;

/// The values that an application has available for a call.
struct Call<'a> {
    http: &'a reqwest::Client,
    url: String,
    provider: String,
    operation: Operation,
    body: Option<Bytes>,
}

impl Call<'_> {
    async fn send(self) -> Result<reqwest::Response, reqwest::Error> {
        self.http.post(self.url).body(self.body.unwrap_or_default()).send().await
    }
}

#[llm_call(operation = call.operation.clone(), provider = call.provider.clone(), server = &call.url, request = call.body)]
async fn whole(call: Call<'_>) -> Result<http::Response<Bytes>, reqwest::Error> {
    let response = call.send().await?;
    let mut whole = http::Response::new(Bytes::new());
    *whole.status_mut() = response.status();
    *whole.headers_mut() = response.headers().clone();
    *whole.body_mut() = response.bytes().await?;
    Ok(whole)
}

#[llm_call(operation = call.operation.clone(), provider = call.provider.clone(), server = &call.url, request = call.body)]
async fn streamed(call: Call<'_>) -> Result<impl Stream<Item = Result<Bytes, reqwest::Error>> + use<>, reqwest::Error> {
    Ok(call.send().await?.error_for_status()?.bytes_stream())
}

/// Makes the call of an exchange and discards the result.
pub(super) async fn call(http: &reqwest::Client, base: &str, exchange: &Exchange) {
    let path = Some(exchange.meta("url_path")).filter(|path| path.starts_with('/')).unwrap_or("/");
    let call = Call {
        http,
        url: format!("{base}{path}"),
        provider: exchange.meta("provider").to_owned(),
        operation: operation(exchange.meta("api")),
        body: exchange.request().map(Bytes::from),
    };
    if exchange.body() == Body::Whole {
        // Errors are recorded on the span.
        let _ = whole(call).await;
    } else if let Ok(stream) = streamed(call).await {
        stream.for_each(|_| std::future::ready(())).await;
    }
}

/// The operation that the author of the function would declare, by the API's name.
fn operation(api: &str) -> Operation {
    match api {
        _ if api.contains("embed") => Operation::Embeddings,
        "completions" | "complete" | "generate" => Operation::TextCompletion,
        _ if api.starts_with("generate_content") => Operation::GenerateContent,
        "rerank" => Operation::Retrieval,
        _ => Operation::Chat,
    }
}
