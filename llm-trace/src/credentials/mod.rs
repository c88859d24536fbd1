//! Removes credentials from free text: the value after a credential's name, the token after an `Authorization` scheme,
//! and `user:password@` in a URL. One literal scan without regular expressions.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::ops::Range;

use memchr::memrchr;

/// The text that replaces masked content and credentials.
pub(crate) const REDACTED: &str = "[REDACTED]";
pub(crate) mod escapes;
mod harmless;
pub(crate) mod keys;
mod marks;
mod private_keys;
mod value;

use harmless::{is_arn, is_harmless, is_stand_in, opens_clause};
use keys::{is_credential, is_credential_word};
use marks::{MAX_NAME, Marks, first_mark, name_before, scheme_before};
use value::{Extent, value};

/// Replaces the credentials in a text. Returns the text and their number.
pub(crate) fn clean(text: &str) -> (Cow<'_, str>, u64) {
    clean_with(text, REDACTED)
}

/// Like [`clean`], with another replacement.
pub(crate) fn clean_with<'t>(text: &'t str, stand_in: &'static str) -> (Cow<'t, str>, u64) {
    // Most short texts have no mark.
    let Some(first) = first_mark(text.as_bytes()) else { return (Cow::Borrowed(text), 0) };
    if let Some(clean) = scan(text, stand_in, first, false) {
        return clean;
    }
    let (without_keys, keys) = match private_keys::replace(text, stand_in) {
        Some((text, keys)) => (Cow::Owned(text), keys),
        None => (Cow::Borrowed(text), 0),
    };
    match scan(&without_keys, stand_in, 0, true) {
        Some((Cow::Owned(clean), found)) => (Cow::Owned(clean), keys.saturating_add(found)),
        _ => (without_keys, keys),
    }
}

/// Replaces credentials but private keys, from the first mark on. Returns `None` if there may be private keys.
fn scan<'t>(text: &'t str, stand_in: &'static str, mut from: usize, without_keys: bool) -> Option<(Cow<'t, str>, u64)> {
    let mut scan = Scan { text, stand_in, out: String::new(), copied: 0, found: 0 };
    let mut marks = Marks::new(text, without_keys);
    // Most URLs name no user.
    let last_at = LazyCell::new(|| memrchr(b'@', text.as_bytes()));
    let userinfo = |start: usize| if *last_at >= Some(start) { userinfo(text, start) } else { None };
    while let Some(at) = marks.next(from) {
        from = at + 1;
        let found = match text.as_bytes().get(at) {
            Some(b'-') => return None,
            Some(b' ' | b'+') if scheme_before(text.as_bytes(), at).is_some() => after_scheme(text, at + 1),
            Some(b' ') => after_name(text, at..at + 1),
            Some(b'%') if text[at..].starts_with("%20") => after_scheme(text, at + 3),
            Some(b'%') if escapes::starts_with(&text[at..], "%3A%2F%2F") => escapes::userinfo(text, at + 9),
            Some(b'%') => after_name(text, at..at + 3),
            Some(b':') if text[at..].starts_with("://") => userinfo(at + 3),
            // JSON may escape slashes.
            Some(b':') if text[at..].starts_with(":\\/\\/") => userinfo(at + 5),
            _ => after_name(text, at..at + 1),
        };
        if let Some(found) = found.filter(|found| found.start >= scan.copied) {
            // The value may be the first line of a private key.
            if !without_keys && text[found.clone()].contains("-----") {
                return None;
            }
            from = found.end.max(from);
            scan.cut(found);
        }
    }
    Some(scan.finish())
}

struct Scan<'t> {
    text: &'t str,
    stand_in: &'static str,
    out: String,
    copied: usize,
    found: u64,
}

impl<'t> Scan<'t> {
    fn cut(&mut self, found: Range<usize>) {
        self.out.push_str(&self.text[self.copied..found.start]);
        self.out.push_str(self.stand_in);
        self.copied = found.end;
        self.found += 1;
    }

    fn finish(mut self) -> (Cow<'t, str>, u64) {
        if self.found == 0 {
            return (Cow::Borrowed(self.text), 0);
        }
        self.out.push_str(&self.text[self.copied..]);
        (Cow::Owned(self.out), self.found)
    }
}

/// A credential after a scheme and a space: long, and not a word of prose.
fn after_scheme(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let start = from + bytes[from..].iter().take_while(|byte| b" \"'`<\\".contains(byte)).count();
    let end = start + bytes[start..].iter().take_while(|byte| is_token(**byte)).count();
    let token = &bytes[start..end];
    let word = token.len() < 16 && is_lowercase(&text[start..end]);
    (token.len() >= 6 && !word).then_some(start..end)
}

fn is_lowercase(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte)
}

/// `user:password` before an `@`, even if it contains `#` or `?`.
fn userinfo(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = &text.as_bytes()[start..];
    // A password may contain `,`, `;` and `'`, and a port may not.
    let (mut in_password, mut is_port, mut ended) = (false, true, false);
    let end = rest.iter().enumerate().position(|(at, byte)| {
        match byte {
            // Only a path may follow a port or a host, so this `/` is part of a password.
            b'/' => return !in_password || is_port || ended || rest[..at].ends_with(b":"),
            b'@' => ended = true,
            b'"' | b'<' | b'>' | b'`' | b'[' | b']' | b'{' | b'}' => return true,
            b',' | b';' | b'\'' => return !in_password || is_port,
            b':' => in_password = true,
            _ => is_port &= !in_password || byte.is_ascii_digit(),
        }
        byte.is_ascii_whitespace()
    });
    let at = rest[..end.unwrap_or(rest.len())].iter().rposition(|byte| *byte == b'@')?;
    // `ssh://git@host/` names no user.
    (at > 0 && &rest[..at] != b"git").then_some(start..start + at)
}

