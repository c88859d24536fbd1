#![allow(clippy::unwrap_used)]

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::{CallHooks, FinishedCall, Hook};
use crate::model::{Outcome, Usage};
use crate::semconv::Profile;

fn call(name: &str, content: usize) -> Arc<FinishedCall> {
    let content = Some(("gen_ai.input.messages", "x".repeat(content))).filter(|_| content > 0);
    Arc::new(FinishedCall {
        name: name.to_owned(),
        operation: "chat".to_owned(),
        profile: Profile::Core,
        outcome: Outcome::Completed,
        start_time: SystemTime::UNIX_EPOCH + Duration::from_secs(1),
        duration: Some(Duration::from_millis(1500)),
        first_chunk: None,
        usage: Usage::new(),
        error_message: None,
        ids: None,
        sampled: false,
        attributes: vec![("app.tenant".into(), 7.into()), ("name".into(), "no name of ours".into())],
        content: content.into_iter().collect(),
    })
}

const LONG: Duration = Duration::from_secs(30);

fn soon() -> Instant {
    Instant::now() + LONG
}

/// A hook that reports each call and then blocks until it is released.
fn gated() -> (Arc<Hook>, Receiver<(String, bool)>, SyncSender<()>) {
    let (sender, seen) = sync_channel(100_000);
    let (open, gate) = sync_channel::<()>(100_000);
    let hook = Arc::new(Hook::new(move |call: &FinishedCall| {
        sender.send((call.name().to_owned(), call.input_messages().is_some())).unwrap();
        let _ = gate.recv_timeout(LONG);
    }));
    (hook, seen, open)
}

#[test]
fn calls_come_in_order_and_those_that_do_not_fit_are_dropped_and_counted() {
    let (hook, seen, open) = gated();
    hook.push(call("0", 0));
    // The closure processes its first call until the gate opens.
    assert_eq!(seen.recv_timeout(LONG).unwrap().0, "0");
    let begun = Instant::now();
    (1..6000).for_each(|number| hook.push(call(&number.to_string(), 0)));
    assert!(begun.elapsed() < LONG / 2);
    let counts = hook.counts();
    assert!((4096..=4097).contains(&counts.waiting) && counts.queue_full == 6000 - counts.waiting, "{counts:?}");
    assert!(!hook.flush(Instant::now() + Duration::from_millis(10)));
    (0..5000).for_each(|_| open.send(()).unwrap());
    assert!(hook.flush(soon()));
    let names: Vec<u64> = seen.try_iter().map(|(name, _)| name.parse().unwrap()).collect();
    assert_eq!(names, (1..hook.counts().handed_over).collect::<Vec<_>>());
    assert_eq!(hook.counts().waiting, 0);
}

#[test]
fn when_bytes_run_out_content_goes_first() {
    let (hook, seen, open) = gated();
    (0..40).for_each(|number| hook.push(call(&number.to_string(), 1 << 20)));
    (0..40).for_each(|_| open.send(()).unwrap());
    assert!(hook.flush(soon()));
    let counts = hook.counts();
    assert_eq!((counts.handed_over, counts.queue_full), (40, 0));
    let without = seen.try_iter().filter(|(_, content)| !content).count();
    assert!(without > 0 && without as u64 == counts.content_dropped, "{counts:?}");
}

#[test]
fn a_closure_that_panics_misses_that_call_only() {
    let hooks = CallHooks::default();
    let hook = Arc::new(Hook::new(|call: &FinishedCall| assert_ne!(call.name(), "bad")));
    hooks.add(Arc::clone(&hook));
    ["good", "bad", "good"].into_iter().for_each(|name| hook.push(call(name, 0)));
    assert!(hooks.flush(LONG));
    assert_eq!((hooks.handed_over(), hooks.dropped(), hooks.waiting()), (2, 1, 0));
    assert!(crate::user_code::failures().iter().any(|line| line.starts_with("the closure given to `with_call_hook`")));
}

#[test]
fn a_closure_that_flushes_does_not_wait_for_itself() {
    let hooks = CallHooks::default();
    let inner = hooks.clone();
    let flushed = Arc::new(Mutex::new(None));
    let told = Arc::clone(&flushed);
    let hook = Arc::new(Hook::new(move |_: &FinishedCall| *told.lock().unwrap() = Some(inner.flush(LONG))));
    hooks.add(Arc::clone(&hook));
    hook.push(call("one", 0));
    assert!(hooks.flush(LONG / 2));
    assert_eq!(*flushed.lock().unwrap(), Some(false));
}

#[test]
fn what_waits_is_handed_over_after_the_last_handle_is_gone() {
    let (hook, seen, open) = gated();
    ["one", "two"].into_iter().for_each(|name| hook.push(call(name, 0)));
    drop(hook);
    (0..2).for_each(|_| open.send(()).unwrap());
    assert_eq!(seen.recv_timeout(LONG).unwrap().0, "one");
    assert_eq!(seen.recv_timeout(LONG).unwrap().0, "two");
    // The closure is dropped with its thread.
    assert!(seen.recv_timeout(LONG).is_err());
}

#[test]
fn a_forked_child_has_a_thread_of_its_own_and_leaves_what_waited_to_its_parent() {
    let (hook, seen, open) = gated();
    hook.push(call("parent's, under way", 0));
    assert_eq!(seen.recv_timeout(LONG).unwrap().0, "parent's, under way");
    hook.push(call("parent's, waiting", 0));
    hook.start_as_in_child();
    hook.push(call("child's", 0));
    (0..2).for_each(|_| open.send(()).unwrap());
    assert_eq!(seen.recv_timeout(LONG).unwrap().0, "child's");
}

#[test]
fn a_call_is_one_flat_object_with_each_name_once() {
    let json = serde_json::to_string(&*call("chat", 0)).unwrap();
    assert_eq!(
        json,
        r#"{"name":"chat","start_time_unix_nano":1000000000,"duration_seconds":1.5,"sampled":false,"app.tenant":7}"#
    );
}
