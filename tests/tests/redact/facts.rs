//! Facts are valid identifiers and numbers under every policy. Other values that a provider sends in their place are
//! not exported.

use llm_trace::{Capture, LlmCall, Operation, Policy, PolicyHandle, Style};
use serde_json::{Value, json};

use crate::support::{Got, Shows as _, export, export_all};

fn policies() -> Vec<Policy> {
    let open = Policy::new().capture(Capture::SpanAndEvent);
    vec![
        Policy::new(),
        open.clone(),
        open.clone().mask_input(true).mask_output(true),
        open.mask_input(true).mask_output(true).style(Style::hash("key")),
    ]
}

fn answered(policy: Policy, answers: &[Value]) -> Got {
    export_all(policy.clone(), Some(PolicyHandle::new(policy)), || {
        for answer in answers {
            let request = json!({"model": "gpt-4o", "messages": []});
            LlmCall::builder("chat").provider("openai").request(&request).run(|call| {
                call.response(answer);
            });
        }
    })
}

fn answer(usage: Value) -> Value {
    let choice = json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a"}});
    json!({"id": "r1", "object": "chat.completion", "model": "gpt-4o", "choices": [choice], "usage": usage})
}

#[test]
fn impossible_counts_are_unknown_and_do_not_panic() {
    for policy in policies() {
        let wild = json!({"prompt_tokens": i64::MAX, "completion_tokens": i64::MAX});
        let mut answers = vec![answer(wild); 4];
        answers.push(answer(json!({"prompt_tokens": -1, "completion_tokens": 1_000_000_001})));
        answers.push(answer(json!({"prompt_tokens": 9, "completion_tokens": 1_000_000_000})));
        let got = answered(policy, &answers);
        let spans = got.spans();
        assert_eq!(spans.len(), 6);
        for span in &spans[..5] {
            assert_eq!(span.attribute("gen_ai.usage.input_tokens"), None);
            assert_eq!(span.attribute("gen_ai.usage.output_tokens"), None);
        }
        assert_eq!(spans[5].attribute("gen_ai.usage.output_tokens"), Some(1_000_000_000.into()));
    }
}

#[test]
fn the_model_of_a_request_may_have_blanks() {
    for policy in policies() {
        let got = export_all(policy.clone(), Some(PolicyHandle::new(policy)), || {
            let request = json!({"model": "My model", "messages": []});
            LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
        });
        assert_eq!(got.spans()[0].attribute("gen_ai.request.model"), Some("My model".into()));
    }
}

#[test]
fn roles_are_words() {
    let shows = |role: &str| {
        let messages = json!([{"role": role, "content": "x"}]);
        let request = json!({"model": "m", "messages": messages});
        let answer =
            json!({"object": "chat.completion", "model": "m", "choices": [{"index": 0, "message": messages[0]}]});
        let policy = Policy::new().capture(Capture::Span).lock_masked();
        let got = export_all(policy.clone(), Some(policy.into()), || {
            LlmCall::builder("chat").provider("openai").request(&request).run(|call| {
                call.response(&answer);
            });
        });
        ["gen_ai.input.messages", "gen_ai.output.messages"]
            .map(|key| got.spans()[0].attribute(key).is_some_and(|messages| messages.to_string().contains("SENTINEL")))
    };
    assert_eq!((shows("SENTINEL"), shows("SENTINEL is prose")), ([true; 2], [false; 2]));
}

#[test]
fn ids_of_guardrails_have_no_blanks() {
    for (id, expected) in [("gr1", Some("gr1".into())), ("SENTINEL is no id", None)] {
        for policy in policies() {
            let got = export_all(policy.clone(), Some(PolicyHandle::new(policy)), || {
                let request = json!({"messages": [], "guardrailConfig": {"guardrailIdentifier": id}});
                LlmCall::builder("chat").provider("aws.bedrock").request(&request).run(|_| ());
            });
            assert_eq!(got.spans()[0].attribute("aws.bedrock.guardrail.id"), expected);
        }
    }
}

