//! The names of an attribute or metric in each profile.

use super::Profile;

/// An attribute's or a metric's name in each profile that has it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Names {
    core: Option<&'static str>,
    latest: Option<&'static str>,
}

/// The same name in both profiles.
pub(super) const fn both(name: &'static str) -> Names {
    Names { core: Some(name), latest: Some(name) }
}

/// A name per profile.
pub(super) const fn core_latest(core: &'static str, latest: &'static str) -> Names {
    Names { core: Some(core), latest: Some(latest) }
}

/// In the core conventions only.
pub(super) const fn core(name: &'static str) -> Names {
    Names { core: Some(name), latest: None }
}

/// In the latest conventions only.
pub(super) const fn latest(name: &'static str) -> Names {
    Names { core: None, latest: Some(name) }
}

impl Names {
    /// The name in a profile.
    pub(crate) const fn of(self, profile: Profile) -> Option<&'static str> {
        match profile {
            Profile::Core => self.core,
            Profile::Latest => self.latest,
        }
    }

    /// The name in any profile, preferring the latest.
    pub(crate) const fn any(self) -> &'static str {
        match (self.latest, self.core) {
            (Some(name), _) | (None, Some(name)) => name,
            (None, None) => "",
        }
    }

    /// Whether this is its name in some profile.
    pub(crate) fn has(self, name: &str) -> bool {
        self.core == Some(name) || self.latest == Some(name)
    }
}
