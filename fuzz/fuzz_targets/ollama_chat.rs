#![no_main]

llm_trace_fuzz::reader!("/api/chat", br#"{"model":"m","messages":[]}"#);
