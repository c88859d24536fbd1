#![no_main]

llm_trace_fuzz::reader!("/v1/complete", br#"{"model":"m","prompt":"x"}"#);
