//! `reqwest-middleware`.

use std::time::Duration;

use futures_util::StreamExt as _;
use llm_trace::client::{CallMiddleware, Endpoints};
use llm_trace::{LlmCall, Operation, Policy, llm_call, scope};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::Value;

use super::server::{Server, events, question};
use super::{exported, one, plain, text};

const SENTINELS: [&str; 3] = ["SENTINEL-question", "SENTINEL-answer", "SENTINEL-error"];

fn client() -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(CallMiddleware::new()).build()
}

async fn ask(url: String, model: &str) -> reqwest_middleware::Result<reqwest::Response> {
    client().post(url).json(&question(model)).send().await
}

#[test]
fn a_plain_request_is_a_call_and_passes_untouched() {
    let (collector, (server, answer)) = exported(plain(), async {
        let server = Server::start().await;
        let response = ask(server.chat(), "gpt-4o").await.expect("an answer");
        assert_eq!(response.url().as_str(), server.chat());
        assert!(response.content_length().is_some_and(|length| length > 0));
        assert!(response.remote_addr().is_some());
        let answer: Value = response.json().await.expect("JSON");
        (server, answer)
    });
    assert_eq!(answer["choices"][0]["message"]["content"], "SENTINEL-answer");
    let call = one(&collector);
    assert_eq!(call.span.name, "chat gpt-4o");
    for (key, expected) in [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.response.model", "gpt-4o-2024"),
        ("gen_ai.response.id", "chatcmpl-1"),
        ("gen_ai.usage.input_tokens", "9"),
        ("gen_ai.usage.output_tokens", "3"),
        ("llm_trace.outcome", "completed"),
    ] {
        assert_eq!(text(&call, key), expected, "{key}");
    }
    assert!(call.attribute("gen_ai.request.stream").is_none());
    assert!(text(&call, "gen_ai.input.messages").contains(SENTINELS[0]));
    assert!(text(&call, "gen_ai.output.messages").contains(SENTINELS[1]));
    // The host is on the list of hosts that receive trace context.
    let parent = server.header("traceparent").expect("the trace");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(parent.contains(&hex(&call.span.trace_id)) && parent.contains(&hex(&call.span.span_id)), "{parent}");
}

#[test]
fn a_stream_is_a_call_until_its_end_and_its_bytes_pass() {
    let (collector, body) = exported(plain(), async {
        let server = Server::start().await;
        let response = ask(server.chat(), "stream").await.expect("an answer");
        response.text().await.expect("text")
    });
    assert_eq!(body, events().concat());
    let call = one(&collector);
    for (key, expected) in [
        ("gen_ai.request.stream", "true"),
        ("gen_ai.usage.output_tokens", "3"),
        ("gen_ai.response.finish_reasons", "[\"stop\"]"),
        ("llm_trace.outcome", "completed"),
    ] {
        assert_eq!(text(&call, key), expected, "{key}");
    }
    assert!(text(&call, "gen_ai.output.messages").contains("SENTINEL-answer"));
    assert!(call.attribute("gen_ai.response.time_to_first_chunk").is_some_and(|time| time.is_f64()));
}

#[test]
fn a_refusal_is_an_error_whether_its_body_is_read_or_not() {
    for read in [true, false] {
        let (collector, ()) = exported(plain(), async {
            let server = Server::start().await;
            let response = ask(server.chat(), "busy").await.expect("an answer");
            assert_eq!(response.status(), 429);
            if read {
                assert!(response.text().await.expect("text").contains("SENTINEL-error"));
            } else {
                response.error_for_status().expect_err("it is an error");
            }
        });
        let call = one(&collector);
        assert_eq!(call.status_code(), 2);
        assert_eq!(text(&call, "http.response.status_code"), "429");
        assert_eq!(text(&call, "error.type"), if read { "rate_limit_exceeded" } else { "429" });
        assert_eq!(text(&call, "llm_trace.outcome"), "error");
        assert_eq!(call.status_message().contains("SENTINEL-error"), read);
    }
}

#[test]
fn a_refused_connection_is_not_sent() {
    let (collector, ()) = exported(plain(), async {
        ask("http://127.0.0.1:1/v1/chat/completions".into(), "gpt-4o").await.expect_err("nobody listens");
    });
    let call = one(&collector);
    assert_eq!(call.status_code(), 2);
    assert_eq!(text(&call, "llm_trace.outcome"), "not_sent");
    assert_eq!(text(&call, "error.type"), "connection_refused");
}

