#![no_main]

llm_trace_fuzz::reader!("/v1beta/models/m:streamGenerateContent", br#"{"contents":[]}"#);
