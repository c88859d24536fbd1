//! The server: one accepting thread, one thread per connection, one request per connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::answers;

/// The maximum size of a request body, in bytes.
const MAX_BODY: usize = 16 << 20;

/// A server on a free local port. It stops when dropped.
pub struct MockLlm {
    url: String,
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MockLlm {
    /// Starts the server.
    pub fn start() -> io::Result<MockLlm> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let stopped = Arc::new(AtomicBool::new(false));
        let is_stopped = Arc::clone(&stopped);
        let thread = thread::spawn(move || {
            for connection in listener.incoming() {
                if is_stopped.load(Ordering::Acquire) {
                    return;
                }
                // A disconnect in the middle of a response is not a server error.
                thread::spawn(move || connection.and_then(serve));
            }
        });
        Ok(MockLlm { url: format!("http://{address}"), address, stopped, thread: Some(thread) })
    }

    /// The server's URL, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for MockLlm {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        // Unblocks the accepting thread.
        if TcpStream::connect(self.address).is_ok()
            && let Some(thread) = self.thread.take()
        {
            // Ignores a panic of the server thread.
            let _ = thread.join();
        }
    }
}

fn serve(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let (path, body) = read_request(&connection)?;
    match path.as_str() {
        "/v1/chat/completions" => chat(&mut connection, &body),
        "/v1/embeddings" => send(&mut connection, "200 OK", &answers::embeddings(&body)),
        "/v1/messages" => send_later(&mut connection, &answers::message(&body)),
        "/v1/responses" => send_later(&mut connection, &answers::responses(&body)),
        "/api/chat" => send_later(&mut connection, &answers::ollama(&body)),
        path if path.starts_with("/model/") && path.ends_with("/converse") => {
            send_later(&mut connection, &answers::converse())
        }
        _ => send(&mut connection, "404 Not Found", &Value::Null),
    }
}

/// The path and body of a request; the body is null if it is not JSON.
fn read_request(connection: &TcpStream) -> io::Result<(String, Value)> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0).min(MAX_BODY);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((path, serde_json::from_slice(&body).unwrap_or_default()))
}

fn chat(connection: &mut TcpStream, body: &Value) -> io::Result<()> {
    if body["model"] == "busy" {
        return send(connection, "429 Too Many Requests", &answers::rate_limited());
    }
    think(120);
    if body["stream"] == true {
        return send_events(connection, &answers::chat_chunks(body));
    }
    send(connection, "200 OK", &answers::chat(body))
}

fn send_later(connection: &mut TcpStream, answer: &Value) -> io::Result<()> {
    think(150);
    send(connection, "200 OK", answer)
}

fn send(connection: &mut TcpStream, status: &str, answer: &Value) -> io::Result<()> {
    let body = answer.to_string();
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// Sends server-sent events in order, one per chunk.
fn send_events(connection: &mut TcpStream, events: &[String]) -> io::Result<()> {
    write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    )?;
    for event in events {
        think(25);
        let event = format!("data: {event}\n\n");
        connection.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())?;
    }
    connection.write_all(b"0\r\n\r\n")
}

fn think(millis: u64) {
    thread::sleep(Duration::from_millis(millis));
}
