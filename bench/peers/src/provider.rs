//! A local server that answers like OpenAI's chat completions.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Error;

/// The number of events in a streamed answer, without the end mark.
pub const CHUNKS: u16 = 50;
/// The text of each event but the last two, which have the finish reason and the token counts.
const DELTA: &str = " scattered";
/// The text of a whole answer.
const TEXT: &str = "Air scatters blue light more than red light.";
/// The answering model.
const MODEL: &str = "gpt-4o-mini-2024-07-18";

/// The length of the text of a whole answer.
pub fn whole_length() -> usize {
    TEXT.len()
}

/// The length of the text of a streamed answer.
pub fn stream_length() -> usize {
    DELTA.len() * usize::from(CHUNKS - 2)
}

/// The two answers with their heads, as bytes.
struct Answers {
    whole: Vec<u8>,
    stream: Vec<u8>,
}

fn usage() -> serde_json::Value {
    json!({"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 100}, "completion_tokens_details": {"reasoning_tokens": 4}})
}

impl Answers {
    fn new() -> Result<Self, Error> {
        let whole = json!({
            "id": "chatcmpl-8d3f", "object": "chat.completion", "created": 1_790_000_000, "model": MODEL,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
            "usage": usage(), "service_tier": "default", "system_fingerprint": "fp_50906f2aac"
        })
        .to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
        let whole = format!("{head} {}\r\n\r\n{whole}", whole.len());

        let mut stream =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
        for at in 0..CHUNKS {
            let (choices, usage) = match CHUNKS - at {
                1 => (json!([]), usage()),
                2 => (json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]), json!(null)),
                _ => (json!([{"index": 0, "delta": {"content": DELTA}, "finish_reason": null}]), json!(null)),
            };
            let event = json!({"id": "chatcmpl-8d3f", "object": "chat.completion.chunk", "created": 1_790_000_000,
                "model": MODEL, "choices": choices, "usage": usage, "service_tier": "default"});
            push_chunk(&mut stream, &format!("data: {event}\n\n"))?;
        }
        push_chunk(&mut stream, "data: [DONE]\n\n")?;
        push_chunk(&mut stream, "")?;
        Ok(Answers { whole: whole.into(), stream: stream.into() })
    }
}

/// Appends one chunk of HTTP's chunked encoding.
fn push_chunk(body: &mut String, chunk: &str) -> Result<(), std::fmt::Error> {
    write!(body, "{:x}\r\n{chunk}\r\n", chunk.len())
}

/// The lengths of head and body, if the head is complete.
fn lengths(request: &[u8]) -> Option<(usize, usize)> {
    let head = request.windows(4).position(|end| end == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(request.get(..head)?).to_ascii_lowercase();
    let body = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    Some((head + 4, body.unwrap_or(0)))
}

fn asks_for_a_stream(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Request {
        #[serde(default)]
        stream: Option<bool>,
    }
    serde_json::from_slice::<Request>(body).is_ok_and(|request| request.stream == Some(true))
}

/// Answers all requests of one connection.
async fn serve(mut socket: TcpStream, answers: Arc<Answers>) -> Result<(), std::io::Error> {
    let mut request = Vec::new();
    loop {
        let end = loop {
            if let Some((head, body)) = lengths(&request)
                && request.len() >= head + body
            {
                break (head, head + body);
            }
            if socket.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        };
        let is_stream = request.get(end.0..end.1).is_some_and(asks_for_a_stream);
        request.drain(..end.1);
        socket.write_all(if is_stream { &answers.stream } else { &answers.whole }).await?;
    }
}

/// Starts the server on a thread of its own, which ends with the process.
pub fn start() -> Result<SocketAddr, Error> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let answers = Arc::new(Answers::new()?);
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (socket, _) = listener.accept().await?;
                socket.set_nodelay(true)?;
                tokio::spawn(serve(socket, answers.clone()));
            }
            #[expect(unreachable_code, reason = "types the block")]
            Ok::<(), std::io::Error>(())
        })
    });
    Ok(address)
}
