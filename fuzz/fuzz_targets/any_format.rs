#![no_main]

use libfuzzer_sys::fuzz_target;

// A first line that begins with `/` is the path of the request; without one, the format is detected.
fuzz_target!(|data: &[u8]| {
    let line = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let path = str::from_utf8(line).unwrap_or_default();
    let asked = br#"{"model":"m","messages":[],"prompt":"x","input":"x"}"#;
    if path.starts_with('/') {
        llm_trace_fuzz::run(path, asked, data.get(line.len() + 1..).unwrap_or_default());
    } else {
        llm_trace_fuzz::run("", asked, data);
    }
});
