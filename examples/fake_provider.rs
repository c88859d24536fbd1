//! `cargo run --example fake_provider`: a local server that answers as OpenAI, Anthropic and other providers do, until
//! you stop it.

use llm_trace_examples::MockLlm;

fn main() -> std::io::Result<()> {
    let server = MockLlm::start()?;
    println!("export OPENAI_BASE_URL={}/v1", server.url());
    loop {
        std::thread::park();
    }
}
