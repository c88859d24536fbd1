//! The part of an answer that a program without a client crate reads.

use reqwest::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Error;

#[derive(Default, Deserialize)]
pub struct Answer {
    pub id: String,
    pub model: String,
    pub choices: Vec<Choice>,
    pub usage: Option<Usage>,
}

#[derive(Default, Deserialize)]
pub struct Choice {
    /// Of a whole answer, `delta` of an event.
    #[serde(alias = "delta")]
    pub message: Message,
    pub finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct Message {
    #[serde(default)]
    pub content: String,
}

#[derive(Default, Deserialize)]
pub struct Usage {
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub prompt_tokens_details: PromptTokens,
    pub completion_tokens_details: CompletionTokens,
}

#[derive(Default, Deserialize)]
pub struct PromptTokens {
    pub cached_tokens: i64,
}

#[derive(Default, Deserialize)]
pub struct CompletionTokens {
    pub reasoning_tokens: i64,
}

impl Answer {
    pub fn text(&self) -> &str {
        self.choices.first().map_or("", |choice| &choice.message.content)
    }

    pub fn finish_reason(&self) -> &str {
        self.choices.first().and_then(|choice| choice.finish_reason.as_deref()).unwrap_or_default()
    }

    /// Adds an event of a stream.
    fn extend(&mut self, event: Answer) {
        (self.id, self.model) = (event.id, event.model);
        self.usage = event.usage.or(self.usage.take());
        for choice in event.choices {
            match self.choices.first_mut() {
                Some(first) => {
                    first.message.content.push_str(&choice.message.content);
                    first.finish_reason = choice.finish_reason.or(first.finish_reason.take());
                }
                None => self.choices.push(choice),
            }
        }
    }
}

/// The same request for all clients.
pub fn body(stream: bool) -> Value {
    let mut body = json!({
        "model": crate::MODEL, "temperature": 0.2, "top_p": 0.9, "max_tokens": 400, "seed": 7,
        "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": crate::PROMPT}]
    });
    if stream {
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

/// Reads the events of a stream. `on_bytes` receives the bytes as they arrive.
pub async fn read_stream(mut response: Response, mut on_bytes: impl FnMut(&[u8]) + Send) -> Result<Answer, Error> {
    let (mut answer, mut pending) = (Answer::default(), Vec::new());
    while let Some(bytes) = response.chunk().await? {
        on_bytes(&bytes);
        pending.extend_from_slice(&bytes);
        let mut read = 0;
        while let Some(length) = pending[read..].iter().position(|byte| *byte == b'\n') {
            let line = &pending[read..read + length];
            read += length + 1;
            match line.strip_prefix(b"data: ") {
                Some(b"[DONE]") | None => {}
                Some(event) => answer.extend(serde_json::from_slice(event)?),
            }
        }
        pending.drain(..read);
    }
    Ok(answer)
}
