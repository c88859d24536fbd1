#![no_main]

use libfuzzer_sys::fuzz_target;

// Each line is a header, whose name and value a colon separates.
fuzz_target!(|text: &str| {
    let pairs: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(':')).collect();
    llm_trace::scope().parent_from(&pairs).run(|| ());
    for (_, value) in pairs {
        if let Ok(scope) = llm_trace::scope().existing_trace(value) {
            scope.run(|| ());
        }
    }
});
