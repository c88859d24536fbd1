#![no_main]

llm_trace_fuzz::reader!("/v2/embed", br#"{"model":"m","texts":["x"]}"#);
