//! Changes of the policy at run time.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};

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
    /// The handle whose policy is used in place of this one.
    leader: ArcSwapOption<Shared>,
    /// Whether there is a leader: every span asks.
    follows: AtomicBool,
}

impl PolicyHandle {
    /// Creates a handle that holds `policy`.
    pub fn new(policy: Policy) -> Self {
        let shared = Shared {
            captures: AtomicBool::new(policy.capture != Capture::Off),
            policy: ArcSwap::from_pointee(policy),
            epoch: AtomicU64::new(0),
            writing: Mutex::default(),
            leader: ArcSwapOption::empty(),
            follows: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The current policy.
    pub fn get(&self) -> Policy {
        self.of_leader(|shared| Policy::clone(&shared.policy.load()))
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
        self.of_leader(|shared| shared.update(change));
    }

    /// Shares the policy of another handle from now on: a change through either is one of both. Locked masks are kept.
    pub(crate) fn follow(&self, leader: &PolicyHandle) {
        static FOLLOWING: Mutex<()> = Mutex::new(());
        let own = self.get();
        if own.locked {
            leader.update(|policy| policy.tighten(&own));
        }
        let _following = FOLLOWING.lock().unwrap_or_else(PoisonError::into_inner);
        // In a circle, they share a policy already.
        let is_followed_by_leader = leader.leaders().any(|leader| Arc::ptr_eq(&leader, &self.shared));
        if !is_followed_by_leader {
            self.shared.leader.store(Some(leader.shared.clone()));
            self.shared.follows.store(true, Ordering::Release);
        }
    }

    /// This handle, and those whose policies it shares.
    fn leaders(&self) -> impl Iterator<Item = Arc<Shared>> {
        std::iter::successors(Some(self.shared.clone()), |shared| shared.leader.load_full())
    }

    /// Uses the handle whose policy this one shares.
    #[inline]
    fn of_leader<T>(&self, get: impl FnOnce(&Shared) -> T) -> T {
        if !self.shared.follows.load(Ordering::Acquire) {
            return get(&self.shared);
        }
        get(self.leaders().last().as_ref().unwrap_or(&self.shared))
    }

    /// Whether content is captured.
    pub(crate) fn captures(&self) -> bool {
        self.of_leader(|shared| shared.captures.load(Ordering::Acquire))
    }

    /// Whether free text with this target is content.
    pub(crate) fn is_content_target(&self, target: &str) -> bool {
        self.of_leader(|shared| shared.policy.load().is_content_target(target))
    }

    /// A snapshot of the policy. Take a new one when a call ends.
    pub(crate) fn state(&self) -> PolicyState {
        self.of_leader(|shared| PolicyState::new(shared.policy.load()))
    }

    /// The version of the policy. Read it before [`state`](Self::state): a change in between is then processed twice
    /// instead of missed.
    pub(crate) fn stamp(&self) -> Stamp {
        self.of_leader(|shared| Stamp { handle: shared.address(), epoch: shared.epoch.load(Ordering::Acquire) })
    }
}

impl Shared {
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn update(&self, change: impl FnOnce(Policy) -> Policy) {
        let updating = Updating::begin(self.address());
        let _writing = (!updating.is_nested).then(|| self.writing.lock().unwrap_or_else(PoisonError::into_inner));
        let before = self.policy.load_full();
        let after = change(Policy::clone(&before)).tighten(&before);
        let captures = after.capture != Capture::Off;
        self.policy.store(Arc::new(after));
        self.captures.store(captures, Ordering::Release);
        self.epoch.fetch_add(1, Ordering::Release);
    }
}

thread_local! {
    /// The addresses of the handles that this thread changes.
    static UPDATED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Marks on this thread that a handle is being changed: a second lock by the same thread would wait for itself.
struct Updating {
    is_nested: bool,
}

impl Updating {
    fn begin(handle: usize) -> Self {
        let is_nested = UPDATED.try_with(|updated| {
            let mut updated = updated.borrow_mut();
            let is_nested = updated.contains(&handle);
            updated.push(handle);
            is_nested
        });
        Self { is_nested: is_nested.unwrap_or_default() }
    }
}

impl Drop for Updating {
    fn drop(&mut self) {
        let _ = UPDATED.try_with(|updated| updated.borrow_mut().pop());
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

    fn text(handle: &PolicyHandle) -> String {
        format!("{:?}", handle.get())
    }

    #[test]
    fn a_change_inside_of_a_change_does_not_wait_for_itself() {
        let [handle, other] = [(); 2].map(|()| PolicyHandle::default());
        handle.update(|policy| {
            handle.set(Policy::new().capture(Capture::Span));
            other.update(|other| {
                handle.set(Policy::new());
                other
            });
            policy.mask_input(true)
        });
        assert_eq!(text(&handle), format!("{:?}", Policy::new().mask_input(true)));

        let change = std::panic::AssertUnwindSafe(|| handle.update(|_| panic!("on purpose")));
        let panicked = std::panic::catch_unwind(change);
        assert!(panicked.is_err());
        handle.set(Policy::new());
    }

    #[test]
    fn a_change_through_a_follower_or_its_leader_is_one_of_both() {
        let masked = || Policy::new().mask_input(true);
        let [first, second, third] = [(); 3].map(|()| PolicyHandle::default());
        second.follow(&first);
        third.follow(&second);
        for handle in [&first, &second, &third] {
            handle.set(masked());
            assert_eq!([&first, &second, &third].map(text), [&first; 3].map(text));
            // A change inside of a change of the other does not wait for itself.
            handle.update(|policy| {
                first.set(Policy::new());
                third.set(Policy::new());
                policy.mask_input(false)
            });
            assert_eq!(text(&second), text(&PolicyHandle::default()));
        }
        // In a circle, all keep the policy that they share.
        first.follow(&third);
        first.follow(&first);
        second.set(masked());
        assert_eq!([&first, &second, &third].map(text), [&second; 3].map(text));
    }

    #[test]
    fn a_follower_has_one_leader() {
        let [follower, first, second] = [(); 3].map(|()| PolicyHandle::default());
        follower.follow(&first);
        second.set(Policy::new().mask_input(true));
        follower.follow(&second);
        first.set(Policy::new().capture(Capture::Span));
        assert_eq!(text(&follower), text(&second));
    }

    #[test]
    fn changes_of_a_locked_policy_do_not_repeat_its_rules() {
        let policy = Policy::new().input_key("a").plain_key("b").content_target("t").scrub(|_, _| None).lock_masked();
        let handle = PolicyHandle::new(policy);
        let before = text(&handle);
        (0..40).for_each(|_| handle.update(|policy| policy.mask_input(true)));
        assert_eq!(text(&handle), before);
    }

    #[test]
    fn a_locked_follower_keeps_its_masks() {
        let follower = PolicyHandle::new(Policy::new().mask_input(true).lock_masked());
        let leader = PolicyHandle::new(Policy::new().capture(Capture::Span));
        follower.follow(&leader);
        leader.set(Policy::new().capture(Capture::Span));
        assert!(follower.get().masks.input && leader.get().masks.input);
    }
}
