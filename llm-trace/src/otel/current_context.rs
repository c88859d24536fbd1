//! The current context of a thread, as long as it exists.
//!
//! OpenTelemetry keeps it in a thread-local and panics if it is used by the destructor of a thread-local that is dropped
//! later. A panic there aborts the program.

use std::panic::catch_unwind;

use super::{Context, ContextGuard};

/// Exists as long as the thread-locals that were made before it.
struct Exists(bool);

impl Drop for Exists {
    // Without a destructor, a thread-local can be used as long as the thread lives.
    fn drop(&mut self) {}
}

thread_local! {
    /// Made after OpenTelemetry's context.
    static EXISTS: Exists = Exists(catch_unwind(|| Context::map_current(|_| ())).is_ok());
    /// Made after the thread-local of `tracing-subscriber`'s registry, which panics too.
    static HAS_SPANS: Exists = const { Exists(true) };
}

/// Records that a span was made on this thread.
pub(crate) fn on_new_span() {
    let _ = HAS_SPANS.try_with(|_| ());
}

/// Whether a span can start on this thread.
#[inline]
pub(crate) fn can_start_span() -> bool {
    exists() && HAS_SPANS.try_with(|_| ()).is_ok()
}

/// Whether contexts can be used on this thread. They cannot while its thread-locals are dropped.
#[inline(always)]
pub(crate) fn exists() -> bool {
    EXISTS.try_with(|exists| exists.0).unwrap_or_default()
}

/// The current context, or an empty one.
pub(crate) fn current() -> Context {
    if exists() { Context::current() } else { Context::default() }
}

/// Calls `map` with the current context, or with an empty one.
#[inline]
pub(crate) fn map_current<T>(map: impl FnOnce(&Context) -> T) -> T {
    if exists() {
        return Context::map_current(map);
    }
    #[cold]
    fn without<T>(map: impl FnOnce(&Context) -> T) -> T {
        map(&Context::default())
    }
    without(map)
}

/// Makes a context the current one until the guard is dropped.
pub(crate) fn attach(context: Context) -> Option<ContextGuard> {
    exists().then(|| context.attach())
}
