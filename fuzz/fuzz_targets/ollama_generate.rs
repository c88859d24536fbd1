#![no_main]

llm_trace_fuzz::reader!("/api/generate", br#"{"model":"m","prompt":"x"}"#);
