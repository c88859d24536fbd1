//! Normalizes crates that trace themselves: `rig` and `genai`, with the fields of their sources, and the real `rig`.
//! Tested on exported OTLP.

use axum::{Json, Router, routing::post};
use llm_trace::{Capture, LlmCall, NormalizeProcessor, Operation, Policy, Profile, RedactProcessor, scope};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use llm_trace_tests::corpus::schemas::{ATTRIBUTES, Schemas};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use rig::client::CompletionClient as _;
use rig::completion::Prompt as _;
use rig::providers::openai;
use serde_json::{Value, json};
use tracing::field::Empty;
use tracing_subscriber::prelude::*;

/// The layers of a program.
#[derive(Clone, Copy, Debug)]
enum Setup {
    /// Our layer includes the OpenTelemetry layer.
    Brought,
    /// The program has its own OpenTelemetry layer.
    Beside,
}

const BOTH: [Setup; 2] = [Setup::Brought, Setup::Beside];

fn exported(setup: Setup, policy: Policy, profile: Profile, f: impl FnOnce()) -> Collector {
    let collector = Collector::start();
    let guarded = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy.clone());
    match setup {
        Setup::Brought => {
            let layer = llm_trace::layer().with_policy(policy).with_profile(profile);
            let provider = SdkTracerProvider::builder().with_span_processor(guarded).build();
            let layer = layer.with_tracer_provider(&provider).with_normalization(true);
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), f);
        }
        Setup::Beside => {
            let processor = NormalizeProcessor::new(guarded).with_profile(profile);
            let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
            let theirs = tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("app"))
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false);
            let layer = llm_trace::layer().with_policy(policy).with_profile(profile);
            tracing::subscriber::with_default(tracing_subscriber::registry().with(theirs).with(layer), f);
        }
    }
    collector
}

fn open() -> Policy {
    Policy::new().capture(Capture::Span)
}

const RIG_INPUT: &str = r#"[{"role":"user","content":[{"type":"text","text":"SENTINEL-user"}]}]"#;
const RIG_OUTPUT: &str = r#"[{"role":"assistant","content":"SENTINEL-answer","tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"x\":\"SENTINEL-arguments\"}"}}]}]"#;

/// A completion with the fields of rig-core 0.30.
fn rig_chat(operation: &str) {
    let span = tracing::info_span!(
        target: "rig::completions",
        "chat",
        gen_ai.operation.name = operation,
        gen_ai.provider.name = "azure.openai",
        gen_ai.request.model = "gpt-4o",
        gen_ai.system_instructions = "SENTINEL-system",
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
    );
    span.in_scope(|| {
        span.record("gen_ai.input.messages", RIG_INPUT);
        span.record("gen_ai.response.id", "chatcmpl-1");
        span.record("gen_ai.response.model", "gpt-4o-2024");
        span.record("gen_ai.usage.input_tokens", 9_u64);
        span.record("gen_ai.usage.output_tokens", 3_u64);
        span.record("gen_ai.output.messages", RIG_OUTPUT);
    });
}

