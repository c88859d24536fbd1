//! A client that follows a redirect takes the trace headers along: no layer sees it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum::routing::post;
use llm_trace::{LlmCall, Operation, inject_to};
use reqwest::redirect::Policy;

use crate::{exported, plain};

/// The `traceparent` that another host receives, to which a named one redirects.
fn received_after_a_redirect(policy: Policy) -> Option<String> {
    let seen = Arc::new(Mutex::new(None));
    let (_, ()) = exported(plain(), async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let elsewhere = format!("http://localhost:{port}/elsewhere");
        let received = seen.clone();
        let keep = async move |headers: HeaderMap| {
            let traceparent = headers.get("traceparent").and_then(|value| value.to_str().ok());
            *received.lock().expect("not poisoned") = traceparent.map(str::to_owned);
        };
        let router = Router::new()
            .route("/named", post(async move || Redirect::temporary(&elsewhere)))
            .route("/elsewhere", post(keep));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let url = format!("http://127.0.0.1:{port}/named");
        let client = reqwest::Client::builder().redirect(policy).build().expect("a client");
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("m");
        let send = async {
            let mut headers = HeaderMap::new();
            assert!(inject_to(&url, &mut headers));
            assert!(!inject_to("http://localhost/", &mut HeaderMap::new()));
            client.post(&url).headers(headers).send().await.expect("an answer");
        };
        call.instrument(send).await;
        server.abort();
    });
    let seen = seen.lock().expect("not poisoned");
    seen.clone()
}

#[test]
fn redirects_carry_trace_headers_to_unlisted_hosts_unless_disabled() {
    assert!(received_after_a_redirect(Policy::default()).is_some(), "the page has a recipe that nobody needs");
    assert_eq!(received_after_a_redirect(Policy::none()), None);
}
