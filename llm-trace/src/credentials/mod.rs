//! Removes credentials from free text: the value after a credential's name, the token after an `Authorization` scheme,
//! and `user:password@` in a URL. One literal scan without regular expressions.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2, memchr3};

/// The text that replaces masked content and credentials.
pub(crate) const REDACTED: &str = "[REDACTED]";
pub(crate) mod keys;

use keys::{is_credential, is_credential_word};

/// Replaces the credentials in a text. Returns the text and their number.
pub(crate) fn clean(text: &str) -> (Cow<'_, str>, u64) {
    clean_with(text, REDACTED)
}

/// Like [`clean`], with another replacement.
pub(crate) fn clean_with<'t>(text: &'t str, stand_in: &'static str) -> (Cow<'t, str>, u64) {
    let mut scan = Scan { text, stand_in, out: String::new(), copied: 0, found: 0 };
    let mut marks = Marks::new(text);
    let mut from = 0;
    while let Some(at) = marks.next(from) {
        from = at + 1;
        let found = match text.as_bytes().get(at) {
            Some(b' ') => after_scheme(text, at),
            Some(b':') if text[at..].starts_with("://") => userinfo(text, at + 3),
            // JSON may escape slashes.
            Some(b':') if text[at..].starts_with(":\\/\\/") => userinfo(text, at + 5),
            _ => after_name(text, at),
        };
        if let Some(found) = found.filter(|found| found.start >= scan.copied) {
            from = found.end.max(from);
            scan.cut(found);
        }
    }
    scan.finish()
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

/// Positions in a text where a credential may start. Each byte is read once.
struct Marks<'t> {
    bytes: &'t [u8],
    /// The next `=`, `:` or `,`, or the text's length if there is none.
    sign: usize,
}

impl<'t> Marks<'t> {
    fn new(text: &'t str) -> Self {
        let mut marks = Self { bytes: text.as_bytes(), sign: 0 };
        marks.find_sign(0);
        marks
    }

    fn find_sign(&mut self, from: usize) {
        let found = memchr3(b'=', b':', b',', self.bytes.get(from..).unwrap_or_default());
        self.sign = found.map_or(self.bytes.len(), |at| from + at);
    }

    /// The next `=`, `:` or `,` at or after `from`, or the space after a scheme if it comes first.
    fn next(&mut self, mut from: usize) -> Option<usize> {
        if self.sign < from {
            self.find_sign(from);
        }
        while let Some(blank) = memchr(b' ', self.bytes.get(from..self.sign)?) {
            let at = from + blank;
            if scheme_before(self.bytes, at).is_some() {
                return Some(at);
            }
            from = at + 1;
        }
        (self.sign < self.bytes.len()).then_some(self.sign)
    }
}

const SCHEMES: [&[u8]; 4] = [b"bearer", b"basic", b"digest", b"apikey"];

/// The scheme that ends before the space at `at`.
fn scheme_before(bytes: &[u8], at: usize) -> Option<&'static [u8]> {
    SCHEMES.into_iter().find(|scheme| {
        let Some(start) = at.checked_sub(scheme.len()) else { return false };
        bytes[start..at].eq_ignore_ascii_case(scheme)
            && !start.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_alphanumeric())
    })
}

/// A credential after a scheme and a space: long, and not a word of prose.
fn after_scheme(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let start = at + bytes[at..].iter().take_while(|byte| b" \"'`<\\".contains(byte)).count();
    let end = start + bytes[start..].iter().take_while(|byte| is_token(**byte)).count();
    let token = &bytes[start..end];
    let word = token.iter().all(u8::is_ascii_lowercase) && token.len() < 16;
    (token.len() >= 6 && !word).then_some(start..end)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte)
}

/// `user:password` before an `@`, even if it contains `#` or `?`.
fn userinfo(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = &text.as_bytes()[start..];
    let end = rest.iter().position(|byte| byte.is_ascii_whitespace() || b"/\"'<>`,;[]{}".contains(byte));
    let at = rest[..end.unwrap_or(rest.len())].iter().rposition(|byte| *byte == b'@')?;
    (at > 0).then_some(start..start + at)
}

/// Maximum length of a name, in bytes.
const MAX_NAME: usize = 64;

