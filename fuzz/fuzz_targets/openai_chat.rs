#![no_main]

llm_trace_fuzz::reader!("/v1/chat/completions", br#"{"model":"m","messages":[]}"#);
