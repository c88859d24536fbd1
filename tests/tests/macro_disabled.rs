//! `#[llm_call]` without a subscriber. In a separate test program, because any other subscriber would enable it.

use llm_trace::{LlmCall, llm_call};

fn evaluated() -> &'static str {
    panic!("an argument was read though nobody listens")
}

#[llm_call(provider = evaluated(), model = evaluated(), request = evaluated(), attributes(app.x = evaluated()))]
async fn asynchronous(text: String) -> Result<String, std::fmt::Error> {
    assert!(!LlmCall::current().is_enabled());
    Ok(text)
}

#[llm_call(model = evaluated(), response = |_answer| evaluated(), error_type = |_error| evaluated())]
fn plain(fail: bool) -> Result<u8, std::fmt::Error> {
    if fail { Err(std::fmt::Error) } else { Ok(1) }
}

#[llm_call(model = evaluated())]
fn stream() -> impl futures_util::Stream<Item = u8> {
    futures_util::stream::iter([1, 2])
}

#[tokio::test]
async fn without_a_subscriber_only_the_body_runs() {
    assert_eq!(asynchronous("text".into()).await.as_deref(), Ok("text"));
    assert_eq!(plain(false), Ok(1));
    assert!(plain(true).is_err());
    assert_eq!(futures_util::StreamExt::collect::<Vec<_>>(stream()).await, [1, 2]);
}
