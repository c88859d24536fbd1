//! Changes of the policy at run time.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;

use super::permit::PolicyState;
use super::policy::{Capture, Policy};

/// A policy that can be changed while the program runs. Clones share the policy.
///
/// A call that ends after [`set`](Self::set) or [`update`](Self::update) returns is recorded under the new policy, even if
/// it started before. Behind `RedactProcessor` this holds for every span. Layers apply the policy to the values of other
/// code when they are recorded.
///
/// ```
/// use llm_trace::{Capture, Policy, PolicyHandle};
///
/// let handle = PolicyHandle::new(Policy::new().capture(Capture::Span));
/// handle.update(|policy| policy.mask_input(true).mask_output(true));
///
/// // Replaces the policy and restores it later. A locked policy keeps its masks.
/// let before = handle.get();
/// handle.set(Policy::new());
/// handle.set(before);
/// ```
#[derive(Clone, Debug)]
pub struct PolicyHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    policy: ArcSwap<Policy>,
    /// Whether the policy captures content: calls ask more often than it changes.
    captures: AtomicBool,
    epoch: AtomicU64,
    /// Serializes writers, so that no change is lost between load and store.
    writing: Mutex<()>,
    /// The handles that take over each policy of this one.
    followers: Mutex<Vec<Weak<Shared>>>,
}

impl PolicyHandle {
    /// Creates a handle that holds `policy`.
    pub fn new(policy: Policy) -> Self {
        let captures = AtomicBool::new(policy.capture != Capture::Off);
        let policy = ArcSwap::from_pointee(policy);
        let shared = Shared {
            policy,
            captures,
            epoch: AtomicU64::new(0),
            writing: Mutex::default(),
            followers: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The current policy.
    pub fn get(&self) -> Policy {
        Policy::clone(&self.shared.policy.load())
    }

    /// Replaces the policy. A locked policy keeps its masks.
    pub fn set(&self, policy: Policy) {
        self.update(|_| policy);
    }

    /// Changes the policy. A locked policy keeps its masks.
    ///
    /// Changes run one after the other. If `change` itself calls `set` or `update` of this handle, its own return value
    /// replaces that inner change.
    pub fn update(&self, change: impl FnOnce(Policy) -> Policy) {
        let updating = Updating::begin(&self.shared);
        let _writing =
            (!updating.is_nested).then(|| self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner));
        let before = self.shared.policy.load_full();
        let after = change(Policy::clone(&before)).tighten(&before);
        let captures = after.capture != Capture::Off;
        self.shared.policy.store(Arc::new(after));
        self.shared.captures.store(captures, Ordering::Release);
        self.shared.epoch.fetch_add(1, Ordering::Release);
        for follower in self.followers() {
            follower.set(self.get());
        }
    }

    /// Takes over the policy of another handle, now and after each of its changes.
    pub(crate) fn follow(&self, leader: &PolicyHandle) {
        static FOLLOWING: Mutex<()> = Mutex::new(());
        let _following = FOLLOWING.lock().unwrap_or_else(PoisonError::into_inner);
        // In a circle, a change would have no end.
        if self.leads(leader) {
            return;
        }
        // As a change of the leader, so that no other change comes in between.
        leader.update(|policy| {
            let mut followers = leader.shared.followers.lock().unwrap_or_else(PoisonError::into_inner);
            followers.retain(|follower| follower.strong_count() > 0);
            followers.push(Arc::downgrade(&self.shared));
            policy
        });
    }

    /// Whether `other` is this handle, or takes over its changes.
    fn leads(&self, other: &PolicyHandle) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared) || self.followers().iter().any(|follower| follower.leads(other))
    }

    fn followers(&self) -> Vec<PolicyHandle> {
        let followers = self.shared.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.iter().filter_map(Weak::upgrade).map(|shared| PolicyHandle { shared }).collect()
    }

    /// Whether content is captured.
    pub(crate) fn captures(&self) -> bool {
        self.shared.captures.load(Ordering::Acquire)
    }

    /// Whether free text with this target is content.
    pub(crate) fn is_content_target(&self, target: &str) -> bool {
        self.shared.policy.load().is_content_target(target)
    }

    /// A snapshot of the policy. Take a new one when a call ends.
    pub(crate) fn state(&self) -> PolicyState {
        PolicyState::new(self.shared.policy.load())
    }

    /// The version of the policy. Read it before [`state`](Self::state): a change in between is then processed twice
    /// instead of missed.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { handle: Arc::as_ptr(&self.shared).addr(), epoch: self.shared.epoch.load(Ordering::Acquire) }
    }
}

thread_local! {
    /// The address of the handle that this thread changes, or 0.
    static UPDATED: Cell<usize> = const { Cell::new(0) };
}

/// Marks on this thread that a handle is being changed: a second lock by the same thread would wait for itself.
struct Updating {
    outer: usize,
    is_nested: bool,
}

impl Updating {
    fn begin(shared: &Arc<Shared>) -> Self {
        let own = Arc::as_ptr(shared).addr();
        let outer = UPDATED.replace(own);
        Self { outer, is_nested: outer == own }
    }
}

impl Drop for Updating {
    fn drop(&mut self) {
        UPDATED.set(self.outer);
    }
}

/// Identifies a handle and a version of its policy.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_inside_of_a_change_does_not_wait_for_itself() {
        let handle = PolicyHandle::new(Policy::new());
        handle.update(|policy| {
            handle.set(Policy::new().capture(Capture::Span));
            policy.mask_input(true)
        });
        assert_eq!(format!("{:?}", handle.get()), format!("{:?}", Policy::new().mask_input(true)));

        let change = std::panic::AssertUnwindSafe(|| handle.update(|_| panic!("on purpose")));
        let panicked = std::panic::catch_unwind(change);
        assert!(panicked.is_err());
        handle.set(Policy::new());
    }

    #[test]
    fn a_follower_takes_over_each_change_also_in_a_chain_and_never_in_a_circle() {
        let text = |handle: &PolicyHandle| format!("{:?}", handle.get());
        let [first, second, third] = [(); 3].map(|()| PolicyHandle::default());
        first.set(Policy::new().mask_input(true));
        second.follow(&first);
        third.follow(&second);
        first.follow(&third);
        first.follow(&first);
        assert_eq!(text(&third), text(&first));
        first.set(Policy::new().mask_output(true));
        assert_eq!((text(&second), text(&third)), (text(&first), text(&first)));
        third.set(Policy::new());
        assert_ne!(text(&third), text(&first));
    }

    #[test]
    fn changes_of_a_locked_policy_do_not_repeat_its_rules() {
        let policy = Policy::new().input_key("a").plain_key("b").content_target("t").scrub(|_, _| None).lock_masked();
        let handle = PolicyHandle::new(policy);
        let before = format!("{:?}", handle.get());
        (0..40).for_each(|_| handle.update(|policy| policy.mask_input(true)));
        assert_eq!(format!("{:?}", handle.get()), before);
    }

    #[test]
    fn a_locked_follower_keeps_its_masks() {
        let follower = PolicyHandle::new(Policy::new().mask_input(true).lock_masked());
        follower.follow(&PolicyHandle::new(Policy::new().capture(Capture::Span)));
        assert!(follower.get().masks.input);
    }
}