#[test]
fn an_unresolvable_host_has_its_own_error_type() {
    let (collector, ()) = exported(plain(), async {
        ask("http://nobody.invalid/v1/chat/completions".into(), "gpt-4o").await.expect_err("no address");
    });
    let spans = collector.spans();
    assert_eq!(text(&spans[0], "llm_trace.outcome"), "not_sent");
    assert_eq!(text(&spans[0], "error.type"), "dns");
}

#[test]
fn a_success_without_a_model_response_is_an_error() {
    for model in ["page", "empty"] {
        let (collector, ()) = exported(plain(), async {
            let server = Server::start().await;
            ask(server.chat(), model).await.expect("an answer").bytes().await.expect("a body");
        });
        let call = one(&collector);
        assert_eq!(text(&call, "llm_trace.outcome"), "error", "{model}");
        assert_eq!(text(&call, "error.type"), "invalid_response", "{model}");
        assert!(!collector.saw("SENTINEL-page"));
    }
}

#[test]
fn a_dropped_request_is_cancelled_and_a_dropped_stream_is_dropped() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        tokio::time::timeout(Duration::from_millis(100), ask(server.chat(), "silent")).await.expect_err("too slow");
    });
    assert_eq!(text(&one(&collector), "llm_trace.outcome"), "cancelled");
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        let mut body = ask(server.chat(), "slow").await.expect("an answer").bytes_stream();
        body.next().await.expect("a piece").expect("bytes");
    });
    let call = one(&collector);
    assert_eq!(text(&call, "llm_trace.outcome"), "dropped");
    assert_eq!(call.status_code(), 0);
    assert!(text(&call, "gen_ai.output.messages").contains("SENTINEL-"));
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        drop(ask(server.chat(), "gpt-4o").await.expect("an answer"));
    });
    assert_eq!(text(&one(&collector), "llm_trace.outcome"), "dropped");
}

#[test]
fn a_body_that_breaks_is_an_error() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        ask(server.chat(), "broken").await.expect("an answer").bytes().await.expect_err("it breaks");
    });
    let call = one(&collector);
    assert_eq!(text(&call, "llm_trace.outcome"), "error");
    assert_eq!(text(&call, "error.type"), "unexpected_eof");
    assert!(call.status_message().contains("body"), "{}", call.status_message());
}

#[test]
fn masks_and_the_policy_hold() {
    let everything = |policy: Policy, mask: bool| {
        let (collector, ()) = exported(policy, async {
            let server = Server::start().await;
            let all = async {
                for model in ["gpt-4o", "stream", "busy"] {
                    ask(server.chat(), model).await.expect("an answer").bytes().await.expect("bytes");
                }
            };
            scope().mask_input(mask).mask_output(mask).instrument(all).await;
        });
        assert_eq!(collector.spans().len(), 3);
        SENTINELS.map(|word| collector.saw(word))
    };
    assert_eq!(everything(plain(), false), [true; 3]);
    assert_eq!(everything(plain(), true), [false; 3]);
    assert_eq!(everything(Policy::new(), false), [false; 3]);
    assert_eq!(everything(plain().mask_input(true), false)[..2], [false, true]);
    assert_eq!(everything(plain().mask_output(true), false)[..2], [true, false]);
}

#[llm_call(provider = "openai", request = body)]
async fn annotated(client: &ClientWithMiddleware, url: String, body: &Value) -> reqwest_middleware::Result<Value> {
    Ok(client.post(url).json(body).send().await?.json().await?)
}

#[test]
fn inside_an_annotated_call_there_is_no_second_span() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        annotated(&client(), server.chat(), &question("gpt-4o")).await.expect("an answer");
        // Also when no request is recorded on the call.
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("by-hand");
        let ask = call.instrument(async { ask(server.chat(), "gpt-4o").await.expect("an answer").bytes().await });
        ask.await.expect("bytes");
    });
    let spans = collector.spans();
    let names: Vec<_> = spans.iter().map(|span| span.span.name.clone()).collect();
    assert_eq!(names, ["chat gpt-4o", "chat by-hand"]);
    for call in spans {
        assert_eq!(text(&call, "gen_ai.usage.input_tokens"), "9");
        assert_eq!(text(&call, "gen_ai.response.model"), "gpt-4o-2024");
        assert_eq!(text(&call, "llm_trace.outcome"), "completed");
        assert!(text(&call, "gen_ai.output.messages").contains("SENTINEL-answer"));
    }
}

