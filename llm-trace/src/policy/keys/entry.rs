//! A row of the table of keys.

use super::Class;

/// The classification of a key, or of all keys with this prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: &'static str,
    pub(super) class: Class,
    /// Also applies to longer keys that continue with `.` or `:`.
    pub(super) below: bool,
    /// Only spans and events of model calls have such keys.
    pub(super) convention: bool,
}

impl Entry {
    /// An entry for this key only.
    pub(super) const fn exact(key: &'static str, class: Class) -> Self {
        Self { key, class, below: false, convention: false }
    }

    /// An entry for this key and all keys below it.
    pub(super) const fn tree(key: &'static str, class: Class) -> Self {
        Self { below: true, ..Self::exact(key, class) }
    }

    /// An entry for the root of a convention for model calls: keys below it without their own entry are unknown.
    pub(super) const fn root(key: &'static str) -> Self {
        Self { convention: true, ..Self::tree(key, Class::Unknown) }
    }

    /// Marks a key that only model calls have.
    pub(super) const fn of_model_call(self) -> Self {
        Self { convention: true, ..self }
    }
}
