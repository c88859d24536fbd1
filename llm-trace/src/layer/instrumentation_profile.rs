//! The profile that the instrumentation scope of the embedded layer's spans names.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::semconv::Profile;

/// A profile that the layer's builder methods can change after the tracer was created.
#[derive(Debug)]
pub(super) struct AtomicProfile(AtomicU8);

impl AtomicProfile {
    pub(super) fn new(profile: Profile) -> Self {
        Self(AtomicU8::new(profile as u8))
    }

    pub(super) fn set(&self, profile: Profile) {
        self.0.store(profile as u8, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Profile {
        if self.0.load(Ordering::Relaxed) == Profile::Latest as u8 { Profile::Latest } else { Profile::Core }
    }
}