#[test]
fn texts_in_place_of_facts_are_not_exported_under_any_policy() {
    let prose = "SENTINEL is no identifier";
    let long = "SENTINEL".repeat(100);
    let unspaced = "我的秘密SENTINEL是昨天晚上";
    for text in [prose, &long, unspaced, "SENTINEL\u{2800}no\u{3164}word", "SENTINEL\nline"] {
        let choice = json!({"index": 0, "finish_reason": text, "message": {"role": text, "tool_calls": []}});
        let odd = json!({
            "id": text, "object": "chat.completion", "model": text, "service_tier": text, "system_fingerprint": text,
            "choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1},
        });
        let failed = json!({"error": {"message": "", "type": text, "code": text, "status": text}});
        for policy in policies() {
            let is_open = format!("{policy:?}").contains("input: false, output: false") && policy_captures(&policy);
            let got = answered(policy, &[odd.clone(), failed.clone()]);
            if is_open {
                // A response role is a fact and can be exported.
                let spans = got.spans();
                for key in ["gen_ai.response.id", "gen_ai.response.model", "gen_ai.response.finish_reasons"] {
                    assert_eq!(spans[0].attribute(key), None, "{key}");
                }
                assert!(!format!("{:?}", got.series()).contains("SENTINEL"));
            } else {
                assert!(!got.shows("SENTINEL"), "{:?}", got.spans());
            }
            assert_eq!(got.spans()[1].attribute("error.type"), Some("_OTHER".into()));
            let report = got.spans()[0].attribute("llm_trace.redaction").map(|report| report.to_string());
            // A value too long for any fact is not read.
            assert!(text.len() > 256 || report.is_some_and(|report| report.contains("cut:fact=")));
        }
    }
}

fn policy_captures(policy: &Policy) -> bool {
    !format!("{policy:?}").contains("capture: Off")
}

#[test]
fn a_label_of_a_metric_has_at_most_128_bytes() {
    for (length, is_label) in [(128, true), (129, false)] {
        let model = "m".repeat(length);
        let answer = json!({"id": "r", "object": "chat.completion", "model": model, "choices": []});
        let got = answered(Policy::new(), &[answer]);
        assert_eq!(got.spans()[0].attribute("gen_ai.response.model"), Some(model.as_str().into()));
        assert!(!got.series().is_empty());
        assert_eq!(format!("{:?}", got.series()).contains(&model), is_label, "{length}");
    }
}

#[test]
fn a_call_has_a_bounded_number_of_finish_reasons() {
    let choices: Vec<Value> = (0..1024)
        .map(|index| json!({"index": index, "finish_reason": "x".repeat(200), "message": {"role": "assistant"}}))
        .collect();
    let got =
        answered(Policy::new(), &[json!({"id": "r", "object": "chat.completion", "model": "m", "choices": choices})]);
    let span = &got.spans()[0];
    let reasons = span.attribute("gen_ai.response.finish_reasons").expect("some");
    assert_eq!(reasons.as_array().map(Vec::len), Some(64));
}

#[test]
fn long_or_many_stop_sequences_are_content_and_short_ones_are_masked_with_the_input() {
    let ask = |policy: Policy, stop: Value| {
        export_all(policy.clone(), Some(PolicyHandle::new(policy)), || {
            let request = json!({"model": "m", "messages": [], "stop": stop});
            LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
        })
    };
    let few = json!(["SENTINEL", "\n\n"]);
    assert!(ask(Policy::new(), few.clone()).shows("SENTINEL"));
    assert!(!ask(Policy::new().mask_input(true), few).shows("SENTINEL"));
    assert!(!ask(Policy::new(), json!(["SENTINEL".repeat(10)])).shows("SENTINEL"));
    assert!(!ask(Policy::new(), json!(vec!["SENTINEL"; 17])).shows("SENTINEL"));
}

#[test]
fn a_text_of_the_program_under_the_key_of_a_fact_is_masked_as_metadata() {
    for (policy, expected) in [(Policy::new(), "SENTINEL in prose"), (Policy::new().mask_metadata(true), "[REDACTED]")]
    {
        let got = export_all(policy.clone(), Some(PolicyHandle::new(policy)), || {
            let call = LlmCall::builder("chat").provider("openai").model("m");
            call.attribute("gen_ai.usage.input_tokens", "SENTINEL in prose")
                .attribute("server.port", 443_i64)
                .run(|_| ());
        });
        let found = |key: &str| got.spans().iter().find_map(|span| span.attribute(key));
        assert_eq!(found("gen_ai.usage.input_tokens"), Some(expected.into()));
        assert_eq!(found("server.port"), Some(443_i64.into()));
    }
}

