//! `cargo run --features bedrock --example bedrock`: the AWS SDK, with one interceptor.

use aws_sdk_bedrockruntime::config::{BehaviorVersion, Builder, Region};
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
use aws_sdk_bedrockruntime::{Client, Error};
use llm_trace::{aws::CallInterceptor, llm_call};
use llm_trace_examples::MockLlm;
use tracing::{Instrument as _, info_span};

#[llm_call(provider = "aws.bedrock", model = model)]
async fn chat(client: &Client, model: &str, question: Message) -> Result<ConverseOutput, Error> {
    Ok(client.converse().model_id(model).messages(question).send().await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let config = Builder::new()
        .interceptor(CallInterceptor::new()) // reads what the SDK sends and receives
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(server.url())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .allow_no_auth();
    let question = Message::builder().role(ConversationRole::User);
    let question = question.content(ContentBlock::Text("What is a span?".to_owned())).build()?;
    let client = Client::from_conf(config.build());
    let answer = chat(&client, "amazon.nova-lite-v1:0", question).instrument(info_span!("question")).await?;
    println!("{:?}", answer.stop_reason());
    Ok(())
}
