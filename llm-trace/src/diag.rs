//! What the library has to say to the people who run it: on stderr, and never the same thing in a loop.
#![cfg_attr(not(feature = "otlp-http"), allow(dead_code, reason = "not every combination of features has much to say"))]

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const QUIET: Duration = Duration::from_secs(60);

struct Said {
    at: Instant,
    withheld: u64,
}

static SAID: Mutex<Option<HashMap<&'static str, Said>>> = Mutex::new(None);

fn said() -> MutexGuard<'static, Option<HashMap<&'static str, Said>>> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says `message` on stderr. It must hold neither content nor secrets.
pub(crate) fn warn(message: &str) {
    // One write, so that lines of different threads stay whole; a closed stderr must not end the program.
    let _ = std::io::stderr().write_all(format!("llm-trace: {message}\n").as_bytes());
}

/// Says `message` on stderr, unless something was already said under `code`.
pub(crate) fn warn_once(code: &'static str, message: &str) {
    let now = Said { at: Instant::now(), withheld: 0 };
    if said().get_or_insert_default().insert(code, now).is_none() {
        warn(message);
    }
}

/// Says `message` on stderr, at most once a minute under each `code`; what was withheld is counted.
pub(crate) fn warn_rarely(code: &'static str, message: &str) {
    let now = Instant::now();
    let before = {
        let mut said = said();
        let said = said.get_or_insert_default();
        match said.get_mut(code) {
            Some(last) if now.duration_since(last.at) < QUIET => {
                last.withheld += 1;
                return;
            }
            _ => said.insert(code, Said { at: now, withheld: 0 }).map_or(0, |last| last.withheld),
        }
    };
    match before {
        0 => warn(message),
        times => warn(&format!("{message} (and {times} times before)")),
    }
}
