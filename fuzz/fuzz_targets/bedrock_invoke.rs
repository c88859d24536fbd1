#![no_main]

llm_trace_fuzz::reader!("/model/m/invoke-with-response-stream", br#"{"inputText":"x"}"#);