/// The value after a credential's name and the `=` or `:` at `at`, or the `,` of a pair `("name", "value")`.
fn after_name(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let quotes = bytes[..at].iter().rev().take(4).take_while(|byte| b"\"'`\\ ]".contains(byte)).count();
    let end = at - quotes;
    if bytes[at] == b',' && !bytes[end..at].iter().any(|byte| b"\"'".contains(byte)) {
        return None;
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let mut start = end - bytes[..end].iter().rev().take(MAX_NAME).take_while(|byte| is_part(byte)).count();
    let before = |start: usize| start.checked_sub(1).map(|before| bytes[before]);
    if bytes[at] == b',' && !opens_pair(&bytes[..start]) {
        return None;
    }
    let mut in_query = before(start).is_some_and(|before| b"?&;".contains(&before));
    // "API key", in prose.
    if matches!(text[start..end].to_ascii_lowercase().as_str(), "key" | "token") && before(start) == Some(b' ') {
        let word = bytes[..start - 1].iter().rev().take(MAX_NAME).take_while(|byte| byte.is_ascii_alphabetic()).count();
        let prefix = text[start - 1 - word..start - 1].to_ascii_lowercase();
        if ["access", "api", "auth", "private", "secret"].contains(&prefix.as_str()) {
            start = start - 1 - word;
        }
    }
    // JSON may escape `&`.
    if before(start) == Some(b'\\') && bytes[start..end].starts_with(b"u0026") {
        (start, in_query) = (start + 5, true);
    }
    // The bytes of a name are ASCII.
    let name = &text[start..end];
    if !(is_credential(name) || (in_query && is_credential_word(name))) {
        return None;
    }
    // Prose mentions tokens too: "unexpected token: end of input".
    let is_prose = bytes[at] == b':' && quotes == 0 && name.eq_ignore_ascii_case("token");
    let found = value(text, at + 1, is_header(name), !is_prose)?;
    let is_word = !text[found.clone()].bytes().any(|byte| byte.is_ascii_digit());
    (!(is_prose && is_word)).then_some(found)
}

/// Whether these bytes end in `("` or `["`, perhaps with escapes.
fn opens_pair(before: &[u8]) -> bool {
    let quotes = before.iter().rev().take(4).take_while(|byte| b"\"'\\".contains(byte)).count();
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

fn value(text: &str, from: usize, whole_line: bool, may_nest: bool) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let skip = |from: usize, set: &[u8]| from + bytes[from..].iter().take_while(|byte| set.contains(byte)).count();
    let first = skip(from, b" \t=>");
    let mut start = first;
    // `Some("..")`, `Some(SecretString("..")`, `Secret { .. }`.
    for _ in 0..4 {
        let wrapper = bytes[start..].iter().take(24).take_while(|byte| byte.is_ascii_alphabetic()).count();
        let is_type = bytes.get(start).is_some_and(u8::is_ascii_uppercase);
        let after = skip(start + wrapper, b" ");
        match bytes.get(after) {
            Some(b'(') if is_type && after == start + wrapper => start = skip(after, b"( \t\r\n"),
            Some(b'{') if is_type && may_nest => start = after,
            _ => break,
        }
    }
    if may_nest && let Some(end) = container_end(bytes, start) {
        let is_empty = text.get(start + 1..end).is_none_or(|inner| inner.trim_matches([' ', ']', '}']).is_empty());
        return (!is_empty && !text.get(start..).is_some_and(is_stand_in)).then_some(first..end);
    }
    // A literal of bytes or a raw string: `b".."`, `r#".."#`.
    let prefix = bytes[start..].iter().take(2).take_while(|byte| b"bcr".contains(byte)).count();
    let literal = skip(start + prefix, b"#");
    if prefix > 0 && bytes.get(literal) == Some(&b'"') {
        start = literal;
    }
    // Only a quoted text has a wrapper.
    if !matches!(bytes.get(start), Some(b'"' | b'\'' | b'`' | b'\\')) {
        start = first;
    }
    let open = start;
    start = skip(start, b"\\\"'`");
    let quote = bytes[open..start].iter().rposition(|byte| b"\"'`".contains(byte)).map(|at| open + at);
    let end = match quote {
        Some(at) => {
            let escapes = backslashes(&bytes[open..at]);
            closing_quote(bytes, start, bytes[at], escapes).map_or(bytes.len(), |at| at - escapes)
        }
        None if whole_line => memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |len| start + len),
        None => bytes[start..]
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || b",;&\"'`<>|)]}".contains(byte))
            .map_or(bytes.len(), |len| start + len),
    };
    let mut end = end.max(start);
    // The scheme may be kept.
    let scheme = SCHEMES.into_iter().find(|scheme| {
        bytes[start..end].len() > scheme.len()
            && bytes[start..start + scheme.len()].eq_ignore_ascii_case(scheme)
            && bytes[start + scheme.len()] == b' '
    });
    if let Some(scheme) = scheme {
        start = skip(start + scheme.len(), b" ");
        if quote.is_none() && start >= end {
            end = start + bytes[start..].iter().take_while(|byte| is_token(**byte)).count();
        }
    } else if quote.is_none() && SCHEMES.into_iter().any(|scheme| bytes[start..end].eq_ignore_ascii_case(scheme)) {
        // The scan continues at the scheme's space and finds the token after it.
        return None;
    }
    let value = text.get(start..end)?;
    let is_none = value.is_empty()
        || ["null", "None", "none", "true", "false", "Sensitive", "{"].contains(&value)
        || value.bytes().all(|byte| byte == b'*')
        || is_stand_in(value);
    (!is_none).then_some(start..end)
}

