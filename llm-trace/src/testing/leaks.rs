//! Searches captured telemetry for content that must not be exported.

use opentelemetry::KeyValue;

use super::captured::Captured;
use super::span::CapturedSpan;

impl Captured {
    /// All captured spans, log records and metrics, as the bytes that an OTLP exporter sends.
    pub fn otlp(&self) -> Vec<u8> {
        let store = &self.0.store;
        let mut bytes = store.encoded_spans();
        bytes.extend(store.encoded_logs());
        {
            // This fails only after a shutdown, which never happens here.
            let _ = self.0.meters.force_flush();
            bytes.extend(store.encoded_metrics());
        }
        bytes
    }

    /// The places that contain `word`: names of spans, and keys of attributes. Finds it also with JSON escapes.
    ///
    /// The search covers all bytes of [`otlp`](Self::otlp); the places only help you to locate a leak.
    ///
    /// ```
    /// # use llm_trace::{LlmCall, Operation, testing};
    /// # let captured = testing::capture();
    /// LlmCall::builder(Operation::Chat).provider("openai").attribute("app.note", "a secret").run(|_| {});
    /// assert_eq!(captured.leaks("secret")[0], "span `chat`: app.note");
    /// ```
    pub fn leaks(&self, word: &str) -> Vec<String> {
        let forms = forms(word);
        let mut places: Vec<String> = self.spans().iter().flat_map(|span| in_span(span, &forms)).collect();
        places.extend(self.0.store.logs().iter().filter_map(|log| {
            let bytes = prost::Message::encode_to_vec(log);
            is_in(&bytes, &forms).then(|| format!("log record `{}`", log.event_name))
        }));
        if places.is_empty() && is_in(&self.otlp(), &forms) {
            places.push("the metrics".to_owned());
        }
        places
    }

    /// Asserts that the captured telemetry does not contain `word`.
    ///
    /// # Panics
    /// If it does, with the places; or if `word` is empty or no telemetry was captured, because the check would be
    /// meaningless.
    #[track_caller]
    pub fn assert_no_leak(&self, word: &str) {
        if word.is_empty() {
            self.fail("an empty word is found everywhere");
        }
        if self.0.store.spans().is_empty() {
            self.fail("nothing was captured in which anything could leak");
        }
        let leaks = self.leaks(word);
        if !leaks.is_empty() {
            self.fail(&format!("`{word}` leaks through {}", leaks.join(", ")));
        }
    }
}

/// The word unchanged, escaped as in JSON, and escaped as in JSON inside JSON.
fn forms(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    for _ in 0..2 {
        let escaped = serde_json::Value::from(forms[forms.len() - 1].as_str()).to_string();
        let inner = escaped.trim_start_matches('"').trim_end_matches('"');
        // This can also trim a quote of the word itself. The shorter word still matches.
        forms.push(inner.to_owned());
    }
    forms.retain(|form| !form.is_empty());
    forms.dedup();
    forms
}

fn is_in(bytes: &[u8], forms: &[String]) -> bool {
    forms.iter().any(|form| bytes.windows(form.len()).any(|window| window == form.as_bytes()))
}

fn in_span(span: &CapturedSpan, forms: &[String]) -> Vec<String> {
    let data = span.data();
    let here = |text: &str| is_in(text.as_bytes(), forms);
    let keys = |list: &[KeyValue]| -> Vec<String> {
        let found = list.iter().filter(|kv| here(kv.key.as_str()) || here(&kv.value.to_string()));
        found.map(|kv| kv.key.to_string()).collect()
    };
    let mut places = keys(&data.attributes);
    if here(&data.name) {
        places.push("its name".to_owned());
    }
    if here(span.status_message()) {
        places.push("its status".to_owned());
    }
    for event in &data.events.events {
        if here(&event.name) || !keys(&event.attributes).is_empty() {
            places.push(format!("event `{}`", event.name));
        }
    }
    if data.links.links.iter().any(|link| !keys(&link.attributes).is_empty()) {
        places.push("a link".to_owned());
    }
    places.into_iter().map(|place| format!("span `{}`: {place}", data.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_with_json_escapes() {
        let forms = forms("say \"hi\"\n");
        let once = serde_json::json!(["say \"hi\"\n"]).to_string();
        let twice = serde_json::json!([once]).to_string();
        for text in ["say \"hi\"\n", &once, &twice] {
            assert!(is_in(text.as_bytes(), &forms), "{text}");
        }
        assert!(!is_in(b"say hi", &forms));
    }
}
