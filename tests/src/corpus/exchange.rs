//! Finds and loads recorded exchanges.

use std::fs;
use std::path::{Path, PathBuf};

use llm_trace::internal::{self, Body, Content};
use serde_json::Value;

use super::Reading;

/// One recorded exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The exchange's directory.
    pub dir: PathBuf,
    /// `meta.json`.
    pub meta: Value,
    /// `expected.json`.
    pub expected: Value,
}

impl Exchange {
    /// Loads the exchange of a directory.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn load(dir: &Path) -> Result<Self, String> {
        let read = |name: &str| -> Result<Value, String> {
            let path = dir.join(name);
            let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))
        };
        Ok(Self { dir: dir.to_owned(), meta: read("meta.json")?, expected: read("expected.json").unwrap_or_default() })
    }

    /// The name of its directory.
    pub fn id(&self) -> String {
        self.dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// A field of `meta.json` that is a string.
    pub fn meta(&self, key: &str) -> &str {
        self.meta.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// `provider/api`.
    pub fn group(&self) -> String {
        format!("{}/{}", self.meta("provider"), self.meta("api"))
    }

    /// The request's body, if it was recorded.
    pub fn request(&self) -> Option<Vec<u8>> {
        fs::read(self.dir.join("request.json")).ok()
    }

    /// The answer's body.
    pub fn response(&self) -> Vec<u8> {
        fs::read(self.dir.join(self.meta("response_file"))).unwrap_or_default()
    }

    /// The HTTP status.
    pub fn status(&self) -> Option<u16> {
        self.meta.get("http_status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok())
    }

    /// The shape of the answer.
    pub fn body(&self) -> Body {
        match self.meta("response_file").rsplit('.').next() {
            Some("sse") => Body::Sse,
            Some("ndjson") => Body::Json,
            Some("eventstream") => Body::AwsEventStream,
            _ if self.meta("kind").starts_with("stream") => Body::Json,
            _ => Body::Whole,
        }
    }

    /// The result of the readers for this exchange, without a span.
    pub fn read(&self, how: &How<'_>) -> Reading {
        let (request, response) = (self.request(), self.response());
        let told = |value| Some(value).filter(|value: &&str| !value.is_empty() && !how.by_shape);
        let reading = internal::read(&internal::Exchange {
            provider: told(self.meta("provider")),
            path: told(self.meta("url_path")),
            request: request.as_deref(),
            response: &response,
            body: self.body(),
            status: self.status(),
            content: how.content,
            fragments: how.fragments,
        });
        Reading { attributes: reading.attributes, outcome: reading.outcome.map(str::to_owned) }
    }
}

/// Options for reading an exchange.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// How much content is read.
    pub content: Content,
    /// The sizes of a stream's fragments.
    pub fragments: &'a [usize],
    /// Withholds the provider and the path from the readers.
    pub by_shape: bool,
}

impl Default for How<'_> {
    fn default() -> Self {
        Self { content: Content::Full, fragments: &[], by_shape: false }
    }
}

/// The corpus: `LLM_TRACE_CORPUS`, or the folder next to the repository. Prints a message if there is none.
pub fn root() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let root = std::env::var_os("LLM_TRACE_CORPUS").map_or_else(beside, PathBuf::from);
    if root.is_dir() {
        return Some(root);
    }
    eprintln!("skipped: no corpus in {}", root.display());
    None
}

/// All exchanges of the corpus; empty if there is no corpus.
///
/// # Errors
/// If a file cannot be read.
pub fn corpus() -> Result<Vec<Exchange>, String> {
    let Some(root) = root() else { return Ok(Vec::new()) };
    find(&root)?.iter().map(|dir| Exchange::load(dir)).collect()
}

/// The directories below `root` that contain an exchange, sorted.
///
/// # Errors
/// If a directory cannot be read.
pub fn find(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        if dir.join("meta.json").is_file() {
            found.push(dir);
            continue;
        }
        let entries = fs::read_dir(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        open.extend(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    found.sort();
    Ok(found)
}
