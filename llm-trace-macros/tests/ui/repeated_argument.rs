use llm_trace::llm_call;

#[llm_call(model = "a", provider = "openai", model = "b")]
fn repeated() {}

#[llm_call(mask_input, mask_input = false)]
fn repeated_flag() {}

#[llm_call(attributes(app.tier = 1, "app.tier" = 2))]
fn repeated_attribute() {}

fn main() {
    repeated();
    repeated_flag();
    repeated_attribute();
}
