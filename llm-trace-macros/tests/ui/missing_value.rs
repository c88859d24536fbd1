use llm_trace::llm_call;

#[llm_call(provider)]
fn no_value() {}

#[llm_call(provider == "openai")]
fn two_equals() {}

#[llm_call(response = 1)]
fn no_closure() {}

#[llm_call(error_type = |a, b| a)]
fn two_arguments() {}

#[llm_call(level = "loud")]
fn no_level() {}

#[llm_call(level = 6)]
fn no_such_level() {}

#[llm_call(crate = "llm_trace")]
fn no_path() {}

#[llm_call(attributes = 1)]
fn no_list() {}

#[llm_call(attributes(app.tier))]
fn no_attribute_value() {}

#[llm_call(attributes(app. = 1))]
fn no_key() {}

fn main() {}
