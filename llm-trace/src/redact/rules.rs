//! Ready scrubbing rules: what secrets and personal data look like.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use super::place::{Place, TextKind};
use super::scrub::Scrub;

/// Ready rules, and patterns of the user's own, for [`Policy::rules`](crate::Policy::rules).
///
/// What a rule finds is replaced by its name: `[EMAIL]`.
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

/// One ready rule.
///
/// ```
/// use llm_trace::{Policy, Rule, ScrubRules};
///
/// let policy = Policy::new().rules(ScrubRules::none().with(Rule::Email).with(Rule::Card));
/// # let _ = policy;
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
    /// International bank account numbers whose check digits are right.
    Iban,
    /// Card numbers of 13 to 19 digits that pass the Luhn check.
    Card,
    /// IP addresses of both versions.
    Ip,
    /// Phone numbers: international, or grouped as one.
    Phone,
}

/// A pattern that is no regular expression.
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

impl Rule {
    // In the order in which they run: what is most telling first, so that a phone number is not
    // found inside a card number.
    const ALL: [Rule; 8] =
        [Rule::ApiKey, Rule::Jwt, Rule::Bearer, Rule::Email, Rule::Iban, Rule::Card, Rule::Ip, Rule::Phone];

    fn name(self) -> &'static str {
        match self {
            Rule::ApiKey => "api_key",
            Rule::Jwt => "jwt",
            Rule::Bearer => "bearer",
            Rule::Email => "email",
            Rule::Iban => "iban",
            Rule::Card => "card",
            Rule::Ip => "ip",
            Rule::Phone => "phone",
        }
    }

    fn stand_in(self) -> &'static str {
        match self {
            Rule::ApiKey => "[API_KEY]",
            Rule::Jwt => "[JWT]",
            Rule::Bearer => "[TOKEN]",
            Rule::Email => "[EMAIL]",
            Rule::Iban => "[IBAN]",
            Rule::Card => "[CARD]",
            Rule::Ip => "[IP]",
            Rule::Phone => "[PHONE]",
        }
    }

    fn regex(self) -> Option<&'static Regex> {
        static ALL: LazyLock<Vec<Option<Regex>>> =
            LazyLock::new(|| Rule::ALL.iter().map(|rule| Regex::new(pattern(*rule)).ok()).collect());
        ALL.get(Rule::ALL.iter().position(|rule| *rule == self)?)?.as_ref()
    }

    /// How much of a match is really one, in bytes.
    fn verify(self, text: &str, start: usize, end: usize) -> Option<usize> {
        let found = &text[start..end];
        match self {
            Rule::Card => (luhn(found) && !beside_digit(text, start, end)).then_some(found.len()),
            Rule::Iban => iban_len(found),
            Rule::Ip => is_ip(text, start, end).then_some(found.len()),
            Rule::Phone => {
                let digits = found.bytes().filter(u8::is_ascii_digit).count();
                ((8..=15).contains(&digits) && !beside_digit(text, start, end)).then_some(found.len())
            }
            _ => Some(found.len()),
        }
    }
}

