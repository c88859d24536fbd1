#![no_main]

llm_trace_fuzz::reader!("/v2/rerank", br#"{"model":"m","query":"x","documents":["y"]}"#);
