use llm_trace::{llm_agent, llm_call, llm_guardrail, llm_retrieval, llm_tool};
use serde_json::Value;

struct Client {
    base_url: String,
}

#[llm_call(request = bdy)]
fn request(body: &Value) -> Value {
    body.clone()
}

#[llm_call(provider = provder, model = "m")]
fn provider(provider: &str) {}

#[llm_call(provider = "openai", model = modl)]
fn model(model: &str) {}

impl Client {
    #[llm_call(provider = "openai", server = self.base_ur)]
    fn server(&self) {}

    #[llm_call(provider = self.nam(), model = "m")]
    async fn name(&self) {}
}

#[llm_call(provider = "openai", input = promt)]
async fn input(prompt: &str) -> Result<String, std::io::Error> {
    Ok(prompt.to_owned())
}

#[llm_call(provider = "openai", model = "m", conversation = thread.id, mask_input = is_secret)]
fn conversation_and_mask() {}

#[llm_call(provider = "openai", attributes(app.tier = tear))]
fn attributes(tier: &str) {}

#[llm_call(provider = "openai", response = |answer| &answer.bdy)]
fn response() -> Answer {
    Answer { body: Value::Null }
}

#[llm_call(provider = "openai", output = |answer| answer.text())]
fn output() -> Answer {
    Answer { body: Value::Null }
}

#[llm_call(provider = "openai", error_type = |error| error.cod())]
fn error_type() -> Result<Value, std::io::Error> {
    Ok(Value::Null)
}

struct Answer {
    body: Value,
}

#[llm_call(provider = "openai")]
fn answer_type() -> Result<Anwser, std::io::Error> {
    todo!()
}

#[llm_call(provider = "openai")]
fn error_of() -> Result<Value, Filure> {
    todo!()
}

#[llm_call(provider = "openai", model = "m")]
async fn option() -> Option<Result<Anwser, Failure>> {
    todo!()
}

struct Failure;

#[llm_call(provider = "openai")]
async fn no_such_function() -> Result<Value, std::io::Error> {
    chat().await
}

#[llm_tool(arguments = argments)]
fn tool(arguments: &Value) {}

#[llm_agent(name = nam, input = task)]
fn agent(name: &str) {}

#[llm_retrieval(query = question, top_k = k)]
fn retrieval(query: &str) {}

#[llm_guardrail(judged = txt)]
fn guardrail(text: &str) {}

fn main() {}
