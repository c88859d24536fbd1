//! Runs scrubbers on recorded texts.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::place::Place;
use super::report::Report;
use super::scrub_guard::Watched;
use crate::credentials::REDACTED;

/// Changes texts before they are recorded.
pub(super) trait Scrub: Send + Sync {
    /// Returns the changed text, or `None` if nothing changed. Calls `hit` with the rule's name for each match.
    fn scrub(&self, text: &str, place: &Place<'_>, hit: &mut dyn FnMut(&str)) -> Option<String>;
}

/// A scrubber from a user closure.
pub(super) struct Closure<F>(pub(super) F);

impl<F: Fn(&str, &Place<'_>) -> Option<String> + Send + Sync> Scrub for Closure<F> {
    fn scrub(&self, text: &str, place: &Place<'_>, hit: &mut dyn FnMut(&str)) -> Option<String> {
        let changed = (self.0)(text, place).filter(|changed| changed != text);
        if changed.is_some() {
            hit("custom");
        }
        changed
    }
}

/// The scrubbers of a policy, in running order.
#[derive(Clone)]
pub(crate) struct Scrubbers {
    all: Vec<Arc<Watched>>,
    /// The time limit for one text, after which it is masked.
    pub(super) time: Duration,
    failures: Arc<AtomicU64>,
}

impl Default for Scrubbers {
    fn default() -> Self {
        Self { all: Vec::new(), time: Duration::from_millis(250), failures: Arc::default() }
    }
}

impl fmt::Debug for Scrubbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrubbers({})", self.all.len())
    }
}

impl Scrubbers {
    pub(super) fn push(&mut self, scrubber: impl Scrub + 'static) {
        self.all.push(Arc::new(Watched::new(scrubber)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Appends these scrubbers to those of `before`.
    pub(super) fn after(mut self, before: &Scrubbers) -> Self {
        let own = std::mem::take(&mut self.all);
        self.all.clone_from(&before.all);
        self.all.extend(own.into_iter().filter(|new| !before.all.iter().any(|old| Arc::ptr_eq(old, new))));
        self
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Scrubs a text. Scrubbers receive the whole text even if it is cut later: a cut could split a match.
    pub(super) fn run<'t>(&self, text: &'t str, place: Place<'_>, report: &mut Report) -> Cow<'t, str> {
        let mut clean = Cow::Borrowed(text);
        let begun = Instant::now();
        for scrubber in &self.all {
            let mut hits: Vec<(String, u64)> = Vec::new();
            let mut hit = |rule: &str| match hits.iter_mut().find(|(known, _)| known == rule) {
                Some((_, times)) => *times += 1,
                None => hits.push((rule.to_owned(), 1)),
            };
            let failed = match scrubber.run(&clean, &place, self.time, begun, &mut hit) {
                Err(failed) => Some(failed),
                Ok(changed) => {
                    if let Some(changed) = changed {
                        clean = Cow::Owned(changed);
                    }
                    None
                }
            };
            if let Some(failed) = failed {
                self.failures.fetch_add(1, Ordering::Relaxed);
                failed.warn();
                report.dropped("scrubber_failed");
                return Cow::Borrowed(REDACTED);
            }
            for (rule, times) in hits {
                report.scrubbed(&rule, times);
            }
        }
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::place::TextKind;

    fn run(scrubbers: &Scrubbers, text: &str) -> (String, Vec<String>) {
        let mut report = Report::default();
        let clean = scrubbers.run(text, Place::of(TextKind::Text), &mut report).into_owned();
        (clean, report.values())
    }

    #[test]
    fn scrubbers_run_one_after_the_other() {
        let mut scrubbers = Scrubbers::default();
        scrubbers.push(Closure(|text: &str, _: &Place<'_>| Some(text.replace("secret", "key"))));
        scrubbers.push(Closure(|text: &str, _: &Place<'_>| Some(text.replace("key", "*"))));
        assert_eq!(run(&scrubbers, "a secret"), ("a *".to_owned(), vec!["scrubbed:custom=2".to_owned()]));
        assert_eq!(run(&scrubbers, "nothing"), ("nothing".to_owned(), vec![]));
    }

    #[test]
    fn a_scrubber_that_panics_masks_the_text() {
        let mut scrubbers = Scrubbers::default();
        scrubbers.push(Closure(|_: &str, _: &Place<'_>| -> Option<String> { panic!("no") }));
        let (clean, report) = run(&scrubbers, "a secret");
        assert_eq!((clean.as_str(), report), (REDACTED, vec!["masked:scrubber_failed=1".to_owned()]));
        assert_eq!(scrubbers.failures(), 1);
    }

    #[test]
    fn a_scrubber_that_overruns_its_time_masks_the_text() {
        let mut scrubbers = Scrubbers { time: Duration::ZERO, ..Scrubbers::default() };
        scrubbers.push(Closure(|_: &str, _: &Place<'_>| {
            std::thread::sleep(Duration::from_millis(1));
            None
        }));
        assert_eq!(run(&scrubbers, "a secret").0, REDACTED);
    }

    #[test]
    fn a_scrubber_that_keeps_overrunning_is_not_run_any_more() {
        let runs = Arc::new(AtomicU64::new(0));
        let counted = runs.clone();
        let mut scrubbers = Scrubbers { time: Duration::ZERO, ..Scrubbers::default() };
        scrubbers.push(Closure(move |_: &str, _: &Place<'_>| {
            counted.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(1));
            None
        }));
        for _ in 0..10 {
            assert_eq!(run(&scrubbers, "a secret").0, REDACTED);
        }
        assert_eq!((runs.load(Ordering::Relaxed), scrubbers.failures()), (3, 10));
    }

    #[test]
    fn while_a_scrubber_hangs_other_texts_are_masked_and_nobody_else_waits() {
        let (entered, has_entered) = std::sync::mpsc::channel();
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let mut scrubbers = Scrubbers { time: Duration::ZERO, ..Scrubbers::default() };
        scrubbers.push(Closure(move |text: &str, _: &Place<'_>| {
            entered.send(text.to_owned()).expect("the test waits");
            let _ = wait.lock().expect("not poisoned").recv();
            None
        }));
        std::thread::scope(|scope| {
            let hung = scope.spawn(|| run(&scrubbers, "the first").0);
            assert_eq!(has_entered.recv().as_deref(), Ok("the first"));
            std::thread::sleep(Duration::from_millis(1));
            assert_eq!(run(&scrubbers, "the second").0, REDACTED);
            drop(go_on);
            assert_eq!(hung.join().expect("no panic"), REDACTED);
        });
        assert!(has_entered.try_recv().is_err(), "it was given one text only");
    }

    #[test]
    fn a_secret_far_behind_what_is_kept_is_found_whole() {
        let mut scrubbers = Scrubbers::default();
        scrubbers.push(Closure(|text: &str, _: &Place<'_>| Some(text.replace('x', "").replace("SECRET", "*"))));
        let head = "x".repeat(100_000);
        assert_eq!(run(&scrubbers, &format!("{head}SECRET and more")).0, "* and more");
    }
}
