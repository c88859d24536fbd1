//! Patterns of secrets and personal data.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use super::Rule;

impl Rule {
    // In the order in which they run: the most specific first, so that a phone number is not found inside a card
    // number.
    pub(super) const ALL: [Rule; 8] =
        [Rule::ApiKey, Rule::Jwt, Rule::Bearer, Rule::Email, Rule::Iban, Rule::Card, Rule::Ip, Rule::Phone];

    pub(super) fn name(self) -> &'static str {
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

    pub(super) fn stand_in(self) -> &'static str {
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

    pub(super) fn regex(self) -> Option<&'static Regex> {
        static ALL: LazyLock<Vec<Option<Regex>>> =
            LazyLock::new(|| Rule::ALL.iter().map(|rule| Regex::new(pattern(*rule)).ok()).collect());
        ALL.get(Rule::ALL.iter().position(|rule| *rule == self)?)?.as_ref()
    }

    /// The length of the part of a match that is valid, in bytes.
    pub(super) fn verify(self, text: &str, start: usize, end: usize) -> Option<usize> {
        let found = &text[start..end];
        match self {
            Rule::Card => card_len(text, start, end),
            Rule::Iban => iban_len(found),
            Rule::Bearer => is_token(found).then_some(found.len()),
            Rule::Ip => ip_len(text, start, end),
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
            \b(?:
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
              | xapp-[0-9]-[A-Za-z0-9-]{20,}
              | dapi[0-9a-f]{32}
              | GOCSPX-[A-Za-z0-9_-]{20,}
              | shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{30,}
              | PMAK-[A-Za-z0-9-]{20,}
              | [0-9]{8,10}:AA[A-Za-z0-9_-]{30,}
              | ATATT3x[A-Za-z0-9_=-]{20,}
              | glsa_[A-Za-z0-9_]{20,}
              | phc_[A-Za-z0-9]{20,}
              | tvly-[A-Za-z0-9-]{16,}
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
        Rule::Ip => r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f:][0-9A-Fa-f:.]{1,44}",
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

/// The longest valid IBAN at the start of `found`: following words may look like a part of it.
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

/// Whether the text after a name or scheme is a token, rather than prose or the name of a surrounding type.
fn is_token(found: &str) -> bool {
    let scheme = ["bearer", "basic"]
        .iter()
        .any(|known| found.get(..known.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(known)));
    let word = found.rsplit(char::is_whitespace).next().unwrap_or(found);
    let is_prose = scheme && word.len() < 16 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    !is_prose && !found.ends_with('(')
}

/// The longest valid card number at the start of the match: a following code or date may look like a part of it.
fn card_len(text: &str, start: usize, end: usize) -> Option<usize> {
    if text[..start].ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let found = &text[start..end];
    let ends = found.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at + 1);
    ends.skip(12)
        .filter(|&len| !text[start + len..].starts_with(|c: char| c.is_ascii_digit()) && luhn(&found[..len]))
        .last()
}

/// The longest valid IP address at the start of the match.
fn ip_len(text: &str, start: usize, end: usize) -> Option<usize> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if text[..start].ends_with(word) || text[..start].ends_with('.') || text[..start].ends_with("::") {
        return None;
    }
    let found = &text[start..end];
    // Bytes of an address are ASCII.
    (2..=found.len()).rev().find(|&len| {
        let address = &found[..len];
        let rest = &text[start + len..];
        let part = |rest: &str| rest.starts_with(word) || (address.contains(':') && rest.starts_with(':'));
        let is_part = rest.starts_with('.') || (address.contains(':') && rest.starts_with(':'));
        let goes_on = rest.starts_with(word) || (is_part && rest.get(1..).is_some_and(part));
        // Code paths (`a::b`) have no digits; times (`12:30:45`) are not addresses.
        !goes_on
            && (address.parse::<Ipv4Addr>().is_ok()
                || (address.contains(|c: char| c.is_ascii_digit()) && address.parse::<Ipv6Addr>().is_ok()))
    })
}

const PEM_BEGIN: &str = "-----BEGIN ";
const PEM_END: &str = "-----END ";
const PEM_KEY: &str = "PRIVATE KEY-----";

/// The first PEM private key at or after `from`, with any line breaks. Without an end marker it extends to the end of
/// the text.
pub(super) fn private_key(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let start = from + text.get(from..)?.find(PEM_BEGIN)?;
        from = start + PEM_BEGIN.len();
        let Some(body) = heading_end(text, from) else { continue };
        let end = text[body..].find(PEM_END).map(|at| body + at + PEM_END.len());
        let end = end.map_or(text.len(), |at| heading_end(text, at).unwrap_or(at));
        return Some((start, end));
    }
}

/// The end of the heading of a private key.
fn heading_end(text: &str, from: usize) -> Option<usize> {
    let words = text[from..].bytes().take(40).take_while(|byte| byte.is_ascii_uppercase() || *byte == b' ').count();
    let key = PEM_KEY.len() - "-----".len();
    let at = (from + words).checked_sub(key)?;
    (at >= from && text[at..].starts_with(PEM_KEY)).then_some(at + PEM_KEY.len())
}
