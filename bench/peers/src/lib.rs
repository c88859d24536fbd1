//! Shared by the programs of this package: a local provider, the calls, a counting exporter and
//! the process's resources.

pub mod annotated;
pub mod chat;
pub mod exported;
pub mod plain;
pub mod provider;
pub mod resources;

/// The requested model and the prompt of all calls.
pub const MODEL: &str = "gpt-4o-mini";
pub const PROMPT: &str = "Why is the sky blue?";

/// One way to make a call: whole and as a stream. Both return the length of the answer's text.
pub trait Calls {
    fn whole(&self) -> impl Future<Output = Result<usize, Error>> + Send;
    fn stream(&self) -> impl Future<Output = Result<usize, Error>> + Send;
}

/// An error of any crate.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
