#![no_main]

llm_trace_fuzz::reader!("/generate_stream", br#"{"inputs":"x"}"#);
