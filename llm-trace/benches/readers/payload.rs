//! A request and its response, as bytes.

use llm_trace::internal::{Body, Content, Exchange, read};
use serde_json::Value;

#[derive(Clone)]
pub(crate) struct Payload {
    pub(crate) name: &'static str,
    provider: &'static str,
    path: &'static str,
    request: Vec<u8>,
    response: Vec<u8>,
    body: Body,
}

impl Payload {
    /// A response in one document.
    pub(crate) fn whole(
        name: &'static str,
        provider: &'static str,
        path: &'static str,
        request: Value,
        answer: Value,
    ) -> Self {
        let (request, response) = (request.to_string().into_bytes(), answer.to_string().into_bytes());
        Self { name, provider, path, request, response, body: Body::Whole }
    }

    /// A response as a stream: each event is the `data` of a server-sent event or a line of JSON.
    pub(crate) fn stream(
        name: &'static str,
        (provider, path): (&'static str, &'static str),
        request: Value,
        body: Body,
        events: impl IntoIterator<Item = Value>,
    ) -> Self {
        let mut response = String::new();
        for event in events {
            match (body, event["type"].as_str()) {
                (Body::Sse, Some(kind)) => response.push_str(&format!("event: {kind}\ndata: {event}\n\n")),
                (Body::Sse, None) => response.push_str(&format!("data: {event}\n\n")),
                _ => response.push_str(&format!("{event}\n")),
            }
        }
        let request = request.to_string().into_bytes();
        Self { name, provider, path, request, response: response.into_bytes(), body }
    }

    pub(crate) fn len(&self) -> usize {
        self.request.len() + self.response.len()
    }

    pub(crate) fn exchange(&self, content: Content) -> Exchange<'_> {
        Exchange {
            provider: Some(self.provider),
            path: Some(self.path),
            request: Some(&self.request),
            response: &self.response,
            body: self.body,
            status: None,
            content,
            fragments: &[],
        }
    }

    /// Parses the same bytes to JSON values, and passes each to `each`.
    pub(crate) fn values(&self, mut each: impl FnMut(Value)) {
        let mut parse = |bytes: &[u8]| serde_json::from_slice(bytes).into_iter().for_each(&mut each);
        parse(&self.request);
        match self.body {
            Body::Whole => parse(&self.response),
            _ => self.response.split(|byte| *byte == b'\n').for_each(|line| match line.strip_prefix(b"data: ") {
                Some(data) => parse(data),
                None if line.first() == Some(&b'{') => parse(line),
                None => {}
            }),
        }
    }

    /// Checks that the payload is understood; otherwise its number would be meaningless.
    pub(crate) fn check(&self) {
        let read = read(&self.exchange(Content::Full));
        let has = |key: &str| read.attributes.contains_key(key);
        assert!(has("gen_ai.operation.name") && has("gen_ai.request.model"), "{}: {read:?}", self.name);
        let told = ["gen_ai.output.messages", "gen_ai.embeddings.dimension.count", "gen_ai.response.id"];
        assert!(told.iter().any(|key| has(key)), "{}: {read:?}", self.name);
        assert!(read.outcome.is_none_or(|outcome| outcome == "completed"), "{}: {read:?}", self.name);
    }
}

/// Prose of this many bytes, with characters that JSON escapes.
pub(crate) fn text(bytes: usize) -> String {
    "The quick brown fox said \"yes\" and jumped over it.\n".chars().cycle().take(bytes).collect()
}
