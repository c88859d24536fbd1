#![no_main]

llm_trace_fuzz::reader!("/v1/embeddings", br#"{"model":"m","input":"x"}"#);
