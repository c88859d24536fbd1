#![no_main]

llm_trace_fuzz::reader!("/model/m/converse-stream", br#"{"messages":[]}"#);
