//! Values of one process. A forked child has a copy of its parent's memory, but none of its threads.

use std::sync::OnceLock;

/// The process that created a value.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Self {
        // Only Unix can fork. Some other platforms have no process ids.
        Self(if cfg!(unix) { std::process::id() } else { 0 })
    }

    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }

    /// A process that is not the current one.
    #[cfg(test)]
    pub(crate) fn other() -> Self {
        Self(0)
    }
}

/// A value that each forked child creates anew, because a thread that the child lacks may have locked the parent's.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    process: Process,
    value: T,
    child: OnceLock<Box<Self>>,
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> Self {
        Self { process: Process::current(), value: T::default(), child: OnceLock::new() }
    }
}

impl<T: Default> PerProcess<T> {
    /// The value of the current process.
    pub(crate) fn get(&self) -> &T {
        let mut at = self;
        while !at.process.is_current() {
            at = at.child.get_or_init(Box::default);
        }
        &at.value
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::{PerProcess, Process};

    #[test]
    fn a_forked_child_has_a_value_of_its_own() {
        let mut value = PerProcess::<AtomicU32>::default();
        value.get().store(1, Ordering::Relaxed);
        assert_eq!(value.get().load(Ordering::Relaxed), 1);
        value.process = Process::other();
        assert_eq!(value.get().load(Ordering::Relaxed), 0);
        value.get().store(2, Ordering::Relaxed);
        assert_eq!((value.get().load(Ordering::Relaxed), value.value.into_inner()), (2, 1));
    }
}
