#![no_main]

use libfuzzer_sys::fuzz_target;
use llm_trace::internal::Body;

fuzz_target!(|data: &[u8]| llm_trace_fuzz::run(Body::Json, data));
