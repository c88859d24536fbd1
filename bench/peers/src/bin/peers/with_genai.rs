//! Calls with `genai`.

use futures_util::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatResponse, ChatStreamEvent};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use llm_trace::{LlmCall, llm_call};
use llm_trace_peers::{Calls, Error, MODEL, PROMPT};

pub struct WithGenai(Client);

impl WithGenai {
    pub fn new(base: &str) -> Result<WithGenai, Error> {
        let endpoint = Endpoint::from_owned(format!("{base}/"));
        let target = move |target: ServiceTarget| -> Result<ServiceTarget, genai::resolver::Error> {
            let model = ModelIden::new(AdapterKind::OpenAI, target.model.model_name);
            Ok(ServiceTarget { endpoint: endpoint.clone(), auth: AuthData::from_single("none"), model })
        };
        Ok(WithGenai(Client::builder().with_service_target_resolver_fn(target).build()?))
    }
}

fn request() -> ChatRequest {
    ChatRequest::new(vec![ChatMessage::system("You are brief."), ChatMessage::user(PROMPT)])
}

fn options() -> ChatOptions {
    ChatOptions::default()
        .with_temperature(0.2)
        .with_top_p(0.9)
        .with_max_tokens(400)
        .with_seed(7)
        .with_capture_usage(true)
}

async fn read_stream(client: &Client, request: ChatRequest, options: &ChatOptions) -> Result<usize, Error> {
    let mut events = client.exec_chat_stream(MODEL, request, Some(options)).await?.stream;
    let mut length = 0;
    while let Some(event) = events.next().await {
        if let ChatStreamEvent::Chunk(chunk) = event? {
            length += chunk.content.len();
        }
    }
    Ok(length)
}

impl Calls for WithGenai {
    async fn whole(&self) -> Result<usize, Error> {
        let answer = self.0.exec_chat(MODEL, request(), Some(&options())).await?;
        Ok(answer.first_text().unwrap_or_default().len())
    }

    async fn stream(&self) -> Result<usize, Error> {
        read_stream(&self.0, request(), &options()).await
    }
}

/// The same in functions with `#[llm_call]`, which need the raw answer.
pub struct Annotated<'a>(pub &'a WithGenai);

#[llm_call(provider = "openai", model = MODEL, request = request, response = |answer| &answer.captured_raw_body)]
async fn whole(client: &Client, request: ChatRequest) -> genai::Result<ChatResponse> {
    let options = options().with_capture_raw_body(true);
    client.exec_chat(MODEL, request, Some(&options)).await
}

#[llm_call(provider = "openai", model = MODEL, request = request)]
async fn stream(client: &Client, request: ChatRequest) -> Result<usize, Error> {
    let call = LlmCall::current();
    let options = options().with_raw_frame_fn(move |_, frame| {
        call.chunk(frame.data);
    });
    read_stream(client, request, &options).await
}

impl Calls for Annotated<'_> {
    async fn whole(&self) -> Result<usize, Error> {
        let answer = whole(&self.0.0, request()).await?;
        Ok(answer.first_text().unwrap_or_default().len())
    }

    async fn stream(&self) -> Result<usize, Error> {
        stream(&self.0.0, request()).await
    }
}