fn pattern(rule: Rule) -> &'static str {
    match rule {
        Rule::ApiKey => {
            r"(?x)
            -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----[A-Za-z0-9+/=\s:,-]*?(?:-----END\ [A-Z\ ]*PRIVATE\ KEY-----|\z)
            | \b(?:
                sk-(?:[A-Za-z]+[0-9]*-)*[A-Za-z0-9_-]{16,}
              | [sp]k-lf-[0-9a-f-]{30,}
              | csk-[A-Za-z0-9]{20,}
              | (?:gsk|hf|r8|fw|esecret|key|pcsk|tgp_v1|lsv2_pt|lsv2_sk)_[A-Za-z0-9_-]{20,}
              | (?:xai|pplx|nvapi|jina|voyage|pa|co)-[A-Za-z0-9_-]{20,}
              | AIza[0-9A-Za-z_-]{30,}
              | ya29\.[0-9A-Za-z_-]{20,}
              | (?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}
              | ABSK[A-Za-z0-9+/=]{40,}
              | (?:gh[pousr]|glpat|github_pat)[_-][A-Za-z0-9_-]{20,}
              | xox[abeposr]-[A-Za-z0-9-]{10,}
              | (?:sk|rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}
              | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}
              | npm_[A-Za-z0-9]{30,}
              | dop_v1_[0-9a-f]{40,}
            )"
        }
        Rule::Jwt => r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?",
        Rule::Bearer => {
            r#"(?xi)
            \b(?:bearer|basic)\s+[A-Za-z0-9._~+/-]{8,}=*
            | \b(?:x-)?(?:api[-_\ ]?key|access[-_\ ]?token|auth[-_\ ]?token|secret[-_\ ]?(?:access[-_\ ]?)?key|client[-_\ ]?secret|password|passwd)
              ["']?\s*[:=]\s*["']?[^\s"',;\[\]{}]{8,}
            "#
        }
        Rule::Email => {
            r"[\p{L}\p{N}.!\#$%&'*+/=?^_`{|}~-]+@[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?)+"
        }
        Rule::Iban => r"(?i)\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30}",
        Rule::Card => r"[0-9](?:[ -]?[0-9]){12,18}",
        Rule::Ip => r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*",
        Rule::Phone => {
            r"(?x)
            (?:\+|\b00)[1-9][0-9]?(?:[\ ()./-]{0,2}[0-9]){6,13}
            | \(?[2-9][0-9]{2}\)?[\ .-]{1,2}[0-9]{3}[\ .-][0-9]{4}
            | \(?\b0[1-9][0-9]{1,4}\)?[\ /-]{1,3}[0-9]{2,}(?:[\ -]?[0-9]){3,9}"
        }
    }
}

fn beside_digit(text: &str, start: usize, end: usize) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    text[..start].ends_with(digit) || text[end..].starts_with(digit)
}

