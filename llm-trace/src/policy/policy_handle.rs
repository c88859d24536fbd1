//! Changing the policy at run time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::permit::PolicyState;
use super::policy::Policy;

/// A policy that can be changed while the program runs. Clones share it.
///
/// A span that ends after [`set`](Self::set) or [`update`](Self::update) has returned is treated
/// by the new policy, also if it began before.
///
/// ```
/// use llm_trace::{Capture, Policy, PolicyHandle};
///
/// let handle = PolicyHandle::new(Policy::new().capture(Capture::Span));
/// handle.update(|policy| policy.mask_input(true).mask_output(true));
/// // Or as a whole, if it is not locked.
/// let before = handle.get();
/// handle.set(Policy::new());
/// # let _ = before;
/// ```
#[derive(Clone, Debug)]
pub struct PolicyHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    policy: ArcSwap<Policy>,
    epoch: AtomicU64,
    /// Held while writing, so that no change is lost between reading and storing.
    writing: Mutex<()>,
}

impl PolicyHandle {
    /// Begins with `policy`.
    pub fn new(policy: Policy) -> Self {
        let policy = ArcSwap::from_pointee(policy);
        Self { shared: Arc::new(Shared { policy, epoch: AtomicU64::new(0), writing: Mutex::new(()) }) }
    }

    /// The policy as it is now.
    pub fn get(&self) -> Policy {
        Policy::clone(&self.shared.policy.load())
    }

    /// Replaces the policy. A locked policy keeps its masks.
    pub fn set(&self, policy: Policy) {
        self.update(|_| policy);
    }

    /// Changes the policy. A locked policy keeps its masks.
    pub fn update(&self, change: impl FnOnce(Policy) -> Policy) {
        let _writing = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.shared.policy.load_full();
        let after = change(Policy::clone(&before)).tighten(&before);
        self.shared.policy.store(Arc::new(after));
        self.shared.epoch.fetch_add(1, Ordering::Release);
    }

    /// Whether free text written under this target holds content.
    pub(crate) fn is_wordy(&self, target: &str) -> bool {
        self.shared.policy.load().is_wordy(target)
    }

    /// The policy, to be asked what may go out. Ask again when a call ends.
    pub(crate) fn state(&self) -> PolicyState {
        PolicyState::new(self.shared.policy.load())
    }

    /// Changes with every change of the policy. Read it before [`state`](Self::state): then a
    /// change in between is seen twice and never missed.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { handle: Arc::as_ptr(&self.shared).addr(), epoch: self.shared.epoch.load(Ordering::Acquire) }
    }
}

/// Tells handles, and the policies that one handle has held, apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stamp {
    handle: usize,
    pub(crate) epoch: u64,
}

impl Default for PolicyHandle {
    fn default() -> Self {
        Self::new(Policy::new())
    }
}

impl From<Policy> for PolicyHandle {
    fn from(policy: Policy) -> Self {
        Self::new(policy)
    }
}

impl From<&PolicyHandle> for PolicyHandle {
    fn from(handle: &PolicyHandle) -> Self {
        handle.clone()
    }
}
