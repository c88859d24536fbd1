#![no_main]

use libfuzzer_sys::fuzz_target;
use llm_trace::internal::redact_text;
use serde_json::json;

/// A credential, or a text of a model. No text around it may protect it.
const SECRET: &str = "5e5A3eF00dBa5e77";

fuzz_target!(|text: &str| {
    if text.contains(SECRET) {
        return;
    }
    redact_text(text);
    let (before, after) = text.split_at(text.floor_char_boundary(text.len() / 2));
    for (start, end) in
        [("api_key=", ""), ("Authorization: Bearer ", ""), ("\"password\": \"", ""), ("https://u:", "@h/")]
    {
        let text = format!("{before}\n{start}{SECRET}{end}\n{after}");
        let [credentials, _, rules] = redact_text(&text);
        assert!(!credentials.contains(SECRET) && !rules.contains(SECRET), "{text:?}: {credentials:?}, {rules:?}");
    }
    let message = json!({before: after, "role": "assistant", "content": SECRET});
    let inside = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    for text in [
        format!("{before}\nassistant: {SECRET}\n{after}"),
        json!([inside, message]).to_string(),
        json!({"messages": [message], before: inside}).to_string(),
        json!({"messages": json!([message, text]).to_string()}).to_string(),
    ] {
        let [_, by_authors, _] = redact_text(&text);
        assert!(!by_authors.contains(SECRET), "{text:?}: {by_authors:?}");
    }
});
