//! Tests with client crates: their errors in several versions, and content in telemetry of their own. These crates have
//! many dependencies and build slowly, so they are not in the workspace: `cd tests/clients && cargo test --locked`.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A provider that reads one request per connection, answers it with these bytes and closes the connection.
pub async fn serve(listener: TcpListener, answer: impl Fn(&str) -> String) {
    while let Ok((mut socket, _)) = listener.accept().await {
        let mut request = Vec::new();
        while !is_complete(&request) {
            let mut part = [0; 4096];
            match socket.read(&mut part).await {
                Ok(read @ 1..) => request.extend_from_slice(&part[..read]),
                _ => break,
            }
        }
        let answer = answer(&String::from_utf8_lossy(&request));
        let _ = socket.write_all(answer.as_bytes()).await;
        let _ = socket.shutdown().await;
    }
}

/// Whether the body is complete by the head's content length.
fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

/// An HTTP response with its length.
pub fn response(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}
