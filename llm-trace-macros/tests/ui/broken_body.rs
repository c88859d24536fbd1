use llm_trace::llm_call;

#[llm_call]
async fn wrong_type() -> Result<u8, String> {
    Ok("text")
}

#[llm_call]
fn unknown_name() -> u8 {
    missing
}

fn main() {}
