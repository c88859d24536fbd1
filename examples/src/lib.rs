//! A small local server that implements the providers' APIs for the examples, without keys or network.

mod answers;
mod server;

pub use answers::deltas;
pub use server::MockLlm;
