//! The attributes recorded from an error, by its type.

mod macros;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use llm_trace::{LlmCall, Operation, llm_call};
use macros::{Exported, block_on, trace};

fn one(run: impl FnOnce()) -> Exported {
    let mut spans = trace(run);
    assert_eq!(spans.len(), 1);
    let span = spans.remove(0);
    assert_eq!(span.status, "error");
    span
}

macro_rules! fails {
    ($($test:ident: $error:ty = $value:expr => $outcome:literal, $expected:literal;)*) => {$(
        #[test]
        fn $test() {
            #[llm_call(model = "gpt-4o")]
            fn call() -> Result<(), $error> {
                Err($value)
            }
            let span = one(|| {
                let _ = call();
            });
            assert!(span.get("error.type").ends_with($expected), "{span:?}");
            assert_eq!(span.get("llm_trace.outcome"), $outcome);
        }
    )*};
}

#[derive(Debug)]
enum MyError<T> {
    Http(reqwest::Error),
    #[allow(dead_code)]
    Other(T),
}

impl<T> fmt::Display for MyError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl<T: fmt::Debug> Error for MyError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            MyError::Http(error) => Some(error),
            MyError::Other(_) => None,
        }
    }
}

struct Silent;

/// A client error for a response with this status.
fn status_error(status: u16) -> reqwest::Error {
    let response = http::Response::builder().status(status).body("").unwrap();
    reqwest::Response::from(response).error_for_status().unwrap_err()
}

fn builder_error() -> reqwest::Error {
    reqwest::Client::new().get("no url").build().unwrap_err()
}

fn refused() -> std::io::Error {
    std::io::ErrorKind::ConnectionRefused.into()
}

fn bad_uri() -> http::Error {
    http::Uri::builder().scheme("::").build().unwrap_err()
}

fails! {
    the_status_of_a_client_error_is_found: reqwest::Error = status_error(429) => "error", "429";
    the_status_is_found_below_an_error_of_ones_own: MyError<u8> = MyError::Http(status_error(503)) => "error", "503";
    the_status_is_found_inside_a_box: Box<dyn Error> = Box::new(status_error(500)) => "error", "500";
    the_status_is_found_inside_a_box_that_is_send:
        Box<dyn Error + Send + Sync> = Box::new(MyError::<()>::Http(status_error(401))) => "error", "401";
    the_status_is_found_inside_anyhow:
        anyhow::Error = anyhow::Error::new(status_error(404)).context("asking") => "error", "404";
    the_status_is_found_inside_eyre: eyre::Report = eyre::Report::new(status_error(404)) => "error", "404";
    a_report_of_a_text_is_other: anyhow::Error = anyhow::anyhow!("failed") => "error", "_OTHER";
    a_status_is_an_error: http::StatusCode = http::StatusCode::BAD_GATEWAY => "error", "502";
    a_status_with_its_body_is_an_error:
        (http::StatusCode, String) = (http::StatusCode::TOO_MANY_REQUESTS, "wait".into()) => "error", "429";
    an_arc_is_looked_through: Arc<MyError<u8>> = Arc::new(MyError::Http(status_error(400))) => "error", "400";
    generics_are_not_part_of_the_name: MyError<Vec<String>> = MyError::Other(vec![]) => "error", "macro_errors::MyError";
    a_request_that_cannot_be_built_was_not_sent: reqwest::Error = builder_error() => "not_sent", "";
    a_refused_connection_was_not_sent: Box<dyn Error> = refused().into() => "not_sent", "";
    a_bad_uri_was_not_sent: http::Error = bad_uri() => "not_sent", "http::error::Error";
    a_text_is_an_error_too: String = "failed".into() => "error", "String";
    a_type_without_any_trait_has_a_name: Silent = Silent => "error", "macro_errors::Silent";
    an_unknown_error_in_a_box_is_other: Box<dyn Error> = "failed".into() => "error", "_OTHER";
}

#[test]
fn a_status_error_records_its_status() {
    #[llm_call(model = "gpt-4o")]
    async fn call() -> Result<(), http::StatusCode> {
        Err(http::StatusCode::GATEWAY_TIMEOUT)
    }
    let span = one(|| assert!(block_on(call()).is_err()));
    assert_eq!(span.get("http.response.status_code"), "504");
    assert_eq!(span.get("error.type"), "504");
}