/// A value that is longer than this, in bytes, is never a word about a credential. Such a value is not read twice, so
/// that the scan is linear.
const MAX_WORD: usize = 128;

/// Maximum number of quotes, escapes and blanks between a name and its sign: JSON inside of JSON, five times.
const MAX_QUOTES: usize = 40;

/// Words between the name of a credential and a `:`, in prose: "API key provided: ".
const PARTICIPLES: &[&str] = &["given", "passed", "provided", "received", "supplied"];

/// The value after a credential's name and a sign: `=` or `:`, the `,` of a pair `("name", "value")`, or the space after
/// a flag.
fn after_name(text: &str, sign: Range<usize>) -> Option<Range<usize>> {
    let (bytes, at) = (text.as_bytes(), sign.start);
    let is_quote = |byte: &&u8| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b' ' | b'\t' | b']' | b'*');
    let mut quotes = bytes[..at].iter().rev().take(MAX_QUOTES).take_while(is_quote).count();
    let mut end = at - quotes;
    if bytes[at] == b',' && !bytes[end..at].iter().any(|byte| b"\"'".contains(byte)) {
        return None;
    }
    let mut start = name_before(bytes, end);
    let before = |start: usize| start.checked_sub(1).map(|before| bytes[before]);
    let is_index = before(start) == Some(b'[') && bytes[start..end].iter().all(u8::is_ascii_digit);
    if is_index || before(start) == Some(b' ') && is_one_of(&text[start..end], PARTICIPLES) {
        end = start - 1;
        start = name_before(bytes, end);
    }
    // `(api_key): `, but not the argument of a function.
    if start == end && before(end) == Some(b')') {
        let open = name_before(bytes, end - 1);
        let is_call = || open.checked_sub(2).is_some_and(|at| bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_');
        if before(open) == Some(b'(') && !is_call() {
            (start, end, quotes) = (open, end - 1, quotes + 1);
        }
    }
    let is_flag = bytes[start..end].starts_with(b"--");
    if bytes[at] == b' ' && !is_flag || bytes[at] == b',' && !is_flag && !opens_pair(&bytes[..start]) {
        return None;
    }
    let mut in_query = before(start).is_some_and(|before| matches!(before, b'?' | b'&' | b';'));
    // "API key", in prose.
    if before(start) == Some(b' ') && is_one_of(&text[start..end], &["key", "token"]) {
        let word = bytes[..start - 1].iter().rev().take(MAX_NAME).take_while(|byte| byte.is_ascii_alphabetic()).count();
        let prefix = &text[start - 1 - word..start - 1];
        if is_one_of(prefix, &["access", "api", "auth", "private", "secret"]) {
            start = start - 1 - word;
        }
    }
    // JSON may escape any character: `sse\u0026key`, `api\u005fkey`.
    while before(start) == Some(b'\\') && escapes::is_code(&bytes[start..end]) && end - start < 2 * MAX_NAME {
        let escapes = bytes[..start].iter().rev().take(MAX_QUOTES).take_while(|byte| **byte == b'\\').count();
        start = name_before(bytes, start - escapes);
    }
    // The bytes of a name are ASCII.
    let decoded = escapes::decode(&text[start..end]);
    let name = match &decoded {
        Cow::Borrowed(name) => name,
        // A whole encoded URL may stand before the name, and encoded quotes around it.
        Cow::Owned(decoded) => {
            let decoded = decoded.trim_end_matches(['"', '\'', ' ']);
            let name = escapes::last_name(decoded);
            in_query |= decoded[..decoded.len() - name.len()].ends_with(['?', '&', ';']);
            name
        }
    };
    if !(if in_query { is_credential_word(name) } else { is_credential(name) }) || is_arn(bytes, start) {
        return None;
    }
    // Prose mentions tokens too: "unexpected token: end of input".
    let is_prose = bytes[at] == b':' && quotes == 0 && name.eq_ignore_ascii_case("token");
    let extent = match (is_header(name), in_query) {
        (true, _) => Extent::Line,
        (false, true) => Extent::Query,
        (false, false) => Extent::Word,
    };
    let found = value(text, sign.end, extent, !is_prose)?;
    let found = if bytes[at] == b'%' { escapes::value(text, found) } else { found };
    let value = &text[found.clone()];
    // Another flag, or a short word of prose, may follow a flag.
    let is_next = bytes[at] == b' ' && (value.starts_with('-') || value.len() < 6 && is_lowercase(value));
    let is_word = || {
        is_stand_in(&text[found.start..])
            || is_harmless(value, name)
            || opens_clause(value, &text[found.end..])
            || is_prose && is_prose_word(value)
    };
    (!is_next && (value.len() > MAX_WORD || !is_word())).then_some(found)
}

/// Whether a value has the form of a word: no digits, and no capital letters but the first.
fn is_prose_word(value: &str) -> bool {
    let mut bytes = value.bytes();
    let has_digit = bytes.next().is_some_and(|byte| byte.is_ascii_digit());
    !has_digit && !bytes.any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn is_one_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether these bytes end in `("` or `["`, perhaps with escapes.
fn opens_pair(before: &[u8]) -> bool {
    let quotes = before.iter().rev().take(MAX_QUOTES).take_while(|byte| b"\"'\\".contains(byte)).count();
    let bracket = before.iter().rev().nth(quotes);
    quotes > 0 && matches!(bracket, Some(b'(' | b'['))
}

/// Whether the credential extends to the end of the line.
fn is_header(name: &str) -> bool {
    let ends = |word: &str| {
        name.len()
            .checked_sub(word.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    ends("cookie") || ends("authorization")
}

#[cfg(test)]
mod tests;
