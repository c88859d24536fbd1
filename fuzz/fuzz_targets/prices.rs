#![no_main]

use libfuzzer_sys::fuzz_target;
use llm_trace::PriceTable;

fuzz_target!(|data: &[u8]| {
    if let Err(error) = PriceTable::from_json(data) {
        assert!(!error.to_string().contains(['\n', '\u{1b}']), "{error}");
    }
});