/// `[REDACTED]`, `[TOKEN]`, with or without the closing bracket.
fn is_stand_in(value: &str) -> bool {
    let Some(rest) = value.strip_prefix('[') else { return false };
    let end = rest.bytes().take_while(|byte| byte.is_ascii_uppercase() || *byte == b'_').count();
    matches!(rest.as_bytes().get(end), None | Some(b']'))
}

/// The number of backslashes at the end.
fn backslashes(bytes: &[u8]) -> usize {
    bytes.iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// The quote that closes a text. `escapes` is the number of backslashes before the opening quote: in JSON inside of
/// JSON, one backslash closes the text and three do not.
fn closing_quote(bytes: &[u8], start: usize, quote: u8, escapes: usize) -> Option<usize> {
    let mask = escapes.saturating_mul(2).saturating_add(1);
    let mut from = start;
    loop {
        let at = from + memchr(quote, &bytes[from..])?;
        if backslashes(&bytes[start..at]) & mask == escapes {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The end of a list or an object that starts at `start`, or of the text if it is not closed.
fn container_end(bytes: &[u8], start: usize) -> Option<usize> {
    if !matches!(bytes.get(start), Some(b'[' | b'{')) {
        return None;
    }
    let (mut depth, mut at) = (0_usize, start);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => depth = depth.saturating_sub(1),
            b'"' => at = closing_quote(bytes, at + 1, b'"', backslashes(&bytes[start..at])).unwrap_or(bytes.len()),
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
        at += 1;
    }
    Some(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_texts_are_found() {
        for (text, expected) in [
            (r#"{"authorization": "Bearer abc.DEF-123"}"#, r#"{"authorization": "Bearer [REDACTED]"}"#),
            (r#"{"authorization": "token abc"}"#, r#"{"authorization": "[REDACTED]"}"#),
            (
                "headers={\"x-api-key\": \"k1\", \"host\": \"h\"}",
                "headers={\"x-api-key\": \"[REDACTED]\", \"host\": \"h\"}",
            ),
            ("Authorization: Bearer abcdefgh", "Authorization: Bearer [REDACTED]"),
            ("Authorization: Basic dXNlcjpwYXNz, next", "Authorization: Basic [REDACTED]"),
            ("sent bearer 0123456789 there", "sent bearer [REDACTED] there"),
            ("https://g.example/v1?key=AIzaX&alt=sse", "https://g.example/v1?key=[REDACTED]&alt=sse"),
            ("error for url (https://h/p?a=1&sig=s%2B1)", "error for url (https://h/p?a=1&sig=[REDACTED])"),
            ("https://user:pw@host/path", "https://[REDACTED]@host/path"),
            ("https://us#er:p?w@host/path", "https://[REDACTED]@host/path"),
            ("redis://:pw@host:6379", "redis://[REDACTED]@host:6379"),
            ("https://h/?next=https://user:pw@x", "https://h/?next=https://[REDACTED]@x"),
            (
                "OPENAI_API_KEY=sk-1 DB_PASSWORD='a b' HOME=/root",
                "OPENAI_API_KEY=[REDACTED] DB_PASSWORD='[REDACTED]' HOME=/root",
            ),
            (r#"{\"password\": \"hunter2\"}"#, r#"{\"password\": \"[REDACTED]\"}"#),
            ("Config { api_key: Some(\"k\"), model: \"m\" }", "Config { api_key: Some(\"[REDACTED]\"), model: \"m\" }"),
            ("Cookie: a=1; session=2\nHost: h", "Cookie: [REDACTED]\nHost: h"),
            ("password: 12345", "password: [REDACTED]"),
            ("password=hunter2(x", "password=[REDACTED]"),
            ("password=hunter2 {", "password=[REDACTED] {"),
            (r#"[("x-api-key", "k1"), ("host", "h")]"#, r#"[("x-api-key", "[REDACTED]"), ("host", "h")]"#),
            (r#"{"x-api-key": ["a", "k]1"], "host": ["h"]}"#, r#"{"x-api-key": [REDACTED], "host": ["h"]}"#),
            (r#"{\"x-api-key\": [\"k1\"], \"host\": 1}"#, r#"{\"x-api-key\": [REDACTED], \"host\": 1}"#),
            ("api_key: Some(\n    \"k1\",\n)", "api_key: Some(\n    \"[REDACTED]\",\n)"),
            ("api_key: Some(Secret(\"k1\")), a: 1", "api_key: Some(Secret(\"[REDACTED]\")), a: 1"),
            ("api_key: Secret { inner: \"k1\" }, a: 1", "api_key: [REDACTED], a: 1"),
            (r#""api_key" => "k1""#, r#""api_key" => "[REDACTED]""#),
            (r#"{"password": "a\"b", "c": 1}"#, r#"{"password": "[REDACTED]", "c": 1}"#),
            (r#"{\"password\": \"a\\\"b\", \"c\": 1}"#, r#"{\"password\": \"[REDACTED]\", \"c\": 1}"#),
            ("https://h/p?alt=sse\\u0026key=k1", "https://h/p?alt=sse\\u0026key=[REDACTED]"),
            (r"https:\/\/user:pw@host\/path", r"https:\/\/[REDACTED]@host\/path"),
            ("é password=é!", "é password=[REDACTED]"),
            ("Bearer \"k1k2k3k4\" is wrong", "Bearer \"[REDACTED]\" is wrong"),
            ("Bearer <k1k2k3k4>", "Bearer <[REDACTED]>"),
            ("Bearer: k1", "Bearer: [REDACTED]"),
            ("Bearer=\"k1\"", "Bearer=\"[REDACTED]\""),
            ("api_key: b\"k1\", a", "api_key: b\"[REDACTED]\", a"),
            ("api_key: r#\"k1\"#", "api_key: r#\"[REDACTED]\"#"),
            ("api_key: `k1` is wrong", "api_key: `[REDACTED]` is wrong"),
            ("the API key: k1 is wrong", "the API key: [REDACTED] is wrong"),
            ("headers['x-api-key'] = 'k1'", "headers['x-api-key'] = '[REDACTED]'"),
            ("headers[authorization]=k1", "headers[authorization]=[REDACTED]"),
            ("https://user:(k1)@host", "https://[REDACTED]@host"),
        ] {
            assert_eq!(clean(text).0, expected);
        }
    }

    #[test]
    fn other_texts_stay() {
        for text in [
            "",
            "=",
            ":",
            "://",
            "://@",
            "key",
            "key=",
            "a: b = c",
            "basic authentication failed",
            "Bearer token missing",
            "stop_token=</s>",
            "next_page_token: 3",
            "monkey=banana",
            "https://host/@user/a:b",
            "https://host:443/v1",
            "password: null",
            "api_key: None",
            "token=[REDACTED]",
            "max_tokens: 100, time: 12:30",
            "unexpected token: end of input",
            r#"{"api_keys": [], "secrets": {}}"#,
            "Entry { key: \"a\" }",
            "PWD=/home",
            "\u{1f600}: \u{1f600}=",
        ] {
            assert_eq!(clean(text), (Cow::Borrowed(text), 0), "{text}");
        }
    }

    #[test]
    fn the_time_is_linear() {
        for piece in [
            "\":\"",
            "key=",
            "password=\"",
            "bearer ",
            "://",
            "a@",
            "=",
            " ",
            "\\\"",
            "api_key: Some(",
            "api_key: [",
            "(\"key\",",
            "secret: {\"",
        ] {
            let text = piece.repeat(100_000 / piece.len());
            let begun = std::time::Instant::now();
            let _ = clean(&text);
            assert!(begun.elapsed().as_secs() < 5, "{piece:?} took {:?}", begun.elapsed());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|[a-z=:/@\"'\\\\ ]*|((password|bearer|key|://|Some)[=: \"(@é]{0,3})*") {
            let _ = clean(&text);
        }
    }
}
