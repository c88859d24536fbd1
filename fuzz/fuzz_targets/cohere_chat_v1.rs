#![no_main]

llm_trace_fuzz::reader!("/v1/chat", br#"{"model":"m","message":"x"}"#);
