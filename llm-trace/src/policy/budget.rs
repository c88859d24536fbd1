//! Limits content to a number of encoded bytes. JSON stays valid and characters stay whole.

use std::borrow::Cow;
use std::ops::Range;

use super::report::Report;
use crate::json::is_special;

/// The limits of content, in bytes of JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Budgets {
    pub(super) text: usize,
    pub(super) attribute: usize,
    pub(super) span: usize,
    /// Larger media are replaced by their size and hash.
    pub(super) media: usize,
}

impl Default for Budgets {
    fn default() -> Self {
        // A span of four full attributes is a quarter of the usual request limit of OTLP receivers.
        Self { text: 64 << 10, attribute: 256 << 10, span: 1 << 20, media: 64 << 10 }
    }
}

/// The last character boundary of `text` that is not after `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Whether `text` takes at most `limit` bytes in JSON, without quotes.
fn fits(text: &str, limit: usize) -> bool {
    // Few bytes are escaped, and an escape has at most six bytes.
    if text.len() <= limit / 6 {
        return true;
    }
    if text.len() > limit {
        return false;
    }
    let few = |bytes: &[u8]| bytes.iter().fold(0_u8, |few, byte| few + u8::from(is_special(*byte)));
    let specials: usize = text.as_bytes().chunks(255).map(|bytes| usize::from(few(bytes))).sum();
    text.len().saturating_add(specials.saturating_mul(5)) <= limit || encoded_len(text) <= limit
}

/// The length of `text` in JSON, without quotes.
pub(super) fn encoded_len(text: &str) -> usize {
    fitting(text, usize::MAX).1
}

/// The length of the longest prefix of `text` that takes at most `room` bytes in JSON, and its encoded length.
fn fitting(text: &str, room: usize) -> (usize, usize) {
    let (mut at, mut used) = (0, 0);
    for byte in text.bytes() {
        let len = encoded_byte_len(byte);
        if used + len > room {
            break;
        }
        (at, used) = (at + 1, used + len);
    }
    (at, used)
}

fn encoded_byte_len(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..=0x1f => 6,
        _ => 1,
    }
}

/// `text`, or its beginning and a mark with the number of missing bytes, in at most `limit` encoded bytes.
pub(super) fn cut<'t>(text: &'t str, limit: usize, report: &mut Report) -> Cow<'t, str> {
    if fits(text, limit) {
        return Cow::Borrowed(text);
    }
    let mark = format!("… [CUT {} bytes]", text.len());
    // If the mark would take most of the room, the text is kept instead.
    let (room, mark) = if limit / 2 > mark.len() { (limit - mark.len(), true) } else { (limit, false) };
    let end = floor(text, fitting(text, room).0);
    let missing = text.len() - end;
    report.cut("text", 1);
    report.cut("bytes", missing as u64);
    if !mark {
        return Cow::Borrowed(&text[..end]);
    }
    Cow::Owned([&text[..end], &format!("… [CUT {missing} bytes]")].concat())
}

/// Writes the array of `items` in at most `limit` bytes. An item is a slice of `json`, which is an array that is not
/// closed, and a flag for system messages. The first system message and the newest message are always kept, shortened
/// if necessary by `shortened`; then the other system messages and the newest messages are added while there is room.
pub(super) fn fit(
    json: String,
    items: &[(Range<usize>, bool)],
    limit: usize,
    report: &mut Report,
    shortened: impl Fn(&str, usize) -> Option<String>,
) -> String {
    let len = |at: usize| items[at].0.len() + 1;
    if json.len() < limit || items.is_empty() {
        return closed(json);
    }
    let mut room = limit.saturating_sub(2);
    let mut kept: Vec<Option<Cow<'_, str>>> = vec![None; items.len()];
    let newest = items.len() - 1;
    let first_system = items[..newest].iter().position(|(_, system)| *system);
    // If the smaller one needs less than half, the other one may use the rest.
    let musts = match first_system {
        Some(system) if len(system) <= len(newest) => vec![system, newest],
        Some(system) => vec![newest, system],
        None => vec![newest],
    };
    let mut left = musts.len();
    for at in musts {
        let text = &json[items[at].0.clone()];
        let share = room / left;
        left -= 1;
        let text = if text.len() < share {
            Some(Cow::Borrowed(text))
        } else {
            // The comma counts against the share.
            let short = shortened(text, share.saturating_sub(1));
            if let Some(short) = &short {
                report.cut("message", 1);
                report.cut("bytes", text.len().saturating_sub(short.len()) as u64);
            }
            short.map(Cow::Owned)
        };
        if let Some(text) = text {
            room = room.saturating_sub(text.len() + 1);
            kept[at] = Some(text);
        }
    }
    let systems = (0..newest).filter(|&at| items[at].1);
    for at in systems {
        if kept[at].is_none() && len(at) <= room {
            room -= len(at);
            kept[at] = Some(Cow::Borrowed(&json[items[at].0.clone()]));
        }
    }
    for at in (0..newest).rev() {
        if kept[at].is_none() {
            if len(at) > room {
                break;
            }
            room -= len(at);
            kept[at] = Some(Cow::Borrowed(&json[items[at].0.clone()]));
        }
    }
    let dropped = (0..items.len()).filter(|&at| kept[at].is_none());
    let bytes: usize = dropped.clone().map(|at| items[at].0.len()).sum();
    report.cut("item", dropped.count() as u64);
    report.cut("bytes", bytes as u64);
    array(kept.iter().flatten().map(AsRef::as_ref))
}

