use llm_trace::llm_call;

#[llm_call(provider = "openai", modle = "gpt-4o")]
fn unknown() {}

#[llm_call("openai")]
fn no_argument() {}

fn main() {
    unknown();
    no_argument();
}
