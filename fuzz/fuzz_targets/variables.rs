#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use llm_trace::internal::configure;

/// The value of a header, a password and a query in the variables. No printed text may contain it.
const SECRET: &str = "5e5a3ef00dba5e77";

// Each line is a variable, as in a file of them.
fuzz_target!(|text: &str| {
    if text.to_ascii_lowercase().contains(SECRET) {
        return;
    }
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let mut variables: HashMap<&str, String> = pairs.map(|(name, value)| (name, value.to_owned())).collect();
    for (name, value) in &mut variables {
        if name.ends_with("HEADERS") {
            *value = value.replacen('=', &format!("={SECRET}"), 1);
        } else if name.ends_with("ENDPOINT") && !is_file(value) {
            *value = value.replacen('@', &format!(":{SECRET}@"), 1).replacen('?', &format!("?{SECRET}"), 1);
        }
    }
    let printed = match configure(&|name| variables.get(name).cloned()) {
        Ok(printed) => printed,
        Err(error) => vec![error.to_string()],
    };
    for text in printed {
        assert!(!text.contains(SECRET), "{text}");
    }
});

/// Whether the value is a path or a `file://` URL, in which an `@` marks no password.
fn is_file(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    value.starts_with("file") || !value.contains("://")
}
