use llm_trace::llm_call;
use tracing::instrument;

#[llm_call]
#[instrument]
fn below(prompt: &str) -> usize {
    prompt.len()
}

#[llm_call]
#[tracing::instrument(skip_all)]
async fn qualified(prompt: &str) -> usize {
    prompt.len()
}

#[instrument]
#[llm_call]
fn above(prompt: &str) -> usize {
    prompt.len()
}

#[instrument]
#[llm_call]
async fn above_async(prompt: &str) -> usize {
    prompt.len()
}

fn main() {}
