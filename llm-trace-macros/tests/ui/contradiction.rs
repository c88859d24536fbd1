use futures_core::Stream;
use llm_trace::llm_call;

struct Answer(String);

#[llm_call(response = |answer| &answer.0, output = |answer| &answer.0)]
fn both() -> Answer {
    Answer(String::new())
}

#[llm_call(attributes(gen_ai.input.messages = "secret"))]
fn past_the_policy() {}

#[llm_call(attributes(gen_ai.request.model = "gpt-4o"))]
fn twice_on_the_span() {}

#[llm_call(response = |stream| stream)]
fn stream() -> impl Stream<Item = String> {
    Never
}

struct Never;

impl Stream for Never {
    type Item = String;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<String>> {
        std::task::Poll::Ready(None)
    }
}

fn main() {
    both();
    past_the_policy();
    twice_on_the_span();
    stream();
}
