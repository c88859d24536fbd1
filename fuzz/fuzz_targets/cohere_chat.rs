#![no_main]

llm_trace_fuzz::reader!("/v2/chat", br#"{"model":"m","messages":[]}"#);
