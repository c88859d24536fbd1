//! `#[llm_call]` adds tracing to a function and changes nothing else.
#![deny(clippy::large_futures)]

mod macros;

use std::cell::Cell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use llm_trace::{LlmCall, llm_call};
use macros::{Exported, block_on, trace};

fn outcomes(spans: &[Exported]) -> Vec<String> {
    spans.iter().map(|span| span.get("llm_trace.outcome")).collect()
}

fn is_send<T: Send>(value: T) -> T {
    value
}

/// `Send`, but not `Sync`: a future that holds it across an await is `Send`, a future that borrows it is not.
#[llm_call]
async fn sends(cell: Cell<u8>, text: &str) -> usize {
    cell.set(1);
    tokio::task::yield_now().await;
    text.len() + usize::from(cell.get())
}

#[llm_call]
async fn stays(shared: Rc<u8>) -> Rc<u8> {
    tokio::task::yield_now().await;
    shared
}

#[test]
fn a_future_is_send_exactly_if_it_was() {
    let spans = trace(|| {
        assert_eq!(block_on(is_send(sends(Cell::new(0), "abc"))), 4);
        assert_eq!(*block_on(stays(Rc::new(3))), 3);
    });
    assert_eq!(outcomes(&spans), ["completed", "completed"]);
}

#[llm_call]
async fn large() -> usize {
    let buffer = [1_u8; 4096];
    tokio::task::yield_now().await;
    buffer.len()
}

async fn large_plain() -> usize {
    let buffer = [1_u8; 4096];
    tokio::task::yield_now().await;
    buffer.len()
}

#[test]
fn a_future_grows_by_little() {
    let grown = size_of_val(&large()) - size_of_val(&large_plain());
    assert!(grown <= 256, "{grown} bytes");
}

#[llm_call]
async fn unsized_tail(flag: bool) -> Result<Box<dyn Fn(u8) -> u8 + Send>, Box<dyn std::error::Error>> {
    if flag {
        Err("flag")?;
    }
    Ok(Box::new(|x| x + 1))
}

#[llm_call]
fn unsized_plain<'a>(text: &'a str) -> Box<dyn Iterator<Item = char> + 'a> {
    Box::new(text.chars())
}

#[llm_call]
fn opaque(text: &str) -> impl Iterator<Item = char> + Clone + '_ {
    text.chars()
}

#[llm_call]
fn opaque_in_result(text: &str) -> Result<impl std::fmt::Display + use<'_>, std::num::ParseIntError> {
    text.parse::<u8>()
}

#[llm_call]
fn nothing() {}

#[llm_call]
fn mutable(mut list: Vec<u8>, more: &mut Vec<u8>) -> Vec<u8> {
    list.append(more);
    list
}

#[llm_call]
fn closure_argument<F>(f: F) -> u8
where
    F: FnOnce() -> u8,
{
    f()
}

#[llm_call]
fn takes_future<F: Future<Output = u8> + Send + 'static>(f: F) -> impl Future<Output = u8> + Send {
    f
}

#[llm_call]
fn output_of_an_opaque_future() -> impl Future<Output = Result<impl std::fmt::Debug, ()>> {
    async { Ok(1_u8) }
}

/// A named future type is not replaced, so only the start of the call is observed.
#[llm_call]
fn named_future() -> std::future::Ready<u8> {
    std::future::ready(9)
}

#[llm_call(response = |_answer| prefix)]
fn looks_at_an_argument<'a>(prefix: &'a str, text: String) -> Pin<Box<dyn Future<Output = String> + Send + Sync + 'a>> {
    Box::pin(async move { format!("{prefix}{text}") })
}

/// Has documentation.
#[llm_call(mask_input)]
#[must_use]
#[inline]
pub(crate) fn attributed(#[allow(unused)] unused: u8) -> u8 {
    #![allow(clippy::let_and_return)]
    let x = 1;
    x
}

