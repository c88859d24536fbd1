#![no_main]

llm_trace_fuzz::reader!("/v1/messages", br#"{"model":"m","messages":[]}"#);
