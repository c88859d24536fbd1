//! Calls with `rig`.

use futures_util::StreamExt as _;
use llm_trace_peers::{Calls, Error, MODEL, PROMPT};
use rig_core::Model;
use rig_core::completion::CompletionRequest;
use rig_core::completion::GenerationOptions;
use rig_core::providers::openai::OpenAIConfig;
use rig_core::providers::openai::wire::Chat;
use rig_core::streaming::{Item, StreamEvent};

pub struct WithRig(Model<Chat>);

impl WithRig {
    pub fn new(base: &str) -> WithRig {
        WithRig(OpenAIConfig::new("none").with_base_url(base).client().chat(MODEL))
    }
}

fn request() -> CompletionRequest {
    let options = GenerationOptions::new().top_p(0.9).seed(7);
    CompletionRequest::new(PROMPT).preamble("You are brief.").temperature(0.2).max_tokens(400_u64).options(options)
}

impl Calls for WithRig {
    async fn whole(&self) -> Result<usize, Error> {
        Ok(self.0.call(request()).await?.text().len())
    }

    async fn stream(&self) -> Result<usize, Error> {
        let mut events = self.0.stream(request())?;
        let mut length = 0;
        while let Some(event) = events.next().await {
            if let Item::Event(StreamEvent::Text { text, .. }) = event? {
                length += text.len();
            }
        }
        Ok(length)
    }
}
