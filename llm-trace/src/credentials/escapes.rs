//! Encoded names and values: of a URL's query, perhaps of a URL inside of another, and in JSON.

use std::borrow::Cow;
use std::ops::Range;

/// Decodes the bytes that `is_kept` accepts. Others stay encoded.
pub(crate) fn decode_bytes(text: &str, is_kept: impl Fn(&u8) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend_from_slice(before.as_bytes());
        let decoded = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(&is_kept);
        out.push(decoded.unwrap_or(b'%'));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// Whether this starts with the code of a character in JSON, `u0026`, after its backslash.
pub(super) fn is_code(text: &[u8]) -> bool {
    text.len() > 4 && text[0] == b'u' && text[1..5].iter().all(u8::is_ascii_hexdigit)
}

/// A name, decoded. Bytes that are not ASCII end a name, so they stay encoded.
pub(super) fn decode(name: &str) -> Cow<'_, str> {
    if !name.bytes().any(|byte| matches!(byte, b'\\' | b'%')) {
        return Cow::Borrowed(name);
    }
    let name = decode_json(name);
    Cow::Owned(String::from_utf8(decode_bytes(&name, u8::is_ascii)).unwrap_or(name))
}

/// A text with the codes of JSON decoded, also behind several backslashes. Other escapes stay.
pub(crate) fn decode_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let code = after.trim_start_matches('\\');
        let decoded = Some(code).filter(|code| is_code(code.as_bytes())).and_then(|code| code.get(1..5));
        match decoded.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32) {
            Some(decoded) => {
                out.push(decoded);
                rest = &code[5..];
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The name at the end of a decoded text.
pub(super) fn last_name(text: &str) -> &str {
    text.rsplit(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c))).next().unwrap_or_default()
}

/// Whether `text` starts with this, in any case.
pub(super) fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// An encoded value, which an encoded `&` or `#` may follow, or which stands in encoded quotes.
pub(super) fn value(text: &str, found: Range<usize>) -> Range<usize> {
    let value = &text[found.clone()];
    let (start, ends): (_, &[&str]) = if value.starts_with("%22") { (3, &["%22"]) } else { (0, &["%26", "%23"]) };
    let end = ends.iter().filter_map(|sign| value[start..].find(sign)).min();
    found.start + start..end.map_or(found.end, |end| found.start + start + end)
}

/// Maximum length of an encoded `user:password`, in bytes.
const MAX_USERINFO: usize = 256;

/// `user%3Apassword` before an `%40` that stands in the host of an encoded URL.
pub(super) fn userinfo(text: &str, start: usize) -> Option<Range<usize>> {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>&/".contains(byte);
    let host = text.as_bytes()[start..].iter().take(MAX_USERINFO).take_while(|byte| !is_end(byte)).count();
    let host = text.get(start..start + host)?;
    let path = host.to_ascii_uppercase().find("%2F").unwrap_or(host.len());
    let at = host[..path].rfind("%40").filter(|at| *at > 0)?;
    Some(start..start + at)
}
