//! Diagnostics of the library on stderr, with a limited rate.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::process::PerProcess;

pub(crate) mod output;

const QUIET: Duration = Duration::from_secs(60);

/// Time to wait for a line to be written, so that lines reported at the end of the program are visible.
const PATIENCE: Duration = Duration::from_millis(100);

/// Maximum length of a line, in characters.
const LINE: usize = 1000;

/// Maximum length of a text from outside, in characters.
const OUTSIDE: usize = 200;

struct Reported {
    at: Instant,
    withheld: u64,
}

fn reported() -> MutexGuard<'static, HashMap<&'static str, Reported>> {
    static REPORTED: OnceLock<PerProcess<Mutex<HashMap<&'static str, Reported>>>> = OnceLock::new();
    REPORTED.get_or_init(PerProcess::default).get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints `message` on stderr as one line. It must hold neither content nor secrets.
pub(crate) fn warn(message: &str) {
    let (message, _) = crate::credentials::clean(message);
    let message = &*message;
    let stderr = output::stderr();
    if stderr.push(format!("llm-trace: {}\n", one_line(message, LINE))) {
        stderr.flush(PATIENCE);
    }
}

/// Prints `message` on stderr, unless `code` was reported before.
pub(crate) fn warn_once(code: &'static str, message: &str) {
    let now = Reported { at: Instant::now(), withheld: 0 };
    if reported().insert(code, now).is_none() {
        warn(message);
    }
}

/// Whether `LLM_TRACE_DEBUG` enables the lines that are useful only during setup.
pub(crate) fn is_debugging() -> bool {
    static ASKED: OnceLock<bool> = OnceLock::new();
    *ASKED
        .get_or_init(|| std::env::var("LLM_TRACE_DEBUG").is_ok_and(|value| !matches!(value.trim(), "" | "0" | "false")))
}

/// Prints `message` once if `LLM_TRACE_DEBUG` is set.
pub(crate) fn debug_once(code: &'static str, message: &str) {
    if is_debugging() {
        warn_once(code, message);
    }
}

/// Prints `message` on stderr at most once a minute per `code`, with the number of suppressed messages.
pub(crate) fn warn_rarely(code: &'static str, message: &str) {
    let now = Instant::now();
    let before = {
        let mut reported = reported();
        match reported.get_mut(code) {
            Some(last) if now.duration_since(last.at) < QUIET => {
                last.withheld = last.withheld.saturating_add(1);
                return;
            }
            _ => reported.insert(code, Reported { at: now, withheld: 0 }).map_or(0, |last| last.withheld),
        }
    };
    match before {
        0 => warn(message),
        times => warn(&format!("{message} (and {times} times before)")),
    }
}

/// Escapes and cuts a text from a server, a model, a file or a variable, for use in a line. Credentials are replaced.
pub(crate) fn outside(text: &str) -> Cow<'_, str> {
    match crate::credentials::clean(text).0 {
        Cow::Borrowed(text) => one_line(text, OUTSIDE),
        Cow::Owned(text) => Cow::Owned(one_line(&text, OUTSIDE).into_owned()),
    }
}

/// `text` with terminal control characters escaped, cut to this many characters.
fn one_line(text: &str, most: usize) -> Cow<'_, str> {
    let cut = text.char_indices().nth(most).map(|(at, _)| at);
    let kept = &text[..cut.unwrap_or(text.len())];
    if cut.is_none() && !kept.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(kept.len());
    for c in kept.chars() {
        if is_obeyed(c) {
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    if cut.is_some() {
        out.push('…');
    }
    Cow::Owned(out)
}

/// Whether a terminal interprets the character: control characters, line breaks and changes of direction.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_stays_on_its_line_and_is_cut() {
        assert_eq!(outside("all is well"), "all is well");
        assert_eq!(outside("a\nllm-trace: forged\r\u{1b}[2J\u{202e}"), "a\\nllm-trace: forged\\r\\u{1b}[2J\\u{202e}");
        assert_eq!(outside(&"ü".repeat(300)), format!("{}…", "ü".repeat(200)));
        assert_eq!(one_line(&"\n".repeat(10_000), 1000).chars().count(), 2001);
    }
}