fn luhn(found: &str) -> bool {
    let sum: u32 = found
        .bytes()
        .rev()
        .filter(u8::is_ascii_digit)
        .enumerate()
        .map(|(at, digit)| match (at % 2, u32::from(digit - b'0')) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The longest beginning of `found` that is an IBAN: words that follow one can look like more of it.
fn iban_len(found: &str) -> Option<usize> {
    let ends = found.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).map(|(at, _)| at + 1);
    ends.skip(14).filter(|&end| iban_check(&found[..end])).last()
}

fn iban_check(text: &str) -> bool {
    let signs: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let (head, rest) = signs.split_at(signs.len().min(4));
    let remainder = rest.iter().chain(head).fold(0, |remainder, sign| match sign {
        b'0'..=b'9' => (remainder * 10 + u32::from(sign - b'0')) % 97,
        letter => (remainder * 100 + u32::from(letter.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    remainder == 1
}

fn is_ip(text: &str, start: usize, end: usize) -> bool {
    let found = &text[start..end];
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if text[..start].ends_with(word) || text[end..].starts_with(word) {
        return false;
    }
    // Paths of code (`a::b`) have no digit; times (`12:30:45`) are no address.
    found.parse::<Ipv4Addr>().is_ok()
        || (found.contains(|c: char| c.is_ascii_digit()) && found.trim_end_matches('.').parse::<Ipv6Addr>().is_ok())
}

impl ScrubRules {
    /// No rule.
    pub fn none() -> Self {
        Self { rules: Vec::new(), patterns: Vec::new() }
    }

    /// Every ready rule.
    pub fn all() -> Self {
        Self { rules: Rule::ALL.to_vec(), patterns: Vec::new() }
    }

    /// Adds a ready rule.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        // Each once, and in the order in which they have to run.
        self.rules = Rule::ALL.into_iter().filter(|known| self.rules.contains(known)).collect();
        self
    }

    /// Leaves out a ready rule.
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        self.rules.retain(|known| *known != rule);
        self
    }

    /// Adds a pattern in the syntax of the `regex` crate. What it finds is replaced by `name` in
    /// upper case and brackets, and counted under it. Patterns run before the ready rules.
    ///
    /// # Errors
    ///
    /// If the pattern is no regular expression, or too large a one.
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
        let mut clean = Cow::Borrowed(text);
        for (name, stand_in, regex) in &self.patterns {
            replace(&mut clean, regex, stand_in, &mut |_, start, end| Some(end - start), &mut || hit(name));
        }
        for rule in &self.rules {
            if let Some(regex) = rule.regex() {
                let verify = &mut |text: &str, start, end| rule.verify(text, start, end);
                replace(&mut clean, regex, rule.stand_in(), verify, &mut || hit(rule.name()));
            }
        }
        match clean {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => Some(clean),
        }
    }
}

/// Replaces every match, as far as `verify` says that it is one.
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
            // Another match may begin inside this one.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn scrub(rules: &ScrubRules, text: &str) -> (String, Vec<String>) {
        let mut hits = Vec::new();
        let clean = rules.scrub(text, &Place::of(TextKind::Text), &mut |rule| hits.push(rule.to_owned()));
        (clean.unwrap_or_else(|| text.to_owned()), hits)
    }

    fn all(text: &str) -> String {
        scrub(&ScrubRules::all(), text).0
    }

    #[test]
    fn every_rule_has_a_pattern_that_compiles() {
        for rule in Rule::ALL {
            assert!(rule.regex().is_some(), "{rule:?}");
        }
    }

    #[test]
    fn keys_of_providers_are_found() {
        for key in [
            "sk-abcdefghijklmnopqrstuvwxyz012345",
            "sk-proj-abc_DEF-0123456789abcdef",
            "sk-ant-api03-abcdefghij_klmnop-qrstuvwx",
            "sk-or-v1-0123456789abcdef0123456789abcdef",
            "AIzaSyA1234567890abcdefghijklmnopqrstuv",
            "AKIAIOSFODNN7EXAMPLE",
            "gsk_abcdefghijklmnopqrstuvwx",
            "hf_abcdefghijklmnopqrstuvwx",
            "xai-abcdefghijklmnopqrstuvwx",
            "pplx-abcdefghijklmnopqrstuvwx",
            "r8_abcdefghijklmnopqrstuvwx",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "github_pat_abcdefghijklmnopqrstuvwxyz",
            "xoxb-1234567890-abcdef",
            "sk-lf-01234567-89ab-cdef-0123-456789abcdef",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc+/=\n-----END RSA PRIVATE KEY-----",
        ] {
            assert_eq!(all(&format!("use {key} now")), "use [API_KEY] now", "{key}");
        }
        for word in ["risk-averse-and-so-on", "task-force", "sk-short", "hf_x"] {
            assert_eq!(all(word), word);
        }
    }

    #[test]
    fn tokens_are_found() {
        assert_eq!(all("Authorization: Bearer abcdef.123456"), "Authorization: [TOKEN]");
        assert_eq!(all("api_key=0123456789abcdef!"), "[TOKEN]");
        assert_eq!(all("{\"password\": \"hunter2hunter2\"}"), "{\"[TOKEN]\"}");
        assert_eq!(all("t eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_1 t"), "t [JWT] t");
        assert_eq!(all("a bearer of news"), "a bearer of news");
    }

    #[test]
    fn personal_data_are_found() {
        assert_eq!(all("mail ada.lovelace+x@example.co.uk, bob@exämple.de."), "mail [EMAIL], [EMAIL].");
        assert_eq!(all("IBAN DE89 3704 0044 0532 0130 00 and GB82WEST12345698765432"), "IBAN [IBAN] and [IBAN]");
        assert_eq!(all("card 4111 1111 1111 1111, or 5500005555555559."), "card [CARD], or [CARD].");
        assert_eq!(all("from 192.168.0.1 and 2001:db8::1"), "from [IP] and [IP]");
        assert_eq!(all("call +49 30 901820 or (555) 123-4567 or 030 / 90182000"), "call [PHONE] or [PHONE] or [PHONE]");
    }

    #[test]
    fn what_only_looks_alike_stays() {
        for text in [
            "order 4111 1111 1111 1112",
            "DE00370400440532013000",
            "at 12:30:45 on 2024-05-17",
            "version 1.2.3 of std::fmt and a::b",
            "999.999.999.999",
            "unix 1716000000123",
            "user@host",
        ] {
            assert_eq!(all(text), text);
        }
    }

    #[test]
    fn users_can_choose_rules_and_add_patterns() {
        let rules = ScrubRules::none().with(Rule::Ip).pattern("customer", r"C-\d+").expect("a pattern");
        assert_eq!(
            scrub(&rules, "C-12 at 10.0.0.1, C-13, a@b.de"),
            (
                "[CUSTOMER] at [IP], [CUSTOMER], a@b.de".to_owned(),
                vec!["customer".to_owned(), "customer".to_owned(), "ip".to_owned()]
            )
        );
        let error = ScrubRules::none().pattern("bad", "(").expect_err("no pattern");
        assert!(error.to_string().contains("\"bad\""), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_rules_panic(text in "\\PC*|[0-9 :.a-f@-]*") {
            all(&text);
        }
    }
}