/// A chat with the fields of genai 0.7.
fn genai_chat(fails: bool) {
    let span = tracing::info_span!(
        "genai.chat",
        "otel.name" = "chat claude",
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "error.type" = Empty,
        "gen_ai.operation.name" = "chat",
        "gen_ai.provider.name" = "anthropic",
        "gen_ai.request.model" = "claude",
        "gen_ai.request.stream" = false,
        "gen_ai.request.temperature" = 0.5,
        "gen_ai.request.max_tokens" = 100_i64,
        "gen_ai.request.stop_sequences" = Empty,
        "server.address" = "api.anthropic.com",
        "server.port" = 443_i64,
        "gen_ai.response.finish_reasons" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.cache_creation.input_tokens" = Empty,
        "gen_ai.system_instructions" = r#"[{"type":"text","content":"SENTINEL-system"}]"#,
        "gen_ai.input.messages" = Empty,
        "gen_ai.output.messages" = Empty,
    );
    span.in_scope(|| {
        let input = json!([{"role": "tool", "parts": [
            {"type": "tool_call_response", "id": "c1", "result": "SENTINEL-user"}, {"type": "blob"}]}]);
        span.record("gen_ai.input.messages", input.to_string().as_str());
        span.record("gen_ai.request.stop_sequences", r#"["a","b"]"#);
        if fails {
            span.record("otel.status_code", "error");
            span.record("error.type", "429");
            return;
        }
        span.record("gen_ai.response.finish_reasons", r#"["end_turn"]"#);
        span.record("gen_ai.usage.input_tokens", 9_i64);
        span.record("gen_ai.usage.cache_creation.input_tokens", 2_i64);
        let output = json!([{"role": "assistant", "parts": [{"type": "text", "content": "SENTINEL-answer"}]}]);
        span.record("gen_ai.output.messages", output.to_string().as_str());
    });
}

fn json_of(span: &ReceivedSpan, key: &str) -> Value {
    let text = span.attribute(key).unwrap_or_default();
    serde_json::from_str(text.as_str().unwrap_or_default()).unwrap_or_else(|_| panic!("{key} is {text}"))
}

#[track_caller]
fn check(span: &ReceivedSpan, expected: Value) {
    // Also checks that no key occurs twice.
    let attributes = span.attributes();
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(attributes.get(key), Some(value), "{key}");
    }
}

#[test]
fn a_chat_of_rig_conforms() {
    for setup in BOTH {
        for (operation, stream) in [("chat", None), ("chat_streaming", Some(true))] {
            let collector = exported(setup, open(), Profile::Core, || rig_chat(operation));
            let span = collector.span("chat gpt-4o");
            assert_eq!(span.span.kind, 3, "CLIENT");
            assert_eq!(span.status_code(), 0);
            check(
                &span,
                json!({
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "azure.ai.openai",
                    "gen_ai.request.model": "gpt-4o",
                    "gen_ai.response.model": "gpt-4o-2024",
                    "gen_ai.usage.input_tokens": 9,
                    "gen_ai.usage.output_tokens": 3,
                }),
            );
            assert_eq!(span.attribute("gen_ai.request.stream"), stream.map(Value::from));
            assert_eq!(
                json_of(&span, "gen_ai.input.messages"),
                json!([{"role": "user", "parts": [{"type": "text", "content": "SENTINEL-user"}]}])
            );
            assert_eq!(
                json_of(&span, "gen_ai.output.messages"),
                json!([{"role": "assistant", "finish_reason": "", "parts": [
                    {"type": "text", "content": "SENTINEL-answer"},
                    {"type": "tool_call", "id": "c1", "name": "add", "arguments": {"x": "SENTINEL-arguments"}}]}])
            );
            assert_eq!(
                json_of(&span, "gen_ai.system_instructions"),
                json!([{"type": "text", "content": "SENTINEL-system"}])
            );
        }
    }
}

#[test]
fn a_chat_of_genai_conforms() {
    for setup in BOTH {
        for profile in [Profile::Core, Profile::Latest] {
            let collector = exported(setup, open(), profile, || genai_chat(false));
            let span = collector.span("chat claude");
            assert_eq!(span.span.kind, 3, "CLIENT");
            let written = if profile == Profile::Core { "cache_creation" } else { "cache_write" };
            check(
                &span,
                json!({
                    "gen_ai.provider.name": "anthropic",
                    "gen_ai.request.max_tokens": 100,
                    "gen_ai.request.temperature": 0.5,
                    "gen_ai.request.stop_sequences": ["a", "b"],
                    "gen_ai.response.finish_reasons": ["end_turn"],
                    "gen_ai.usage.input_tokens": 9,
                    format!("gen_ai.usage.{written}.input_tokens"): 2,
                    "server.address": "api.anthropic.com",
                    "server.port": 443,
                }),
            );
            // The attribute is recorded only for streams.
            assert_eq!(span.attribute("gen_ai.request.stream"), None);
            assert_eq!(
                json_of(&span, "gen_ai.input.messages"),
                json!([{"role": "tool", "parts": [
                    {"type": "tool_call_response", "id": "c1", "response": "SENTINEL-user"}, {"type": "binary"}]}])
            );
            let output = json_of(&span, "gen_ai.output.messages");
            let reason = if profile == Profile::Core { json!("stop") } else { Value::Null };
            assert_eq!(output[0]["finish_reason"], reason);
        }
        let collector = exported(setup, open(), Profile::Core, || genai_chat(true));
        let span = collector.span("chat claude");
        assert_eq!((span.status_code(), span.attribute("error.type")), (2, Some(json!("429"))));
    }
}

#[test]
fn masks_and_the_policy_hold() {
    let words = ["SENTINEL-system", "SENTINEL-user", "SENTINEL-answer", "SENTINEL-arguments"];
    for setup in BOTH {
        let seen = |policy: Policy, mask: bool| {
            let collector = exported(setup, policy, Profile::Core, || {
                scope().mask_input(mask).mask_output(mask).run(|| {
                    rig_chat("chat");
                    genai_chat(false);
                });
            });
            let tokens: Vec<_> = collector.spans().iter().map(|s| s.attribute("gen_ai.usage.input_tokens")).collect();
            assert_eq!(tokens, [Some(json!(9)), Some(json!(9))]);
            words.map(|word| collector.saw(word))
        };
        assert_eq!(seen(open(), false), [true; 4], "{setup:?}");
        assert_eq!(seen(open(), true), [false; 4], "{setup:?}");
        assert_eq!(seen(Policy::new(), false), [false; 4], "{setup:?}");
        assert_eq!(seen(open().mask_input(true), false), [false, false, true, true], "{setup:?}");
        assert_eq!(seen(open().mask_output(true), false), [true, true, false, false], "{setup:?}");
    }
}

#[test]
fn messages_are_valid_by_the_schemas() {
    let schemas = Schemas::load();
    for setup in BOTH {
        for policy in [open(), open().mask_input(true).mask_output(true)] {
            let collector = exported(setup, policy, Profile::Core, || {
                rig_chat("chat");
                genai_chat(false);
            });
            for span in collector.spans() {
                let wrong: Vec<_> = ATTRIBUTES.iter().filter_map(|n| schemas.invalid(&span.attributes(), n)).collect();
                assert!(wrong.is_empty(), "{wrong:?}");
            }
        }
    }
}

#[test]
fn masked_messages_keep_the_schema_s_shape() {
    for setup in BOTH {
        let collector = exported(setup, open().mask_input(true), Profile::Core, || rig_chat("chat"));
        let input = json_of(&collector.span("chat gpt-4o"), "gen_ai.input.messages");
        assert_eq!(input, json!([{"role": "user", "parts": [{"type": "text", "content": "[REDACTED]"}]}]));
    }
}

#[test]
fn tokens_of_an_annotated_call_are_recorded_once() {
    for setup in BOTH {
        let collector = exported(setup, open(), Profile::Core, || {
            LlmCall::builder(Operation::Chat).provider("openai").model("outer").run(|call| {
                rig_chat("chat");
                call.usage(llm_trace::Usage::new().input_tokens(9).output_tokens(3));
            });
            LlmCall::builder(Operation::Chat).provider("openai").model("silent").run(|_| {
                let agent = tracing::info_span!(
                    "agent",
                    gen_ai.operation.name = "invoke_agent",
                    gen_ai.usage.input_tokens = 18_u64
                );
                agent.in_scope(|| {
                    rig_chat("chat");
                    rig_chat("chat");
                });
            });
            LlmCall::builder(Operation::InvokeAgent).provider("openai").run(|_| rig_chat("chat"));
        });
        let tokens: Vec<_> = collector
            .spans()
            .iter()
            .map(|span| (span.span.name.clone(), span.attribute("gen_ai.usage.input_tokens").and_then(|n| n.as_i64())))
            .collect();
        let of = |name: &str, told| (name.to_owned(), told);
        let expected = [
            of("chat gpt-4o", None),
            of("chat outer", Some(9)),
            of("chat gpt-4o", None),
            of("chat gpt-4o", None),
            of("invoke_agent", None),
            of("chat silent", Some(18)),
            of("chat gpt-4o", Some(9)),
            of("invoke_agent", None),
        ];
        assert_eq!(tokens, expected, "{setup:?}");
    }
}

#[test]
fn other_spans_and_our_own_are_unchanged() {
    for setup in BOTH {
        let work = || {
            tracing::info_span!("work", "server.port" = "443", "gen_ai.usage.input_tokens" = "9").in_scope(|| {});
            LlmCall::builder(Operation::Chat).provider("openai").model("m").attribute("gen_ai.system", "x").run(|_| {});
        };
        let collector = exported(setup, open(), Profile::Core, work);
        check(&collector.span("work"), json!({"server.port": "443", "gen_ai.usage.input_tokens": "9"}));
        check(&collector.span("chat m"), json!({"gen_ai.provider.name": "openai", "gen_ai.system": "x"}));
    }
}

/// A tool and an agent, with the fields of genai's builders.
#[test]
fn kinds_and_names_follow_the_operation() {
    for setup in BOTH {
        let collector = exported(setup, open(), Profile::Core, || {
            let agent =
                tracing::info_span!("agent", gen_ai.operation.name = "invoke_agent", gen_ai.agent.name = "helper");
            agent.in_scope(|| {
                let tool =
                    tracing::info_span!("tool", gen_ai.operation.name = "execute_tool", gen_ai.tool.name = Empty);
                tool.in_scope(|| tool.record("gen_ai.tool.name", "add"));
                tracing::info_span!("e", gen_ai.operation.name = "embedding", gen_ai.request.model = "e-1")
                    .in_scope(|| {});
            });
        });
        let kinds: Vec<_> = collector.spans().iter().map(|span| (span.span.name.clone(), span.span.kind)).collect();
        let of = |name: &str, kind| (name.to_owned(), kind);
        assert_eq!(
            kinds,
            [of("embeddings e-1", 3), of("execute_tool add", 1), of("invoke_agent helper", 1)],
            "{setup:?}"
        );
    }
}

/// Calls a local provider through the real crate.
async fn ask_rig() {
    let answer = || async {
        Json(json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024",
            "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "SENTINEL-answer"}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().route("/chat/completions", post(answer));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let client: openai::CompletionsClient =
        openai::CompletionsClient::builder().api_key("key").base_url(&url).build().expect("a client");
    let agent = client.agent("gpt-4o").preamble("SENTINEL-system").build();
    assert_eq!(agent.prompt("SENTINEL-user").await.expect("an answer"), "SENTINEL-answer");
    server.abort();
}

#[test]
fn the_real_rig_conforms_and_is_masked() {
    for setup in BOTH {
        for masked in [false, true] {
            let policy = open().mask_input(masked).mask_output(masked);
            let collector = exported(setup, policy, Profile::Core, || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(ask_rig());
            });
            let spans = collector.spans();
            let chat = spans.iter().find(|span| span.attribute("gen_ai.operation.name") == Some(json!("chat")));
            let chat = chat.unwrap_or_else(|| panic!("no chat among {spans:#?}"));
            // This rig version does not record the model that an agent requests.
            assert_eq!((chat.span.name.as_str(), chat.span.kind), ("chat", 3), "{setup:?}");
            assert_eq!(chat.attribute("gen_ai.request.model"), None);
            check(chat, json!({"gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 3}));
            assert!(spans.iter().any(|span| span.span.name.starts_with("invoke_agent ")), "{spans:#?}");
            let words = ["SENTINEL-user", "SENTINEL-system", "SENTINEL-answer"];
            assert_eq!(words.map(|word| collector.saw(word)), [!masked; 3], "{setup:?}");
        }
    }
}

/// A chat of another crate with these attributes, under both setups.
fn chats(policy: &Policy, attributes: &[(&'static str, String)]) -> Vec<Collector> {
    let of = |key: &str| attributes.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str());
    let run = || {
        tracing::info_span!(
            "before",
            gen_ai.operation.name = of("gen_ai.operation.name").unwrap_or("chat"),
            gen_ai.prompt = of("gen_ai.prompt"),
            gen_ai.completion = of("gen_ai.completion"),
            gen_ai.input.messages = of("gen_ai.input.messages"),
            gen_ai.output.messages = of("gen_ai.output.messages"),
            gen_ai.system_instructions = of("gen_ai.system_instructions"),
            gen_ai.request.model = of("gen_ai.request.model"),
            gen_ai.request.temperature = of("gen_ai.request.temperature"),
            gen_ai.tool.name = of("gen_ai.tool.name"),
            gen_ai.agent.name = of("gen_ai.agent.name"),
            gen_ai.usage.input_tokens = of("gen_ai.usage.input_tokens"),
        )
        .in_scope(|| {});
    };
    BOTH.into_iter().map(|setup| exported(setup, policy.clone(), Profile::Core, run)).collect()
}

/// Inputs that name a model as the author of `SENTINEL`.
fn inputs_of_a_model() -> Vec<String> {
    let json = [
        json!({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "SENTINEL"}]}),
        json!({"contents": [{"role": "model", "parts": [{"text": "SENTINEL"}]}]}),
        json!([[{"type": "ai", "content": "SENTINEL"}]]),
        json!([{"type": "ai", "content": "SENTINEL"}]),
        json!([{"type": "output_text", "text": "SENTINEL"}]),
        json!([{"role": {"x": "assistant"}, "content": "SENTINEL"}]),
        json!([{"Role": "assistant", "content": "SENTINEL"}]),
        json!([{"role": "user", "author": {"role": "assistant"}, "content": "SENTINEL"}]),
        json!([{"role": "user", "content": [{"type": "output_text", "text": "SENTINEL"}]}]),
        json!([{"role": "user", "content": [{"text": "SENTINEL", "type": "ai"}]}]),
        json!([{"role": "user", "type": "ai", "content": "SENTINEL"}]),
        json!([{"role": "user", "content": "User: hi\nAssistant: SENTINEL"}]),
        json!([{"role": "user", "content": r#"[{"role":"assistant","content":"SENTINEL"}]"#}]),
        json!([{"role": "user", "content": "<s>[INST] q [/INST] SENTINEL"}]),
        json!([{"role": "assistant", "content": "SENTINEL", "name": "SENTINEL"}]),
        json!({"role": "assistant", "content": "SENTINEL"}),
        json!([{"role": "user", "content": "hi"}, {"role": "model", "parts": [{"text": "SENTINEL"}]}]),
    ];
    let mut all: Vec<String> = json.iter().map(ToString::to_string).collect();
    all.extend(json.iter().map(|json| Value::from(json.to_string()).to_string()));
    all.extend(
        [
            "User: hi\nAssistant: SENTINEL",
            "[Message { role: Assistant, content: \"SENTINEL\" }]",
            "[Message { text: \"SENTINEL\" }]",
            "<s>[INST] q [/INST] SENTINEL",
            r#"[{"role":"assistant","role":"user","content":"SENTINEL"}]"#,
            r#"[{"role":"user","role":"assistant","content":"SENTINEL"}]"#,
            r#"[{"role":"assistant","content":"SENTINEL"}"#,
        ]
        .map(str::to_owned),
    );
    all.push(format!("\u{feff}{}", json[3]));
    all
}

#[test]
fn a_conversion_names_no_author_whom_the_source_does_not_name() {
    for text in inputs_of_a_model() {
        for key in ["gen_ai.prompt", "gen_ai.input.messages", "gen_ai.system_instructions"] {
            for got in chats(&open().mask_output(true), &[(key, text.clone())]) {
                assert!(!got.saw("SENTINEL"), "{key} {text}: {:?}", got.spans());
            }
        }
        for policy in [open().mask_output(true), Policy::new()] {
            for key in ["gen_ai.completion", "gen_ai.output.messages"] {
                for got in chats(&policy, &[(key, text.clone())]) {
                    assert!(!got.saw("SENTINEL"), "{key} {text}: {:?}", got.spans());
                }
            }
        }
    }
}

#[test]
fn an_input_that_is_not_converted_keeps_its_key_and_its_text() {
    for text in ["User: hi\nAssistant: yes", r#"{"messages":[{"role":"assistant","content":"yes"}]}"#] {
        for got in chats(&open(), &[("gen_ai.prompt", text.to_owned())]) {
            let span = got.span("chat");
            assert_eq!(span.attribute("gen_ai.prompt"), Some(text.into()));
            assert_eq!(span.attribute("gen_ai.input.messages"), None);
        }
    }
}

/// Code in a user's text resembles `Debug` output, but its message names the user.
#[test]
fn messages_with_roles_are_converted_whatever_their_text_contains() {
    let text = "[draft] What does fn main() { let x = [1]; } do?";
    let history = json!([{"role": "user", "content": text}, {"role": "assistant", "content": "{ nothing }"}]);
    for got in chats(&open(), &[("gen_ai.prompt", history.to_string())]) {
        let expected = json!([
            {"role": "user", "parts": [{"type": "text", "content": text}]},
            {"role": "assistant", "parts": [{"type": "text", "content": "{ nothing }"}]},
        ]);
        assert_eq!(json_of(&got.span("chat"), "gen_ai.input.messages"), expected);
    }
}

#[test]
fn a_name_holds_nothing_that_is_withheld_in_its_attribute() {
    for (operation, key) in [
        ("chat", "gen_ai.request.model"),
        ("execute_tool", "gen_ai.tool.name"),
        ("invoke_agent", "gen_ai.agent.name"),
        ("", "gen_ai.operation.name"),
    ] {
        for text in ["SENTINEL\nof a line".to_owned(), format!("SENTINEL {}", "x".repeat(360))] {
            let masked = open().mask_input(true).mask_output(true);
            let mut attributes = vec![(key, text.clone())];
            if !operation.is_empty() {
                attributes.push(("gen_ai.operation.name", operation.to_owned()));
            }
            for policy in [Policy::new(), masked] {
                for got in chats(&policy, &attributes) {
                    assert!(!got.saw("SENTINEL"), "{key} {text}: {:?}", got.spans());
                    got.span(if operation.is_empty() { "before" } else { operation });
                }
            }
        }
    }
}

#[test]
fn a_renamed_fact_holds_nothing_that_is_withheld_under_its_old_key() {
    for setup in BOTH {
        let collector = exported(setup, Policy::new(), Profile::Core, || {
            let prose = "SENTINEL is no provider";
            tracing::info_span!("a", gen_ai.system = prose, gen_ai.response.model_name = prose).in_scope(|| {});
            tracing::info_span!("b", gen_ai.system = "mistral", gen_ai.response.finish_reason = prose).in_scope(|| {});
        });
        assert!(!collector.saw("SENTINEL"), "{:?}", collector.spans());
        assert_eq!(collector.span("b").attribute("gen_ai.provider.name"), Some("mistral_ai".into()));
    }
}

#[test]
fn only_short_texts_of_digits_become_numbers() {
    for (text, count) in [
        ("9", Some(9)),
        ("1000000000", Some(1_000_000_000)),
        ("1000000001", None),
        ("4111111111111111", None),
        ("-4111111111111111", None),
    ] {
        for got in chats(&Policy::new(), &[("gen_ai.usage.input_tokens", text.to_owned())]) {
            let shown = got.span("chat").attribute("gen_ai.usage.input_tokens");
            assert_eq!(shown.and_then(|count| count.as_i64()), count, "{text}");
        }
        for text in [text.to_owned(), format!("0.{}", text.trim_start_matches('-'))] {
            for got in chats(&Policy::new(), &[("gen_ai.request.temperature", text.clone())]) {
                assert!(text.len() <= 12 || !format!("{:?}", got.spans()).contains("4111111"), "{:?}", got.spans());
            }
        }
    }
}
