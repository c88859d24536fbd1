use llm_trace::llm_call;

struct NoText;

#[llm_call(model = model)]
fn model(model: NoText) {
    drop(model);
}

#[llm_call(attributes(app.value = value))]
fn attribute(value: NoText) {
    drop(value);
}

fn main() {}