#[test]
fn below_an_agent_there_is_a_separate_span() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        let agent = LlmCall::builder(Operation::InvokeAgent).provider("openai");
        agent
            .instrument(async { ask(server.chat(), "gpt-4o").await.expect("an answer").bytes().await })
            .await
            .expect("bytes");
    });
    let spans = collector.spans();
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[0].span.name, "chat gpt-4o");
    assert_eq!(spans[0].span.parent_span_id, spans[1].span.span_id);
}

#[test]
fn other_requests_make_no_call() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        let client = client();
        for request in [
            client.get(format!("{}/users", server.url)),
            client.get(server.chat()),
            client.post(format!("{}/users", server.url)).body("{\"model\": \"m\", \"messages\": []}"),
        ] {
            assert!(request.send().await.expect("an answer").status().is_success());
        }
        let none =
            ClientBuilder::new(reqwest::Client::new()).with(CallMiddleware::new().endpoints(Endpoints::none())).build();
        none.post(server.chat()).json(&question("m")).send().await.expect("an answer").bytes().await.expect("bytes");
        assert_eq!(server.header("traceparent"), None);
    });
    assert_eq!(collector.spans().len(), 0);
}

#[test]
fn added_hosts_have_their_provider_name() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        let host = server.url.trim_start_matches("http://").to_owned();
        let ours = CallMiddleware::new().endpoints(Endpoints::none().host(host, "my-gateway"));
        let client = ClientBuilder::new(reqwest::Client::new()).with(ours).build();
        let body = serde_json::json!({"model": "e-1", "input": "SENTINEL-text"});
        let response = client.post(format!("{}/v1/embeddings?key=SENTINEL-key", server.url)).json(&body).send().await;
        response.expect("an answer").bytes().await.expect("bytes");
    });
    let call = one(&collector);
    assert_eq!(call.span.name, "embeddings e-1");
    assert_eq!(text(&call, "gen_ai.provider.name"), "my-gateway");
    assert_eq!(text(&call, "gen_ai.usage.input_tokens"), "4");
    assert!(!collector.saw("SENTINEL-key"));
}

/// A streaming body is not read. Only facts from the URL are recorded.
#[test]
fn a_streaming_request_body_passes_unread() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        let pieces = futures_util::stream::iter([Ok::<_, std::io::Error>(question("gpt-4o").to_string())]);
        let request = client().post(server.chat()).body(reqwest::Body::wrap_stream(pieces));
        request.send().await.expect("an answer").bytes().await.expect("bytes");
        assert_eq!(server.seen.lock().expect("not poisoned")[0].1, question("gpt-4o").to_string());
    });
    let call = one(&collector);
    assert_eq!(call.span.name, "chat");
    assert_eq!(text(&call, "gen_ai.usage.input_tokens"), "9");
}

#[test]
fn the_middleware_before_it_is_served_too() {
    for (model, body) in [("gpt-4o", "SENTINEL-answer"), ("stream", "[DONE]"), ("busy", "SENTINEL-error")] {
        let (collector, answer) = exported(plain(), async {
            let server = Server::start().await;
            let client = reqwest_middleware_0_4::ClientBuilder::new(reqwest_0_12::Client::new());
            let client = client.with(CallMiddleware::new()).build();
            let response = client.post(server.chat()).json(&question(model)).send().await.expect("an answer");
            assert_eq!(response.url().as_str(), server.chat());
            response.text().await.expect("text")
        });
        assert!(answer.contains(body), "{answer}");
        let call = one(&collector);
        assert_eq!(text(&call, "gen_ai.request.model"), model);
        let outcome = if model == "busy" { "error" } else { "completed" };
        assert_eq!(text(&call, "llm_trace.outcome"), outcome);
    }
    let (collector, ()) = exported(plain(), async {
        let client = reqwest_middleware_0_4::ClientBuilder::new(reqwest_0_12::Client::new());
        let client = client.with(CallMiddleware::new()).build();
        let asked = client.post("http://127.0.0.1:1/v1/chat/completions").json(&question("m")).send().await;
        asked.expect_err("nobody listens");
    });
    assert_eq!(text(&one(&collector), "llm_trace.outcome"), "not_sent");
}
