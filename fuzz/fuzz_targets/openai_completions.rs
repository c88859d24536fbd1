#![no_main]

llm_trace_fuzz::reader!("/v1/completions", br#"{"model":"m","prompt":"x"}"#);
