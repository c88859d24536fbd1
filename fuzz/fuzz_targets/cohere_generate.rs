#![no_main]

llm_trace_fuzz::reader!("/v1/generate", br#"{"model":"m","prompt":"x"}"#);
