//! Every operation besides chat, in both profiles, tested on the exported OTLP bytes.

mod conventions;
mod masks;
mod mcp;
mod nested;
mod openinference;
mod spans;
mod starts;
mod support;