macro_rules! fails_by_hand {
    ($($test:ident: $error:ty = $value:expr => $expected:literal;)*) => {$(
        #[test]
        fn $test() {
            let builder = || LlmCall::builder(Operation::Chat).model("m");
            let run = || builder().try_run(|_| Err::<(), $error>($value)).is_err();
            let instrument = || block_on(builder().try_instrument(async { Err::<(), $error>($value) })).is_err();
            let fail = || {
                let error: $error = $value;
                builder().start().fail(&error);
                true
            };
            let stream = || {
                use futures_util::StreamExt as _;
                let items = futures_util::stream::iter([Err::<String, $error>($value)]);
                block_on(builder().start().stream(items).next()).is_some()
            };
            for end in [&run as &dyn Fn() -> bool, &instrument, &fail, &stream] {
                let span = one(|| assert!(end()));
                assert!(span.get("error.type").ends_with($expected), "{span:?}");
            }
        }
    )*};
}

fails_by_hand! {
    by_hand_an_error: MyError<u8> = MyError::Http(status_error(503)) => "503";
    by_hand_a_box: Box<dyn Error> = Box::new(status_error(500)) => "500";
    by_hand_a_box_that_is_send: Box<dyn Error + Send + Sync> = Box::new(status_error(500)) => "500";
    by_hand_an_arc: Arc<dyn Error + Send + Sync> = Arc::new(status_error(500)) => "500";
    by_hand_anyhow: anyhow::Error = anyhow::Error::new(status_error(404)).context("asking") => "404";
    by_hand_eyre: eyre::Report = eyre::Report::new(status_error(404)) => "404";
    by_hand_a_status: http::StatusCode = http::StatusCode::BAD_GATEWAY => "502";
}

#[test]
fn text_errors_have_an_error_type() {
    for run in [
        || LlmCall::builder(Operation::Chat).try_run(|_| Err::<(), _>("refused")).is_err(),
        || LlmCall::builder(Operation::Chat).try_run(|_| Err::<(), _>(String::from("refused"))).is_err(),
    ] {
        let span = one(|| assert!(run()));
        assert!(!span.get("error.type").is_empty());
    }
}

#[derive(Debug)]
struct Borrowed<'a>(&'a str);

impl fmt::Display for Borrowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Borrowed<'_> {}

#[test]
fn an_error_may_borrow() {
    #[llm_call(model = "gpt-4o")]
    async fn call(text: &str) -> Result<(), Borrowed<'_>> {
        Err(Borrowed(text))
    }
    let span = one(|| {
        let text = String::from("failed");
        let _ = block_on(call(&text));
    });
    assert!(span.get("error.type").ends_with("::Borrowed"));
}

#[test]
fn in_generic_code_an_error_is_read_by_its_bounds() {
    #[llm_call(model = "gpt-4o")]
    fn call<E: Error>(error: E) -> Result<(), E> {
        Err(error)
    }
    let span = one(|| {
        let _ = call(MyError::<u8>::Http(status_error(429)));
    });
    assert_eq!(span.get("error.type"), "429");
}

#[test]
fn a_timeout_around_a_result_is_an_error() {
    use std::time::Duration;
    #[llm_call(model = "gpt-4o")]
    async fn call() -> Result<Result<(), MyError<u8>>, tokio::time::error::Elapsed> {
        tokio::time::timeout(Duration::ZERO, std::future::pending()).await
    }
    let span = one(|| {
        let _ = block_on(call());
    });
    assert!(span.get("error.type").ends_with("Elapsed"), "{span:?}");
}

/// The first example of README.md: the error body is recorded before the status is turned into an error.
#[test]
fn an_answer_recorded_before_the_error_keeps_the_providers_code() {
    #[llm_call(provider = "openai", model = "gpt-4o")]
    async fn call(response: reqwest::Response) -> Result<String, reqwest::Error> {
        let status = response.error_for_status_ref().map(drop);
        let answer = response.text().await?;
        llm_trace::LlmCall::current().response_json(&answer);
        status.map(|()| answer)
    }
    let body = r#"{"error":{"message":"no key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#;
    for (body, error_type) in [(body, "invalid_api_key"), ("<html>Unauthorized</html>", "401"), ("", "401")] {
        let response = http::Response::builder().status(401).body(body).unwrap();
        let span = one(|| assert!(block_on(call(response.into())).is_err()));
        assert_eq!(span.get("error.type"), error_type);
        assert_eq!(span.get("http.response.status_code"), "401");
        assert_eq!(span.get("llm_trace.outcome"), "error");
    }
}
