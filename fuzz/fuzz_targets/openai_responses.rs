#![no_main]

llm_trace_fuzz::reader!("/v1/responses", br#"{"model":"m","input":"x"}"#);
