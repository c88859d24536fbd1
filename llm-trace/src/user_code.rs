//! The only way to run callbacks of the user: `Serialize`, `Display`, closures, scrubbers. The traced function itself is
//! not run by this module: its panic ends the call and propagates.
//!
//! A callback cannot change the return value of a traced function: a panic is caught, even if dropping its payload
//! panics as well. Code that re-enters itself on the same thread is not run a second time. Each failure is counted by
//! kind and reported once. On `None` the caller takes the safe default: unknown facts, masked texts, no cost.
//!
//! This module holds no lock, and callers must hold none: user code that blocks delays its own call only. With `panic =
//! "abort"` no panic can be caught.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// The kinds of user code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum UserCode {
    /// `Serialize` of a request, a response or a stream item.
    Serialize,
    /// `Display` and `source()` of an error.
    Error,
    /// `RecordRequest` and `RecordResponse`.
    Record,
    /// A closure passed to a macro: `response`, `output`, `error_type`, …
    Closure,
    /// `Display`, `AsRef` and `Into` of a value passed to a macro: `model`, `attributes(..)`, …
    Argument,
    /// `Debug` and `Display` of another crate's span or event field.
    Field,
    Scrubber,
    Prices,
    /// The closure of `Destination::view` and `NarrowProcessor::new`.
    View,
    /// The closure of `LlmLayer::with_call_hook`.
    Hook,
    /// The instruments of a meter provider.
    Meter,
    /// The loggers of a logger provider, with its processors.
    Logger,
}

const KINDS: usize = 12;

/// The failures of user code in this process, by kind.
#[derive(Debug)]
struct Failures {
    panics: [AtomicU64; KINDS],
    /// Re-entrant runs, which are refused.
    reentries: [AtomicU64; KINDS],
}

static FAILURES: Failures =
    Failures { panics: [const { AtomicU64::new(0) }; KINDS], reentries: [const { AtomicU64::new(0) }; KINDS] };

impl UserCode {
    const ALL: [UserCode; KINDS] = [
        UserCode::Serialize,
        UserCode::Error,
        UserCode::Record,
        UserCode::Closure,
        UserCode::Argument,
        UserCode::Field,
        UserCode::Scrubber,
        UserCode::Prices,
        UserCode::View,
        UserCode::Hook,
        UserCode::Meter,
        UserCode::Logger,
    ];

    fn bit(self) -> u16 {
        1 << self as u16
    }

    /// The name of this kind, and the consequence of a failure.
    fn in_words(self) -> (&'static str, &'static str) {
        match self {
            UserCode::Serialize => ("the `Serialize` of a request or a response", "the rest of it is not recorded"),
            UserCode::Error => {
                ("the `Display` or `source()` of an error", "that error's text and causes are not recorded")
            }
            UserCode::Record => ("a `RecordRequest` or `RecordResponse`", "its remaining values are not recorded"),
            UserCode::Closure => ("a closure given to a macro of llm-trace", "its value is not recorded"),
            UserCode::Argument => {
                ("the `Display`, `AsRef` or `Into` of a macro's argument", "that argument is not recorded")
            }
            UserCode::Field => ("the `Debug` or `Display` of a span's or an event's field", "that field is masked"),
            UserCode::Scrubber => ("a scrubber", "the text it was given is masked"),
            UserCode::Prices => ("the function given to `with_prices`", "that call has no cost"),
            UserCode::View => ("the closure of a destination's view", "that attribute is not exported there"),
            UserCode::Hook => ("the closure given to `with_call_hook`", "it does not receive that call"),
            UserCode::Meter => ("an instrument of the meter provider", "that call is not measured"),
            UserCode::Logger => ("a processor of the logger provider", "that call's events are lost"),
        }
    }
}

thread_local! {
    /// The kinds that are running on this thread, as a bit set.
    static RUNNING: Cell<u16> = const { Cell::new(0) };
}

/// Whether this thread is running code of this kind.
pub(crate) fn is_running(code: UserCode) -> bool {
    RUNNING.try_with(Cell::get).is_ok_and(|running| running & code.bit() != 0)
}

struct Running(UserCode);

impl Running {
    /// Returns `None` if this thread is already running code of this kind.
    fn enter(code: UserCode) -> Option<Self> {
        let before = RUNNING.try_with(|running| running.replace(running.get() | code.bit())).unwrap_or(0);
        // Not `then_some`: dropping an eager `Running` would mark the outer run as finished.
        (before & code.bit() == 0).then(|| Running(code))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = RUNNING.try_with(|running| running.set(running.get() & !self.0.bit()));
    }
}

/// Runs user code. Returns `None` if it panics, or if this thread is already running code of this kind.
pub(crate) fn run<T>(code: UserCode, user: impl FnOnce() -> T) -> Option<T> {
    let running = Running::enter(code);
    if running.is_none() {
        failed(code, &FAILURES.reentries, "was called from inside itself");
        return None;
    }
    // State that a panic left inconsistent is discarded or rebuilt by the caller.
    let result = catch_unwind(AssertUnwindSafe(user));
    drop(running);
    match result {
        Ok(value) => Some(value),
        Err(payload) => {
            discard(payload);
            failed(code, &FAILURES.panics, "panicked");
            None
        }
    }
}

/// Drops the payload of a panic. If that panics as well, the second payload is leaked, because its drop may panic too.
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

fn failed(code: UserCode, counts: &[AtomicU64; KINDS], how: &str) {
    counts[code as usize].fetch_add(1, Ordering::Relaxed);
    let (name, consequence) = code.in_words();
    crate::diag::warn_once(name, &format!("{name} {how}: {consequence}"));
}

/// The failures so far, one sentence per kind.
pub(crate) fn failures() -> Vec<String> {
    let count = |counts: &[AtomicU64; KINDS], code: UserCode| counts[code as usize].load(Ordering::Relaxed);
    let line = |code: UserCode| {
        let (panics, reentries) = (count(&FAILURES.panics, code), count(&FAILURES.reentries, code));
        let (name, consequence) = code.in_words();
        (panics + reentries > 0).then(|| {
            format!("{name} panicked {panics} times and was called from inside itself {reentries} times: {consequence}")
        })
    };
    UserCode::ALL.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A payload whose drop panics with another such payload.
    struct Bomb(u8);

    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 > 0 {
                std::panic::panic_any(Bomb(self.0 - 1));
            }
        }
    }

    #[test]
    fn a_panic_is_none_whatever_its_payload_does() {
        assert_eq!(run(UserCode::Closure, || 7), Some(7));
        assert_eq!(run(UserCode::Closure, || panic!("no")), None::<()>);
        for fuse in 1..4 {
            assert_eq!(run(UserCode::Closure, || std::panic::panic_any(Bomb(fuse))), None::<()>);
        }
        assert_eq!(run(UserCode::Closure, || 7), Some(7));
    }

    #[test]
    fn code_is_not_run_inside_itself_and_code_of_another_kind_is() {
        let inner = run(UserCode::Record, || {
            (run(UserCode::Scrubber, || 1), run(UserCode::Record, || 2), is_running(UserCode::Record))
        });
        assert_eq!(inner, Some((Some(1), None, true)));
        assert!(!is_running(UserCode::Record));
        assert!(failures().iter().any(|line| line.starts_with("a `RecordRequest`")));
    }
}
