use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use llm_trace::llm_call;

#[derive(Clone, Debug)]
struct Never;

impl Stream for Never {
    type Item = String;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<String>> {
        Poll::Ready(None)
    }
}

#[llm_call]
fn clonable() -> impl Stream<Item = String> + Clone {
    Never
}

#[llm_call]
async fn in_a_result() -> Result<impl Stream<Item = String> + std::fmt::Debug, ()> {
    Err::<Never, _>(())
}

#[llm_call]
fn future() -> impl Future<Output = u8> + std::fmt::Debug {
    std::future::ready(1)
}

fn main() {}
