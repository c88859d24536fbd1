//! Connections that end in the middle of a response, or before one.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use llm_trace::{LlmCall, Operation};

use super::*;

const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
const PIECE: &str = "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n";

/// The URL of a server that reads the head of one request, sends these bytes and closes the connection.
fn sends(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1/chat/completions", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a connection");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if socket.read(&mut byte).expect("a request") == 0 {
                return;
            }
            request.extend(byte);
        }
        socket.write_all(answer.as_bytes()).expect("an open connection");
    });
    url
}

/// A body that is shorter than its length, one that lacks chunks, and no response.
fn cuts() -> [String; 3] {
    let length = PIECE.len();
    [
        format!("{EVENTS}content-length: {}\r\n\r\n{PIECE}", length + 1),
        format!("{EVENTS}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{PIECE}\r\n"),
        String::new(),
    ]
}

fn check(span: &ReceivedSpan) {
    assert_eq!((outcome(span).as_str(), span.status_code()), ("error", 2), "{span:?}");
    assert_eq!(span.attribute("error.type"), Some(json!("unexpected_eof")), "{span:?}");
}

macro_rules! versions {
    ($($module:ident: $reqwest:ident, $middleware:ident;)*) => {$(
        mod $module {
            use $middleware::ClientBuilder;
            use $reqwest::{Client, Error};

            use super::*;

            #[llm_call(provider = "openai", model = "m")]
            async fn whole(url: &str) -> Result<String, Error> {
                Client::new().get(url).send().await?.text().await
            }

            #[llm_call(provider = "openai", model = "m")]
            async fn read_in_place(url: &str) -> Result<(), Error> {
                let response = Client::new().get(url).send().await?;
                let mut pieces = LlmCall::current().stream(response.bytes_stream());
                while let Some(piece) = pieces.next().await {
                    piece?;
                }
                Ok(())
            }

            #[llm_call(provider = "openai", model = "m")]
            async fn returned(url: &str) -> Result<impl Stream<Item = Result<Bytes, Error>>, Error> {
                Ok(Client::new().get(url).send().await?.bytes_stream())
            }

            #[llm_call(provider = "openai", model = "m")]
            async fn by_middleware(url: &str) -> $middleware::Result<String> {
                let client = ClientBuilder::new(Client::new()).build();
                Ok(client.get(url).send().await?.text().await?)
            }

            #[llm_call(provider = "openai", model = "m")]
            async fn refused(url: &str) -> Result<String, Error> {
                Client::new().get(url).send().await?.error_for_status()?.text().await
            }

            #[test]
            fn the_server_of_an_error_is_the_calls() {
                let busy = sends("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_owned());
                for (url, error) in [(busy, "503"), ("http://127.0.0.1:1/v1".to_owned(), "connection_refused")] {
                    let span = one(|_| drop(block_on(refused(&url)).expect_err("it fails")));
                    let port = url.split([':', '/']).nth(4).and_then(|port| port.parse::<i64>().ok()).expect("a port");
                    assert_eq!(span.attribute("error.type"), Some(json!(error)));
                    assert_eq!(span.attribute("server.address"), Some(json!("127.0.0.1")));
                    assert_eq!(span.attribute("server.port"), Some(json!(port)));
                }
            }

            #[test]
            fn a_connection_that_ends_early_has_its_own_error_type() {
                for cut in cuts() {
                    let url = || sends(cut.clone());
                    check(&one(|_| drop(block_on(whole(&url())).expect_err("it breaks"))));
                    check(&one(|_| drop(block_on(read_in_place(&url())).expect_err("it breaks"))));
                    check(&one(|_| drop(block_on(by_middleware(&url())).expect_err("it breaks"))));
                    check(&one(|_| {
                        block_on(async {
                            if let Ok(pieces) = returned(&url()).await {
                                assert!(pieces.collect::<Vec<_>>().await.pop().expect("an end").is_err());
                            }
                        });
                    }));
                    check(&one(|_| {
                        let error = block_on(async { Client::new().get(url()).send().await?.text().await });
                        let call = LlmCall::builder(Operation::Chat).provider("openai").model("m").start();
                        call.fail(&error.expect_err("it breaks"));
                    }));
                }
            }
        }
    )*};
}

versions! {
    version_0_12: reqwest_0_12, reqwest_middleware_0_4;
    version_0_13: reqwest, reqwest_middleware;
}

/// JSON that ends early has the same kind as an I/O error, but it is no connection's.
#[test]
fn a_text_that_ends_early_is_no_connection() {
    #[llm_call(provider = "openai", model = "m")]
    fn parsed(text: &str) -> Result<Value, std::io::Error> {
        Ok(serde_json::from_str(text)?)
    }
    let span = one(|_| drop(parsed("{").expect_err("it is cut")));
    assert_eq!(span.attribute("error.type"), Some(json!("std::io::error::Error")));
}
