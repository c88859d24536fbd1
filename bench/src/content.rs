//! Captured content, compared with the cost of parsing and printing the same bytes.

use std::hint::black_box;

use llm_trace::{Capture, llm_call};
use serde_json::Value;
use tracing::dispatcher::with_default;

use crate::payload::{LONG, long_request, request, response};
use crate::{call, subscriber};

#[llm_call(provider = "openai", request = request, server = "https://api.openai.com", response = |_: &usize| response)]
fn call_of_bytes(request: &[u8], response: &[u8]) -> usize {
    black_box(request).len() + black_box(response).len()
}

fn texts(bytes: usize) -> (Vec<u8>, Vec<u8>) {
    let request = if bytes == 0 { request() } else { long_request(bytes) };
    (request.to_string().into_bytes(), response().to_string().into_bytes())
}

/// Calls with JSON text as request and response. The prompt has `bytes` bytes, or the default length if that is 0.
pub(crate) fn bytes(times: u64, capture: Capture, bytes: usize) {
    let (request, response) = texts(bytes);
    with_default(&subscriber(capture), || {
        for _ in 0..times {
            black_box(call_of_bytes(&request, &response));
        }
    });
}

/// Calls with values as request and response, and a long captured prompt.
pub(crate) fn values(times: u64) {
    let (request, response) = (long_request(LONG), response());
    with_default(&subscriber(Capture::Span), || {
        for _ in 0..times {
            black_box(call(&request, &response));
        }
    });
}

/// Parses and prints the input of [`bytes`].
pub(crate) fn parse_and_print(times: u64, bytes: usize) {
    let (request, response) = texts(bytes);
    for _ in 0..times {
        for text in [&request, &response] {
            black_box(serde_json::from_slice::<Value>(text).map(|value| value.to_string()).ok());
        }
    }
}
