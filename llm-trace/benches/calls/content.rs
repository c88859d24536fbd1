//! The cost of content: masked, off and on.

use llm_trace::{Capture, Policy, Style, llm_call};
use serde_json::Value;
use tracing::dispatcher::with_default;

use super::setup::{content_off, content_on, exported, ours, request, response};
use super::table::Table;

#[llm_call(provider = "openai", request = request, response = |_: &usize| response)]
fn values(request: &Value, response: &Value) -> usize {
    std::hint::black_box(request).is_object() as usize + std::hint::black_box(response).is_object() as usize
}

#[llm_call(provider = "openai", request = request, response = |_: &usize| response)]
fn bytes(request: &[u8], response: &[u8]) -> usize {
    std::hint::black_box(request).len() + std::hint::black_box(response).len()
}

fn size(bytes: usize) -> String {
    match bytes {
        _ if bytes >= 1 << 20 => format!("{} MB", bytes >> 20),
        _ => format!("{} KB", bytes >> 10),
    }
}

/// Content that is not captured must not have a cost.
pub(crate) fn masked(table: &mut Table) {
    let dropped = || Policy::new().capture(Capture::Span).mask_input(true).mask_output(true).style(Style::Drop);
    let placeholder = || Policy::new().capture(Capture::Span).mask_input(true).mask_output(true);
    for len in [1 << 10, 100 << 10, 10 << 20] {
        let (request, response) = (request(len), response(64));
        let text = request.to_string().into_bytes();
        let answer = response.to_string().into_bytes();
        for (what, policy) in [("off", content_off()), ("dropped", dropped()), ("placeholder", placeholder())] {
            with_default(&ours(policy), || {
                table.row(&format!("content {what}, Value, {}", size(len)), 1, || values(&request, &response));
                let ns = table.row(&format!("content {what}, JSON bytes, {}", size(len)), 1, || bytes(&text, &answer));
                if ns > 0.0 && len >= 10 << 20 {
                    eprintln!("  {what}: {:.2} GB/s of JSON bytes", text.len() as f64 / ns);
                }
            });
        }
    }
}

/// Captured content, compared with the cost of parsing and printing the same bytes.
pub(crate) fn on(table: &mut Table) {
    for len in [1 << 10, 10 << 10, 100 << 10, 1 << 20] {
        let text = request(len).to_string().into_bytes();
        let answer = response(len).to_string().into_bytes();
        let base = format!("serde_json Value and back, {}", size(len));
        table.row(&base, 1, || {
            let print = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).map(|value| value.to_string().len());
            (print(&text).ok(), print(&answer).ok())
        });
        let name = format!("content on, JSON bytes, {}", size(len));
        with_default(&ours(content_on()), || {
            table.row_against(&name, 1, Some(&base), || bytes(&text, &answer));
        });
        table.exports(&name, exported(content_on(), || bytes(&text, &answer)));
    }
}
