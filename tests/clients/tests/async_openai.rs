//! The errors of each supported version of `async-openai`.

use std::error::Error;

use llm_trace::testing::{CapturedSpan, capture};
use llm_trace::{LlmCall, Operation, llm_call};
use llm_trace_client_tests::{response, serve};
use tokio::net::TcpListener;

const CODE: &str =
    r#"{"error": {"message": "SENTINEL-message", "type": "invalid_request_error", "code": "model_not_found"}}"#;
const TYPE: &str = r#"{"error": {"message": "SENTINEL-message", "type": "invalid_request_error", "code": null}}"#;

/// The expected outcome, error type and status of a call.
type Expected = (&'static str, &'static str, Option<i64>);

fn check(call: &CapturedSpan, (outcome, error_type, status): Expected) {
    call.assert_attribute("llm_trace.outcome", outcome);
    call.assert_attribute("error.type", error_type);
    assert_eq!(call.int("http.response.status_code"), status);
    assert!(call.is_error());
}

macro_rules! versions {
    ($($module:ident: $client:ident;)*) => {$(
        mod $module {
            use $client::Client;
            use $client::config::OpenAIConfig;
            use $client::error::OpenAIError;
            use $client::types::chat::{CreateChatCompletionRequest, CreateChatCompletionResponse};

            use super::*;

            async fn send(base: &str) -> Result<CreateChatCompletionResponse, OpenAIError> {
                let client = Client::with_config(OpenAIConfig::new().with_api_base(base).with_api_key("none"));
                let request = CreateChatCompletionRequest { model: "m".to_owned(), ..Default::default() };
                client.chat().create(request).await
            }

            #[llm_call(provider = "openai")]
            async fn annotated(base: &str) -> Result<CreateChatCompletionResponse, OpenAIError> {
                send(base).await
            }

            #[llm_call(provider = "openai")]
            async fn boxed(base: &str) -> Result<CreateChatCompletionResponse, Box<dyn Error>> {
                Ok(send(base).await?)
            }

            #[llm_call(provider = "openai")]
            fn invalid() -> Result<(), OpenAIError> {
                Err(OpenAIError::InvalidArgument("no messages".to_owned()))
            }

            /// Sends to an address in each way that ends a call with an error.
            async fn checked(base: &str, expected: Expected) {
                let captured = capture();
                annotated(base).await.expect_err("an error");
                boxed(base).await.expect_err("an error");
                let built = || LlmCall::builder(Operation::Chat).provider("openai");
                built().try_instrument(send(base)).await.expect_err("an error");
                built().start().fail(&send(base).await.expect_err("an error"));
                captured.assert_calls(4);
                for call in captured.calls() {
                    check(&call, expected);
                }
                assert_eq!(captured.leaks("SENTINEL-message").is_empty(), expected.2.is_none());
            }

            #[tokio::test]
            async fn a_refusal_has_the_code_or_type_of_the_provider() {
                for (answer, expected) in [
                    (response("404 Not Found", "application/json", CODE), "model_not_found"),
                    (response("404 Not Found", "application/json", TYPE), "invalid_request_error"),
                ] {
                    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                    let base = format!("http://{}", listener.local_addr().expect("an address"));
                    let server = tokio::spawn(serve(listener, move |_| answer.clone()));
                    checked(&base, ("error", expected, Some(404))).await;
                    server.abort();
                }
            }

            #[tokio::test]
            async fn a_refused_connection_and_an_invalid_argument_are_not_sent() {
                checked("http://127.0.0.1:1", ("not_sent", "connection_refused", None)).await;
                let captured = capture();
                invalid().expect_err("an error");
                check(&captured.one_call(), ("not_sent", "async_openai::error::OpenAIError", None));
            }
        }
    )*};
}

versions! {
    version_0_41: async_openai_0_41;
    version_0_42: async_openai_0_42;
    version_0_43: async_openai_0_43;
}
