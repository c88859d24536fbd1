//! Calls with `reqwest` in functions with `#[llm_call]`.

use llm_trace::{LlmCall, llm_call};
use serde_json::Value;

use crate::chat::{Answer, body, read_stream};
use crate::plain::Plain;
use crate::{Calls, Error};

pub struct Annotated(pub Plain);

#[llm_call(provider = "openai", request = body, server = plain.url())]
async fn whole(plain: &Plain, body: &Value) -> Result<Answer, Error> {
    let answer = plain.send(body).await?.bytes().await?;
    LlmCall::current().response_json(&answer);
    Ok(serde_json::from_slice(&answer)?)
}

#[llm_call(provider = "openai", request = body, server = plain.url())]
async fn stream(plain: &Plain, body: &Value) -> Result<Answer, Error> {
    let call = LlmCall::current();
    read_stream(plain.send(body).await?, |bytes| {
        call.chunk_bytes(bytes);
    })
    .await
}

impl Calls for Annotated {
    async fn whole(&self) -> Result<usize, Error> {
        Ok(whole(&self.0, &body(false)).await?.text().len())
    }

    async fn stream(&self) -> Result<usize, Error> {
        Ok(stream(&self.0, &body(true)).await?.text().len())
    }
}
