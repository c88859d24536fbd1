//! The keys and targets that a policy classifies.

use super::keys::{Class, IdentifierKind, KeyPattern, KnownKey};
use super::policy::Policy;
use super::side::Side;
use super::{content_targets, keys};

impl Policy {
    /// Declares that attributes and fields with this key hold the input of a model, in every crate. A trailing `*`
    /// matches all keys with this prefix.
    ///
    /// The keys of known conventions and tools are built in. See "What leaves your process".
    #[must_use]
    pub fn input_key(self, key: &str) -> Self {
        self.key(key, Class::Content(Side::Input, None))
    }

    /// Like [`input_key`](Self::input_key), for the output of a model.
    #[must_use]
    pub fn output_key(self, key: &str) -> Self {
        self.key(key, Class::Content(Side::Output, None))
    }

    /// Declares that attributes and fields with this key hold no content. Inside a masked call, values of other crates
    /// under unknown keys are masked; this key is exempt. Keys that are known to hold content stay masked. A locked
    /// policy takes no exemption.
    #[must_use]
    pub fn plain_key(self, key: &str) -> Self {
        if self.locked { self } else { self.key(key, Class::Fact(IdentifierKind::Any)) }
    }

    fn key(mut self, key: &str, class: Class) -> Self {
        self.keys.push((KeyPattern::new(key), class));
        self
    }

    /// Declares that free text with this target, or a target below it, holds whole requests or responses: event
    /// messages, and fields with unknown keys. Such text is recorded only while capture is on and no side is masked.
    ///
    /// Client crates that are known to log requests are built in. See "What leaves your process".
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

    /// Declares that free text with this target is not content. Use it if your own crate has the name of a known
    /// client. A locked policy takes no exemption.
    ///
    /// ```
    /// use llm_trace::Policy;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let policy = Policy::new().plain_target("rig");
    /// tracing_subscriber::registry().with(llm_trace::layer().with_policy(policy)).init();
    /// ```
    #[must_use]
    pub fn plain_target(mut self, target: impl Into<String>) -> Self {
        if !self.locked {
            self.targets.push((target.into(), false));
        }
        self
    }

    /// Whether the user exempted this target with [`plain_target`](Self::plain_target).
    pub(super) fn is_plain_target(&self, target: &str) -> bool {
        let mut rules = self.targets.iter().filter(|(module, _)| content_targets::is_below(target, module)).peekable();
        rules.peek().is_some() && rules.all(|(_, content)| !content)
    }

    /// Whether free text with this target is content.
    pub(crate) fn is_content_target(&self, target: &str) -> bool {
        let mut rules = self.targets.iter().filter(|(module, _)| content_targets::is_below(target, module));
        match rules.next() {
            None => content_targets::is_known(target),
            Some((_, content)) => *content || rules.any(|(_, content)| *content),
        }
    }

    /// The class of a key: content if the table or the user declares it.
    pub(super) fn class(&self, key: &str) -> Class {
        self.known(key).class
    }

    /// Like [`class`](Self::class), and whether only model calls have such a key.
    #[inline]
    pub(crate) fn known(&self, key: &str) -> KnownKey {
        let known = keys::known(key);
        if self.keys.is_empty() { known } else { KnownKey { class: self.named_class(key, known.class), ..known } }
    }

    /// The class that the user gave a key, in place of the table's.
    #[cold]
    fn named_class(&self, key: &str, known: Class) -> Class {
        if matches!(known, Class::Content(..) | Class::Secret | Class::Error) {
            return known;
        }
        let mut rules = self.keys.iter().filter(|(pattern, _)| pattern.fits(key)).map(|(_, class)| *class);
        let first = rules.next();
        rules
            .find(|class| matches!(class, Class::Content(..)))
            .or(first)
            .filter(|class| !matches!(class, Class::Fact(_)) || known == Class::Unknown)
            .unwrap_or(known)
    }
}
