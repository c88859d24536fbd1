//! The expansion compiles with every lint set to deny.
#![deny(warnings, unused, unused_qualifications, unreachable_pub, future_incompatible, nonstandard_style)]
#![deny(unused_imports, unused_results, let_underscore, trivial_casts, unused_lifetimes, elided_lifetimes_in_paths)]

use llm_trace::llm_call;

#[llm_call(provider = "openai", model = model, request = body, mask_input, attributes(app.tier = 1))]
async fn chat(model: &str, body: String) -> Result<String, std::fmt::Error> {
    drop(body);
    if model.is_empty() {
        return Err(std::fmt::Error);
    }
    Ok(model.to_owned())
}

#[llm_call]
fn plain() {}

#[llm_call]
fn early(flag: bool) -> u8 {
    if flag {
        return 1;
    }
    2
}

#[llm_call(mask_output = mask, name = "ask", level = 4, error_type = |error| error.to_string())]
fn masked(mask: bool) -> Result<u8, String> {
    Err(mask.to_string())
}

fn main() {
    drop(chat("gpt-4o", String::new()));
    plain();
    let _: u8 = early(true);
    drop(masked(true));
}
