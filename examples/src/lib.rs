//! A small server that speaks the providers' APIs, for the examples: no key, no network.

mod answers;
mod server;

pub use answers::deltas;
pub use server::MockLlm;