#[test]
fn credentials_in_facts_are_replaced() {
    let uri = "https://user:SENTINEL@h/a?token=SENTINEL";
    let clean = "https://[REDACTED]@h/a?token=[REDACTED]";
    for policy in policies() {
        let got = export_all(policy.clone(), Some(PolicyHandle::new(policy)), || {
            LlmCall::builder(Operation::McpClient).method("resources/read").resource(uri).run(|_| ());
            LlmCall::builder(Operation::Retrieval).data_source(uri).run(|_| ());
            LlmCall::builder(Operation::ExecuteTool).provider(uri).tool(uri).run(|_| ());
            LlmCall::builder(Operation::McpClient).method(uri).mcp_session(uri).run(|_| ());
            let answer = json!({"id": uri, "object": "chat.completion", "model": uri, "choices": []});
            LlmCall::builder("chat").request(&json!({"model": uri, "messages": []})).run(|call| {
                call.response(&answer);
            });
            let scope = llm_trace::scope().prompt(uri, uri);
            scope.run(|| LlmCall::builder("chat").provider("openai").model("m").run(|_| ()));
            let call = LlmCall::builder("chat").provider("openai").model("m").attribute("server.address", uri);
            call.attribute("client.address", uri).attribute("error.type", uri).run(|_| ());
            llm_trace::evaluation(uri).score(1.0).emit();
        });
        assert!(!got.shows("SENTINEL"), "{:?} {:?}", got.spans(), got.series());
        let found = |key: &str| got.spans().iter().find_map(|span| span.attribute(key));
        for key in [
            "mcp.resource.uri",
            "gen_ai.data_source.id",
            "gen_ai.tool.name",
            "mcp.session.id",
            "gen_ai.provider.name",
            "gen_ai.request.model",
            "gen_ai.response.id",
        ] {
            assert_eq!(found(key), Some(clean.into()), "{key}");
        }
    }
}

#[test]
fn omitted_facts_are_counted_the_same_with_metrics_and_events_and_without() {
    const PROSE: &str = "is no identifier";
    fn request() -> Value {
        json!({"model": "gpt-4o", "messages": [], "service_tier": PROSE, "seed": 1})
    }
    fn odd() -> Value {
        json!({
            "id": PROSE, "object": "chat.completion", "model": PROSE, "service_tier": PROSE,
            "choices": [{"index": 0, "finish_reason": PROSE, "message": {"role": "assistant", "content": "a"}}],
            "usage": {"prompt_tokens": 2_000_000_000, "completion_tokens": 1},
        })
    }
    fn chat(answer: &Value) {
        LlmCall::builder("chat").provider("openai").request(&request()).run(|call| {
            call.response(answer);
        });
    }
    // The request's tier; the response's id, model, tier, finish reason and count; an error's code and type.
    let cases: [(fn(), u64); 5] = [
        (|| chat(&answer(json!({"prompt_tokens": 1}))), 1),
        (|| chat(&odd()), 1 + 5),
        (|| chat(&json!({"error": {"message": "", "type": PROSE, "code": PROSE}})), 1 + 2),
        // The inner call is merged.
        (|| LlmCall::builder("chat").provider("openai").run(|_| chat(&odd())), 1 + 5),
        (|| LlmCall::builder(Operation::ExecuteTool).tool("a\nb").run(|_| ()), 1),
    ];
    for (number, (call, expected)) in cases.into_iter().enumerate() {
        for policy in policies() {
            let guard = || Some(PolicyHandle::new(policy.clone()));
            let count = |report: Option<Value>| {
                let report = report.expect("a report");
                let counts = report.as_array().expect("a list").iter().filter_map(Value::as_str);
                let count = counts.filter_map(|count| count.strip_prefix("cut:fact=")).next();
                count.and_then(|count| count.parse::<u64>().ok())
            };
            for got in [export(policy.clone(), guard(), call), export_all(policy.clone(), guard(), call)] {
                let span = got.spans()[0].attribute("llm_trace.redaction");
                assert_eq!(count(span), Some(expected), "{number} {policy:?}");
                let events = got.logs().into_iter().filter(|log| log.record.event_name.ends_with("details"));
                for event in events {
                    assert_eq!(count(event.attribute("llm_trace.redaction")), Some(expected), "{number} {policy:?}");
                }
            }
        }
    }
}
