use llm_trace::llm_call;

#[llm_call]
struct NotAFunction;

trait Chat {
    #[llm_call]
    async fn chat(&self);
}

#[llm_call]
const fn constant() -> u8 {
    1
}

#[llm_call]
fn never() -> ! {
    loop {}
}

fn main() {}
