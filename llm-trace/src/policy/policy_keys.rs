//! What a policy knows to be content, by key and by target.

use super::keys::{Class, KeyPattern, KnownKey, Wording};
use super::permit::Side;
use super::policy::Policy;
use super::{content_targets, keys};

impl Policy {
    /// Says that attributes and fields under this key hold what is sent to models, whoever makes
    /// them. A key that ends in `*` stands for all that begin so.
    ///
    /// The keys of known conventions and tools are known; see "What leaves your process".
    #[must_use]
    pub fn input_key(self, key: &str) -> Self {
        self.key(key, Class::Content(Side::Input, None))
    }

    /// As [`input_key`](Self::input_key), for what models answer.
    #[must_use]
    pub fn output_key(self, key: &str) -> Self {
        self.key(key, Class::Content(Side::Output, None))
    }

    /// Says that attributes and fields under this key hold no free text: inside a masked call,
    /// other crates' values under keys that nobody knows are masked, and these are not. Keys that
    /// are known to hold content stay masked.
    #[must_use]
    pub fn plain_key(self, key: &str) -> Self {
        self.key(key, Class::Fact(Wording::Any))
    }

    fn key(mut self, key: &str, class: Class) -> Self {
        self.keys.push((KeyPattern::new(key), class));
        self
    }

    /// Says that free text written under this target, or one below it, holds whole requests or
    /// answers: the messages of its events, and fields under keys that nobody knows. Such text goes
    /// out only while capture is on and no side is masked.
    ///
    /// Client crates that are known to write so are known; see "What leaves your process".
    ///
    /// ```
    /// use llm_trace::Policy;
    ///
    /// let policy = Policy::new().content_target("my_client");
    /// ```
    #[must_use]
    pub fn content_target(mut self, target: impl Into<String>) -> Self {
        content_targets::expect();
        self.targets.push((target.into(), true));
        self
    }

    /// Says that free text written under this target is like anyone's: for a crate of your own that
    /// has the name of a known client.
    ///
    /// ```
    /// let policy = llm_trace::Policy::new().plain_target("rig");
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn plain_target(mut self, target: impl Into<String>) -> Self {
        self.targets.push((target.into(), false));
        self
    }

    /// Whether the user says that free text written under this target is like anyone's.
    pub(super) fn is_plain_target(&self, target: &str) -> bool {
        let mut said = self.targets.iter().filter(|(module, _)| content_targets::is_below(target, module)).peekable();
        said.peek().is_some() && said.all(|(_, content)| !content)
    }

    /// Whether free text written under this target holds content.
    pub(crate) fn is_wordy(&self, target: &str) -> bool {
        let mut said = self.targets.iter().filter(|(module, _)| content_targets::is_below(target, module));
        match said.next() {
            None => content_targets::is_known(target),
            Some((_, content)) => *content || said.any(|(_, content)| *content),
        }
    }

    /// What stands under a key: content if anyone says so.
    pub(super) fn class(&self, key: &str) -> Class {
        self.known(key).class
    }

    /// As [`class`](Self::class), and whether only model calls have such a key.
    pub(crate) fn known(&self, key: &str) -> KnownKey {
        let known = keys::known(key);
        if matches!(known.class, Class::Content(..) | Class::Secret | Class::Error) || self.keys.is_empty() {
            return known;
        }
        KnownKey { class: self.named_class(key, known.class), ..known }
    }

    /// The class that this policy gives a key, in place of that of the table.
    fn named_class(&self, key: &str, known: Class) -> Class {
        let mut said = self.keys.iter().filter(|(pattern, _)| pattern.fits(key)).map(|(_, class)| *class);
        let first = said.next();
        said.find(|class| matches!(class, Class::Content(..)))
            .or(first)
            .filter(|class| !matches!(class, Class::Fact(_)) || known == Class::Unknown)
            .unwrap_or(known)
    }
}
