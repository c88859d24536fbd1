use opentelemetry::trace::SpanKind;
use opentelemetry::{Array, KeyValue, Value};

use super::*;

fn normal(list: &[(&'static str, Value)], profile: Profile) -> Vec<KeyValue> {
    attributes(list.iter().map(|(key, value)| KeyValue::new(*key, value.clone())).collect(), profile)
}

fn of(list: &[KeyValue], key: &str) -> Option<Value> {
    let mut found = list.iter().filter(|kv| kv.key.as_str() == key);
    let value = found.next().map(|kv| kv.value.clone());
    assert!(found.next().is_none(), "{key} is there twice");
    value
}

#[test]
fn old_names_types_and_values_become_the_current_ones() {
    let words = |words: &[&'static str]| Value::Array(Array::String(words.iter().map(|word| (*word).into()).collect()));
    for (old, value, new, expected) in [
        ("gen_ai.system", "azure.openai".into(), "gen_ai.provider.name", Value::from("azure.ai.openai")),
        ("gen_ai.provider.name", "mistral".into(), "gen_ai.provider.name", "mistral_ai".into()),
        ("gen_ai.operation.name", "chat_streaming".into(), "gen_ai.operation.name", "chat".into()),
        ("gen_ai.operation.name", "chat_streaming".into(), "gen_ai.request.stream", true.into()),
        ("gen_ai.usage.input_tokens", "12".into(), "gen_ai.usage.input_tokens", 12.into()),
        ("gen_ai.usage.prompt_tokens", 12.0.into(), "gen_ai.usage.input_tokens", 12.into()),
        ("gen_ai.usage.completion_tokens", "3".into(), "gen_ai.usage.output_tokens", 3.into()),
        ("gen_ai.usage.reasoning_tokens", "3".into(), "gen_ai.usage.reasoning.output_tokens", 3.into()),
        ("gen_ai.response.model_name", "m".into(), "gen_ai.response.model", "m".into()),
        ("gen_ai.response.finish_reason", "stop".into(), "gen_ai.response.finish_reasons", words(&["stop"])),
        (
            "gen_ai.response.finish_reasons",
            "[\"stop\",\"length\"]".into(),
            "gen_ai.response.finish_reasons",
            words(&["stop", "length"]),
        ),
        ("gen_ai.request.stop_sequences", "[\"a\",\"b\"]".into(), "gen_ai.request.stop_sequences", words(&["a", "b"])),
        ("gen_ai.request.temperature", "0.5".into(), "gen_ai.request.temperature", 0.5.into()),
        ("gen_ai.request.max_tokens", "100".into(), "gen_ai.request.max_tokens", 100.into()),
        ("server.port", "443".into(), "server.port", 443.into()),
        // Values that cannot be parsed stay unchanged.
        ("gen_ai.usage.input_tokens", "many".into(), "gen_ai.usage.input_tokens", "many".into()),
        ("app.note", "12".into(), "app.note", "12".into()),
    ] {
        assert_eq!(of(&normal(&[(old, value)], Profile::Core), new), Some(expected), "{old}");
    }
    let list = normal(&[("gen_ai.request.stream", false.into())], Profile::Core);
    assert_eq!(of(&list, "gen_ai.request.stream"), None);
}

#[test]
fn a_key_occurs_once_and_the_current_name_takes_precedence() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let given: [(&str, Value); 3] = [
            ("gen_ai.system", "xai".into()),
            ("gen_ai.provider.name", "openai".into()),
            ("gen_ai.operation.name", "chat".into()),
        ];
        let list = normal(&order.map(|at| given[at].clone()), Profile::Core);
        assert_eq!(of(&list, "gen_ai.provider.name"), Some("openai".into()));
    }
    let list =
        normal(&[("gen_ai.usage.input_tokens", "1".into()), ("gen_ai.usage.input_tokens", "2".into())], Profile::Core);
    assert_eq!(of(&list, "gen_ai.usage.input_tokens"), Some(2.into()));
}

#[test]
fn names_of_the_profile_are_used() {
    let given = [("gen_ai.usage.cache_creation.input_tokens", "1".into()), ("gen_ai.request.top_k", "5".into())];
    let list = normal(&given, Profile::Core);
    assert_eq!(of(&list, "gen_ai.usage.cache_creation.input_tokens"), Some(1.into()));
    assert_eq!(of(&list, "gen_ai.request.top_k"), Some(5.0.into()));
    let list = normal(&given, Profile::Latest);
    assert_eq!(of(&list, "gen_ai.usage.cache_write.input_tokens"), Some(1.into()));
    assert_eq!(of(&list, "gen_ai.request.top_k"), Some(5.into()));
}

#[test]
fn kind_and_name_follow_the_operation() {
    for (operation, key, target, stated, kind_then, name_then) in [
        ("chat_streaming", "gen_ai.request.model", "m", SpanKind::Internal, SpanKind::Client, "chat m"),
        ("embeddings", "gen_ai.request.model", "m", SpanKind::Internal, SpanKind::Client, "embeddings m"),
        ("execute_tool", "gen_ai.tool.name", "add", SpanKind::Client, SpanKind::Internal, "execute_tool add"),
        ("invoke_agent", "gen_ai.agent.name", "a", SpanKind::Internal, SpanKind::Internal, "invoke_agent a"),
        ("invoke_agent", "gen_ai.agent.name", "a", SpanKind::Client, SpanKind::Client, "invoke_agent a"),
        ("chat", "app.x", "m", SpanKind::Internal, SpanKind::Client, "chat"),
    ] {
        let list = normal(&[("gen_ai.operation.name", operation.into()), (key, target.into())], Profile::Core);
        assert_eq!(kind(&list, stated), kind_then, "{operation}");
        assert_eq!(name(&list).as_deref(), Some(name_then));
    }
}

#[test]
fn messages_of_many_formats_conform_to_the_schema() {
    let text = |role: &str, output: bool| {
        let reason = if output { r#","finish_reason":"""# } else { "" };
        let json = format!(r#"[{{"role":"{role}","parts":[{{"type":"text","content":"hi"}}]{reason}}}]"#);
        serde_json::from_str::<serde_json::Value>(&json).expect("JSON")
    };
    for given in [
        "hi",
        r#""hi""#,
        r#"[{"role":"user","content":"hi"}]"#,
        r#"{"role":"user","content":"hi"}"#,
        r#"[{"role":"user","content":[{"type":"text","text":"hi"}]}]"#,
        r#"[{"role":"user","content":[{"text":"hi"}]}]"#,
        r#"[{"role":"user","parts":[{"text":"hi"}]}]"#,
        r#"[{"role":"user","parts":[{"type":"text","content":"hi"}]}]"#,
        r#"[{"type":"text","text":"hi"}]"#,
    ] {
        let json = messages::input(given, Profile::Core).expect("messages");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).expect("JSON"), text("user", false), "{given}");
    }
    let json = messages::output(r#"[{"role":"model","parts":[{"text":"hi"}]}]"#, Profile::Core);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).expect("JSON"), text("assistant", true));
    let list = normal(
        &[("gen_ai.completion", "hi".into()), ("gen_ai.response.finish_reasons", "[\"end_turn\"]".into())],
        Profile::Core,
    );
    let output = of(&list, "gen_ai.output.messages").expect("messages").as_str().into_owned();
    assert!(output.contains(r#""finish_reason":"stop""#), "{output}");
}

#[test]
fn tool_calls_and_results_of_many_formats_conform_to_the_schema() {
    let call = serde_json::json!({"type": "tool_call", "id": "c1", "name": "add", "arguments": {"x": 1}});
    for given in [
        r#"{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"x\":1}"}}]}"#,
        r#"{"role":"assistant","content":[{"id":"c1","call_id":null,"function":{"name":"add","arguments":{"x":1}}}]}"#,
        r#"{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"add","input":{"x":1}}]}"#,
        r#"{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"add","arguments":{"x":1}}]}"#,
        r#"{"role":"model","parts":[{"functionCall":{"id":"c1","name":"add","args":{"x":1}}}]}"#,
    ] {
        let json = messages::input(given, Profile::Core).expect("messages");
        let all: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(all[0]["parts"][0], call, "{given}");
    }
    let response = serde_json::json!({"type": "tool_call_response", "id": "c1", "response": {"sum": 3}});
    for given in [
        r#"{"role":"tool","tool_call_id":"c1","content":"{\"sum\":3}"}"#,
        r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":{"sum":3}}]}"#,
        r#"{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","result":{"sum":3}}]}"#,
        r#"{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","result":"{\"sum\":3}"}]}"#,
    ] {
        let json = messages::input(given, Profile::Core).expect("messages");
        let all: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(all[0]["parts"][0], response, "{given}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_becomes_messages_or_stays(text in ".*") {
        let is_array = |json: &str| serde_json::from_str::<serde_json::Value>(json).expect("JSON").is_array();
        proptest::prop_assert!(is_array(&messages::output(&text, Profile::Core)));
        for json in [messages::input(&text, Profile::Core), messages::instructions(&text)].into_iter().flatten() {
            proptest::prop_assert!(is_array(&json));
        }
    }
}