#[test]
fn the_returned_value_is_unchanged() {
    let spans = trace(|| {
        assert_eq!(block_on(unsized_tail(false)).unwrap()(1), 2);
        assert!(block_on(unsized_tail(true)).is_err());
        assert_eq!(unsized_plain("abc").count(), 3);
        assert_eq!(opaque("abc").clone().count(), 3);
        assert_eq!(opaque_in_result("12").unwrap().to_string(), "12");
        nothing();
        assert_eq!(mutable(vec![1], &mut vec![2]), [1, 2]);
        assert_eq!(closure_argument(|| 7), 7);
        assert_eq!(block_on(takes_future(async { 8 })), 8);
        assert_eq!(format!("{:?}", block_on(output_of_an_opaque_future())), "Ok(1)");
        assert_eq!(attributed(0), 1);
        assert_eq!(block_on(named_future()), 9);
        assert_eq!(block_on(looks_at_an_argument("a", "b".into())), "ab");
    });
    assert_eq!(spans.len(), 13);
}

struct Client(u8);

impl Client {
    #[llm_call]
    async fn by_ref(&self) -> &u8 {
        &self.0
    }

    #[llm_call]
    fn by_mut(&mut self) -> &mut u8 {
        self.0 += 1;
        &mut self.0
    }

    #[llm_call]
    fn by_value(self) -> Self {
        Self(self.0)
    }

    #[llm_call(attributes(app.count = self.0))]
    async fn by_arc(self: Arc<Self>) -> u8 {
        tokio::task::yield_now().await;
        self.0
    }

    #[llm_call]
    fn by_pin(self: Pin<&mut Self>) -> u8 {
        self.0
    }

    #[llm_call(attributes(app.count = self.0))]
    fn boxed(&self) -> Pin<Box<dyn Future<Output = u8> + '_>> {
        Box::pin(async move { self.0 })
    }
}

#[test]
fn every_self_type_works() {
    let spans = trace(|| {
        let mut client = Client(1);
        assert_eq!(*block_on(client.by_ref()), 1);
        *client.by_mut() += 1;
        assert_eq!(Pin::new(&mut client).by_pin(), 3);
        assert_eq!(block_on(client.boxed()), 3);
        let client = client.by_value();
        assert_eq!(block_on(Arc::new(client).by_arc()), 3);
    });
    assert_eq!(spans.len(), 6);
}

#[llm_call]
async fn waits() {
    std::future::pending().await
}

#[llm_call]
async fn panics() {
    tokio::task::yield_now().await;
    panic!("inside the call")
}

#[llm_call]
fn panics_at_once() -> u8 {
    panic!("inside the call")
}

#[test]
fn cancellation_and_panics_have_different_outcomes() {
    let spans = trace(|| {
        block_on(async {
            assert!(tokio::time::timeout(Duration::from_millis(1), waits()).await.is_err());
            let caught = futures_util::FutureExt::catch_unwind(AssertUnwindSafe(panics())).await;
            assert!(caught.is_err());
        });
        assert!(std::panic::catch_unwind(panics_at_once).is_err());
    });
    assert_eq!(outcomes(&spans), ["cancelled", "panicked", "panicked"]);
    assert_eq!(spans[0].status, "unset");
    assert_eq!(spans[1].status, "error");
    assert_eq!(spans[2].status, "error");
}

#[llm_call]
async fn outer() {
    let here = LlmCall::current();
    here.attribute("app.outer", true);
    inner().await;
    LlmCall::current().attribute("app.after", true);
}

#[llm_call(nested = "separate")]
async fn inner() {
    tokio::task::yield_now().await;
    LlmCall::current().attribute("app.inner", true);
}

#[test]
fn calls_nest() {
    let spans = trace(|| block_on(outer()));
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[0].get("app.inner"), "true");
    assert_eq!(spans[1].get("app.outer"), "true");
    assert_eq!(spans[1].get("app.after"), "true");
    assert_eq!(spans[0].parent, spans[1].id);
}
