#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    llm_trace::internal::redact_text(text);
});
