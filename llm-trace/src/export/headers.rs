//! Headers for a destination. Their values are secrets and are never printed.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::env::Var;

/// Headers that the transport sets.
const RESERVED: [&str; 7] =
    ["content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "host", "te"];

/// Parses `name=value,name=value`, percent-decoded and trimmed, with names in lower case.
///
/// Empty and invalid entries are skipped, with a warning that contains their position.
pub(crate) fn parse(var: &Var, warnings: &mut Vec<String>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (index, entry) in var.value.split(',').enumerate() {
        match parse_entry(entry) {
            Ok((name, value)) => drop(headers.insert(name, value)),
            Err(reason) => {
                warnings.push(format!("`{}`: entry {} is skipped: {reason}", var.name, index.saturating_add(1)))
            }
        }
    }
    headers
}

fn parse_entry(entry: &str) -> Result<(HeaderName, HeaderValue), String> {
    if entry.trim().is_empty() {
        return Err("it is empty".into());
    }
    // Without a `=` the text may be the secret itself, and so may the text before the final `=`s of a base64 key.
    let (text_name, text) = entry.split_once('=').ok_or("it has no `=`; write `name=value`")?;
    if text.trim().bytes().all(|byte| byte == b'=') {
        return Err("it has no value after its name; write `name=value`, such as `authorization=Bearer%20<key>`".into());
    }
    let parsed = name(&percent_decode_str(text_name.trim()).decode_utf8_lossy())?;
    let value: Vec<u8> = percent_decode_str(text.trim()).collect();
    let value = self::value(value.trim_ascii()).map_err(|reason| {
        let hint = if value.is_empty() { "" } else { "; values are percent-decoded" };
        format!("it {reason}{hint}")
    })?;
    Ok((parsed, value))
}

/// Parses a header's name, if it is allowed.
pub(crate) fn name(text: &str) -> Result<HeaderName, String> {
    let name = text.trim().to_ascii_lowercase();
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "its name is not a header name".to_owned())?;
    if RESERVED.contains(&parsed.as_str()) || parsed.as_str().starts_with("grpc-") {
        return Err(format!("`{parsed}` is set by the transport"));
    }
    Ok(parsed)
}

/// Parses a header's value and marks it as sensitive.
pub(crate) fn value(bytes: &[u8]) -> Result<HeaderValue, &'static str> {
    if bytes.is_empty() {
        return Err("has no value");
    }
    // Values that gRPC accepts are also valid in HTTP, so one set of headers works for both.
    let printable = bytes.iter().all(|byte| (0x20..0x7f).contains(byte));
    let mut value = Some(bytes)
        .filter(|_| printable)
        .and_then(|bytes| HeaderValue::from_bytes(bytes).ok())
        .ok_or("has a value with characters that no header may have")?;
    value.set_sensitive(true);
    Ok(value)
}