/// Unused bytes that are not worth another allocation.
const SPARE: usize = 256;

/// Closes an array. The text is held until it is exported, so it takes little more memory than it needs.
fn closed(mut json: String) -> String {
    json.reserve_exact(1);
    json.push(']');
    if json.capacity() - json.len() > SPARE {
        json.shrink_to_fit();
    }
    json
}

fn array<'t>(items: impl Iterator<Item = &'t str>) -> String {
    let mut out = String::from("[");
    for item in items {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(item);
    }
    out.push(']');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::{ContentShape, rewrite};

    fn message(role: &str, text: &str) -> String {
        let mut out = format!("{{\"role\":\"{role}\",\"parts\":[{{\"type\":\"text\",\"content\":");
        crate::json::write_str(&mut out, text);
        out.push_str("}]}");
        out
    }

    fn fit_all(messages: &[String], limit: usize) -> (String, Vec<String>) {
        let mut json = String::from("[");
        let mut items = Vec::new();
        for message in messages {
            if !items.is_empty() {
                json.push(',');
            }
            let at = json.len();
            json.push_str(message);
            items.push((at..json.len(), message.starts_with("{\"role\":\"system")));
        }
        let mut report = Report::default();
        let shortened = |json: &str, limit| rewrite::shorten(json, ContentShape::Messages, limit);
        (fit(json, &items, limit, &mut report, shortened), report.values())
    }

    #[test]
    fn the_system_message_and_the_newest_stay() {
        let messages: Vec<_> = [message("system", "be kind")]
            .into_iter()
            .chain((0..100).map(|i| message("user", &format!("question {i}"))))
            .collect();
        let (json, report) = fit_all(&messages, 400);
        assert!(json.len() <= 400, "{}", json.len());
        assert!(json.starts_with(&format!("[{}", messages[0])), "{json}");
        assert!(json.ends_with(&format!("{},{}]", messages[99], messages[100])), "{json}");
        assert!(report[1].starts_with("cut:item="), "{report:?}");
    }

    #[test]
    fn a_newest_message_that_is_too_large_is_shortened() {
        let messages = [message("system", &"s".repeat(1000)), message("user", &"u".repeat(1000))];
        let (json, _) = fit_all(&messages, 600);
        assert!(json.len() <= 600);
        let messages: Vec<serde_json::Value> = serde_json::from_str(&json).expect("JSON");
        assert_eq!((&messages[0]["role"], &messages[1]["role"]), (&"system".into(), &"user".into()));
    }

    #[test]
    fn a_text_is_cut_in_encoded_bytes_between_characters() {
        let mut report = Report::default();
        assert_eq!(cut("\u{1}\u{1}\u{1}", 18, &mut report), "\u{1}\u{1}\u{1}");
        assert_eq!(cut("\u{1}\u{1}\u{1}", 17, &mut report), "\u{1}\u{1}");
        assert_eq!(cut("ééé", 5, &mut report), "éé");
        assert_eq!(cut(&"a".repeat(100), 50, &mut report), format!("{}… [CUT 69 bytes]", "a".repeat(31)));
        assert_eq!(report.values(), ["cut:bytes=72", "cut:text=3"]);
    }

    proptest! {
        #[test]
        fn whatever_is_cut_fits_and_stays_json(
            texts in prop::collection::vec((any::<bool>(), ".{0,80}"), 1..12),
            limit in 2usize..1200,
        ) {
            let messages: Vec<_> =
                texts.iter().map(|(system, text)| message(if *system { "system" } else { "user" }, text)).collect();
            let (json, _) = fit_all(&messages, limit);
            prop_assert!(json.len() <= limit, "{} > {limit}: {json}", json.len());
            prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
        }

        #[test]
        fn a_cut_text_fits(text in "\\PC*|.*", limit in 0usize..60) {
            let mut report = Report::default();
            let out = cut(&text, limit, &mut report);
            prop_assert!(encoded_len(&out) <= limit);
            prop_assert_eq!(encoded_len(&text) + 2, serde_json::to_string(&text).map_or(0, |json| json.len()));
        }
    }
}
