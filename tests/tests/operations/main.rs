//! Every operation that is more than a chat, in both profiles, judged on the OTLP bytes that were exported.

mod conventions;
mod masks;
mod mcp;
mod nested;
mod openinference;
mod spans;
mod support;
