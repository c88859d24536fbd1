#![no_main]

llm_trace_fuzz::reader!("/api/embed", br#"{"model":"m","input":"x"}"#);
