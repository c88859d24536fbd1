//! Built-in scrubbing rules and user-defined patterns.

#[cfg(test)]
mod forms;
mod known;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use regex::Regex;

use crate::credentials;
use crate::policy::place::{Place, TextKind};
use crate::policy::scrub::Scrub;

/// Built-in scrubbing rules and your own patterns, for [`Policy::rules`](crate::Policy::rules).
///
/// Each match is replaced by the name of its rule: `[EMAIL]`.
///
/// ```
/// use llm_trace::{Policy, Rule, ScrubRules};
///
/// let rules = ScrubRules::all().without(Rule::Ip).pattern("customer", r"\bC-\d{6}\b")?;
/// let policy = Policy::new().rules(rules);
/// # Ok::<(), llm_trace::PatternError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ScrubRules {
    rules: Vec<Rule>,
    patterns: Vec<(String, String, Regex)>,
}

/// A built-in rule.
///
/// ```
/// use llm_trace::{Policy, Rule, ScrubRules};
/// use tracing_subscriber::prelude::*;
///
/// let policy = Policy::new().rules(ScrubRules::none().with(Rule::Email).with(Rule::Card));
/// tracing_subscriber::registry().with(llm_trace::layer().with_policy(policy)).init();
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// API keys of model providers, clouds, code hosts and payment services; private keys in PEM.
    ApiKey,
    /// JSON web tokens.
    Jwt,
    /// `Bearer …` and `Basic …`, as in an `Authorization` header, and `key=…`, `password: …`.
    Bearer,
    /// E-mail addresses.
    Email,
    /// International bank account numbers with valid check digits.
    Iban,
    /// Card numbers of 13 to 19 digits that pass the Luhn check.
    Card,
    /// IPv4 and IPv6 addresses.
    Ip,
    /// Phone numbers: international, or grouped like one.
    Phone,
}

/// The error for an invalid regular expression.
///
/// ```
/// use llm_trace::ScrubRules;
///
/// let error = ScrubRules::none().pattern("customer", "(").unwrap_err();
/// assert!(error.to_string().contains("customer"));
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the pattern of the scrubbing rule {name:?} cannot be used: {source}")]
pub struct PatternError {
    name: String,
    source: regex::Error,
}

impl ScrubRules {
    /// Creates an empty set of rules.
    pub fn none() -> Self {
        Self { rules: Vec::new(), patterns: Vec::new() }
    }

    /// Creates a set of all built-in rules.
    pub fn all() -> Self {
        Self { rules: Rule::ALL.to_vec(), patterns: Vec::new() }
    }

    /// Adds a built-in rule.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        // Each rule once, in the order in which the rules must run.
        self.rules = Rule::ALL.into_iter().filter(|known| self.rules.contains(known)).collect();
        self
    }

    /// Removes a built-in rule.
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        self.rules.retain(|known| *known != rule);
        self
    }

    /// Adds a pattern in the syntax of the `regex` crate. Its matches are replaced by `name` in upper case and
    /// brackets, and counted under `name`. Patterns run before the built-in rules.
    ///
    /// # Errors
    ///
    /// If the pattern is not a valid regular expression, or is too large.
    pub fn pattern(mut self, name: &str, pattern: &str) -> Result<Self, PatternError> {
        let regex = Regex::new(pattern).map_err(|source| PatternError { name: name.to_owned(), source })?;
        self.patterns.push((name.to_owned(), format!("[{}]", name.to_uppercase()), regex));
        Ok(self)
    }
}

impl Scrub for ScrubRules {
    fn scrub(&self, text: &str, place: &Place<'_>, hit: &mut dyn FnMut(&str)) -> Option<String> {
        if place.kind() == TextKind::Media {
            return None;
        }
        let plain = without_gaps(text);
        let mut clean = Cow::Borrowed(&*plain);
        for (name, stand_in, regex) in &self.patterns {
            replace(&mut clean, regex, stand_in, &mut |_, start, end| Some(end - start), &mut || hit(name));
        }
        for rule in &self.rules {
            if *rule == Rule::ApiKey {
                private_keys(&mut clean, &mut || hit(rule.name()));
            }
            if let Some(regex) = rule.regex() {
                let verify = &mut |text: &str, start, end| rule.verify(text, start, end);
                replace(&mut clean, regex, rule.stand_in(), verify, &mut || hit(rule.name()));
            }
            if *rule == Rule::Bearer {
                let (without, found) = credentials::clean_with(&clean, rule.stand_in());
                if let Cow::Owned(without) = without {
                    (0..found).for_each(|_| hit(rule.name()));
                    clean = Cow::Owned(without);
                }
            }
        }
        match clean {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => Some(clean),
        }
    }
}

/// Removes invisible characters and normalizes spaces, which can split a number.
fn without_gaps(text: &str) -> Cow<'_, str> {
    let is_gap = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let is_blank = |c: char| matches!(c, '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}');
    let is_dash = |c: char| matches!(c, '\u{2010}'..='\u{2013}' | '\u{2212}');
    if text.is_ascii() || !text.contains(|c| is_gap(c) || is_blank(c) || is_dash(c)) {
        return Cow::Borrowed(text);
    }
    let plain = |c| {
        if is_blank(c) {
            ' '
        } else if is_dash(c) {
            '-'
        } else {
            c
        }
    };
    Cow::Owned(text.chars().filter(|c| !is_gap(*c)).map(plain).collect())
}

/// Replaces private keys in PEM.
fn private_keys(clean: &mut Cow<'_, str>, hit: &mut dyn FnMut()) {
    let (mut out, mut copied) = (String::new(), 0);
    while let Some((start, end)) = known::private_key(clean, copied) {
        out.push_str(&clean[copied..start]);
        out.push_str(Rule::ApiKey.stand_in());
        hit();
        copied = end;
    }
    if copied > 0 {
        out.push_str(&clean[copied..]);
        *clean = Cow::Owned(out);
    }
}

/// Replaces every match that `verify` accepts.
fn replace(
    clean: &mut Cow<'_, str>,
    regex: &Regex,
    stand_in: &str,
    verify: &mut dyn FnMut(&str, usize, usize) -> Option<usize>,
    hit: &mut dyn FnMut(),
) {
    let mut out = String::new();
    let (mut copied, mut from) = (0, 0);
    while let Some(found) = regex.find_at(clean, from) {
        let (start, end) = (found.start(), found.end());
        match verify(clean, start, end).filter(|len| *len > 0) {
            Some(len) => {
                out.push_str(&clean[copied..start]);
                out.push_str(stand_in);
                hit();
                copied = start + len;
                from = copied;
            }
            // Another match may start inside this one.
            None => from = clean[start..].chars().next().map_or(clean.len() + 1, |c| start + c.len_utf8()),
        }
        if from > clean.len() {
            break;
        }
    }
    if copied > 0 {
        out.push_str(&clean[copied..]);
        *clean = Cow::Owned(out);
    }
}
