//! What the library has to say to the people who run it: on stderr, once per kind of trouble.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

static SAID: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

/// Says `message` on stderr, unless something was already said under `code`.
pub(crate) fn warn_once(code: &'static str, message: &str) {
    let new = SAID.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert(code);
    if new {
        // A closed stderr must not end the program.
        let _ = writeln!(std::io::stderr(), "llm-trace: {message}");
    }
}
