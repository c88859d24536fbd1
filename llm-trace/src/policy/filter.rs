//! The filter that every text passes before it is written to an attribute.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::budget;
use super::content_shape::ContentShape;
use super::media::MediaDigest;
use super::place::{Place, TextKind};
use super::policy::Policy;
use super::report::Report;
use super::rewrite;
use super::style::{HashKey, Style};
use crate::credentials;
use crate::json::{JsonOutput, JsonView, Mode, Node, Text, write_str};

pub(crate) use crate::credentials::REDACTED;

/// Replacement for content that exceeds a limit.
pub(crate) const CUT: &str = "[CUT]";

/// Passes or replaces texts, and counts each change.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    stand_in: StandIn,
    /// Replacement for the parts of an input that a model wrote, if only the output is masked.
    by_model: Option<StandIn>,
    /// The policy whose scrubbers and limits apply.
    policy: Option<Arc<Policy>>,
    /// Longest text, in encoded bytes.
    longest: usize,
    /// Bytes left of the span's limit.
    room: usize,
    report: Report,
}

/// Replacement for a text.
#[derive(Clone, Debug)]
enum StandIn {
    /// No replacement: the text passes.
    Itself,
    Word(&'static str),
    Hash(HashKey),
    /// The part that holds the text is omitted.
    Absent,
}

impl StandIn {
    /// The replacement for masked texts in this style.
    fn for_style(style: &Style) -> Self {
        match style {
            Style::Hash(key) => StandIn::Hash(key.clone()),
            Style::Placeholder => StandIn::Word(REDACTED),
            Style::Drop => StandIn::Absent,
        }
    }
}

/// The replacement that applies at a place.
fn stand_in_at<'s>(own: &'s StandIn, by_model: &'s Option<StandIn>, place: Place<'_>) -> &'s StandIn {
    by_model.as_ref().filter(|_| place.is_by_model()).unwrap_or(own)
}

impl Filter {
    fn new(stand_in: StandIn, policy: Option<Arc<Policy>>) -> Self {
        let budgets = policy.as_ref().map(|policy| policy.budgets);
        Self {
            stand_in,
            by_model: None,
            longest: budgets.map_or(usize::MAX, |budgets| budgets.text),
            room: budgets.map_or(usize::MAX, |budgets| budgets.span),
            policy,
            report: Report::default(),
        }
    }

    /// Bytes left for content: no more of a stream needs to be buffered.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// A filter that passes everything.
    pub(crate) fn plain() -> Self {
        Self::new(StandIn::Itself, None)
    }

    /// A filter that passes structure only.
    pub(crate) fn placeholder() -> Self {
        Self::replace(REDACTED)
    }

    pub(super) fn replace(word: &'static str) -> Self {
        Self::new(StandIn::Word(word), None)
    }

    /// A filter that passes texts up to this length, in encoded bytes.
    pub(super) fn capped(longest: usize) -> Self {
        Self { longest, ..Self::plain() }
    }

    /// The filter for an unmasked side under this policy.
    pub(super) fn open(policy: &Arc<Policy>) -> Self {
        Self::new(StandIn::Itself, Some(policy.clone()))
    }

    /// The filter for a masked side under this policy.
    pub(super) fn masked(policy: &Arc<Policy>) -> Self {
        Self::new(StandIn::for_style(&policy.style), Some(policy.clone()))
    }

    /// A filter that masks the parts of an input that a model wrote, to find out whether there are any.
    pub(crate) fn of_model_parts() -> Self {
        Self { by_model: Some(StandIn::Word(REDACTED)), ..Self::plain() }
    }

    /// Masks the parts of an input that a model wrote. Used when only the output is masked.
    pub(super) fn mask_model_parts(&mut self, style: &Style) {
        self.by_model = Some(StandIn::for_style(style));
    }

    /// Whether only the parts that a model wrote are masked.
    pub(crate) fn masks_model_parts(&self) -> bool {
        self.by_model.is_some()
    }

    /// Whether a part at this place is omitted. Reports it if so.
    pub(crate) fn omits(&mut self, place: Place<'_>) -> bool {
        let omitted =
            self.by_model.is_some() && matches!(stand_in_at(&self.stand_in, &self.by_model, place), StandIn::Absent);
        if omitted {
            self.report.masked(place.kind);
        }
        omitted
    }

    /// Whether the filter needs the texts, if only to hash them.
    pub(crate) fn reads(&self) -> bool {
        !matches!(self.stand_in, StandIn::Word(_) | StandIn::Absent)
    }

    /// Like [`reads`](Self::reads), for the texts of one place.
    pub(crate) fn reads_at(&self, place: Place<'_>) -> bool {
        !matches!(stand_in_at(&self.stand_in, &self.by_model, place), StandIn::Word(_) | StandIn::Absent)
    }

    /// Like [`masks`](Self::masks), for the texts of one place.
    pub(crate) fn masks_at(&self, place: Place<'_>) -> bool {
        !matches!(stand_in_at(&self.stand_in, &self.by_model, place), StandIn::Itself)
    }

    /// Whether every text is replaced.
    pub(crate) fn masks(&self) -> bool {
        !matches!(self.stand_in, StandIn::Itself)
    }

    /// Whether every text passes unchanged.
    pub(crate) fn is_plain(&self) -> bool {
        !self.masks() && self.by_model.is_none() && self.policy.is_none() && self.longest == usize::MAX
    }

    /// Subtracts bytes used by other attributes from the span's limit.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.room = self.room.saturating_sub(bytes);
    }

    pub(crate) fn into_report(self) -> Report {
        self.report
    }

    pub(crate) fn take_report(&mut self) -> Report {
        std::mem::take(&mut self.report)
    }

    /// Writes a text as a JSON string.
    pub(crate) fn text(&mut self, out: &mut String, text: Text<'_>, place: Place<'_>) {
        let Text::Plain(text) = text else { return self.mask(out, place) };
        let (longest, start) = (self.longest_at(place), out.len());
        let clean = self.uncut(text, place);
        // The encoded length is known after writing, so most texts are read once.
        if clean.len() <= longest {
            write_str(out, &clean);
            if out.len() - start - 2 <= longest {
                return;
            }
            out.truncate(start);
        }
        write_str(out, &budget::cut(&clean, longest, &mut self.report));
    }

    /// The text after masking, scrubbing and cutting.
    pub(crate) fn clean<'t>(&mut self, text: &'t str, place: Place<'_>) -> Cow<'t, str> {
        let longest = self.longest_at(place);
        match self.uncut(text, place) {
            Cow::Borrowed(clean) => budget::cut(clean, longest, &mut self.report),
            Cow::Owned(clean) => Cow::Owned(budget::cut(&clean, longest, &mut self.report).into_owned()),
        }
    }

    /// The text of an error after masking, scrubbing and cutting.
    pub(crate) fn error_text(mut self, text: &str) -> String {
        self.clean(text, Place::error()).into_owned()
    }

    /// The length to which a text is cut, in encoded bytes. Media have their own limit, because half an image is
    /// useless, and replacements are not cut.
    fn longest_at(&self, place: Place<'_>) -> usize {
        let is_text = place.kind != TextKind::Media && !self.masks_at(place);
        if is_text { self.longest } else { usize::MAX }
    }

    /// The text after masking and scrubbing.
    fn uncut<'t>(&mut self, text: &'t str, place: Place<'_>) -> Cow<'t, str> {
        match stand_in_at(&self.stand_in, &self.by_model, place) {
            // Masked text is not counted again.
            StandIn::Word(_) | StandIn::Hash(_) | StandIn::Absent if text == REDACTED || text == CUT => {
                Cow::Borrowed(text)
            }
            // Nor is it hashed again. In the other styles, any text may have the form of a hash.
            StandIn::Hash(_) if HashKey::is_digest(text) => Cow::Borrowed(text),
            StandIn::Word(word) => {
                self.report.masked(place.kind);
                Cow::Borrowed(word)
            }
            StandIn::Absent => {
                self.report.masked(place.kind);
                Cow::Borrowed(REDACTED)
            }
            StandIn::Hash(key) => {
                self.report.masked(place.kind);
                Cow::Owned(key.digest(text))
            }
            StandIn::Itself if self.policy.is_some() && place.kind.is_free_text() => {
                let (text, found) = credentials::clean(text);
                self.report.scrubbed("credential", found);
                match text {
                    Cow::Borrowed(text) => self.scrub(text, place),
                    Cow::Owned(text) => Cow::Owned(self.scrub(&text, place).into_owned()),
                }
            }
            StandIn::Itself => self.scrub(text, place),
        }
    }

    /// Whether scrubbers receive the texts.
    pub(crate) fn scrubs(&self) -> bool {
        !self.masks() && self.policy.as_ref().is_some_and(|policy| !policy.scrubbers.is_empty())
    }

    fn scrub<'t>(&mut self, text: &'t str, place: Place<'_>) -> Cow<'t, str> {
        match &self.policy {
            Some(policy) if !policy.scrubbers.is_empty() => policy.scrubbers.run(text, place, &mut self.report),
            _ => Cow::Borrowed(text),
        }
    }

    /// Writes the placeholder.
    pub(crate) fn mask(&mut self, out: &mut String, place: Place<'_>) {
        self.report.masked(place.kind);
        let stand_in = stand_in_at(&self.stand_in, &self.by_model, place);
        write_str(out, if let StandIn::Word(word) = stand_in { word } else { REDACTED });
    }

    /// Writes a JSON value with each text, key and number filtered, or one replacement for the whole value if texts are
    /// masked.
    pub(crate) fn json(&mut self, out: &mut String, node: Node<'_>, place: Place<'_>) {
        match (stand_in_at(&self.stand_in, &self.by_model, place), node.str()) {
            (StandIn::Word(_) | StandIn::Absent, _) => self.mask(out, place),
            (StandIn::Hash(_), None) => {
                let whole = node.to_json();
                self.text(out, Text::Plain(&whole), place);
            }
            _ => node.write_json(out, &mut FilteredJson { filter: self, place, credential: None }),
        }
    }

    /// The size and hash that replace base64 media above the limit.
    fn media_digest(&mut self, content: Text<'_>, place: Place<'_>) -> Option<MediaDigest> {
        let limit = self.policy.as_ref().map_or(self.longest, |policy| policy.budgets.media);
        match content {
            Text::Plain(content) if !self.masks_at(place) && content.len() > limit => {
                self.report.cut("media", 1);
                self.report.cut("bytes", content.len() as u64);
                Some(MediaDigest::of_base64(content))
            }
            _ => None,
        }
    }

    /// Writes base64 media as the rest of a `"content":` field.
    pub(crate) fn media(&mut self, out: &mut String, content: Node<'_>, place: Place<'_>) {
        match content.text() {
            Some(text) => self.blob(out, text, place),
            None => self.json(out, content, place),
        }
    }

    /// Writes base64 media as the rest of a `"content":` field: the media, a replacement, or their size and hash if
    /// they exceed the limit.
    pub(crate) fn blob(&mut self, out: &mut String, content: Text<'_>, place: Place<'_>) {
        match self.media_digest(content, place) {
            Some(MediaDigest { bytes, sha256 }) => {
                write_str(out, CUT);
                out.push_str(&format!(",\"bytes\":{bytes},\"sha256\":\"{sha256}\""));
            }
            None => self.text(out, content, place),
        }
    }

    /// The JSON array of `items`, which are slices of `json`, an array that is not closed, each with a flag for system
    /// messages.
    /// If they exceed the limit, items in the middle are dropped. Returns `None` if there is no room for any item.
    pub(crate) fn array(
        &mut self,
        json: String,
        items: &[(Range<usize>, bool)],
        shape: ContentShape,
    ) -> Option<String> {
        let out = budget::fit(json, items, self.limit(), &mut self.report, |json, limit| {
            rewrite::shorten(json, shape, limit)
        });
        let none_fits = out.len() == 2 && !items.is_empty();
        self.reserve(if none_fits { 0 } else { out.len() });
        (!none_fits).then_some(out)
    }

    /// Like [`array`](Self::array), for an array that is already written.
    pub(crate) fn whole(&mut self, json: String, shape: ContentShape) -> Option<String> {
        if json.len() <= self.limit() {
            self.reserve(json.len());
            return Some(json);
        }
        if let ContentShape::Value(_) = shape {
            let short = rewrite::shorten(&json, shape, self.limit());
            self.report.cut("text", 1);
            self.report.cut("bytes", json.len().saturating_sub(short.as_ref().map_or(0, String::len)) as u64);
            self.reserve(short.as_ref().map_or(0, String::len));
            return short.filter(|short| !short.is_empty());
        }
        let doc = JsonView::from_slice(json.as_bytes(), Mode::Full);
        let (items_json, items) = rewrite::items(doc.root(), shape, &mut Filter::plain());
        self.array(items_json, &items, shape)
    }

    /// The limit of the next attribute, in bytes.
    fn limit(&self) -> usize {
        self.policy.as_ref().map_or(usize::MAX, |policy| policy.budgets.attribute).min(self.room)
    }

    /// Adds the counts of another filter.
    pub(crate) fn absorb(&mut self, other: Filter) {
        self.report.absorb(other.report);
    }
}

/// Writes a JSON value with its texts, keys and numbers filtered.
struct FilteredJson<'f, 'p> {
    filter: &'f mut Filter,
    place: Place<'p>,
    /// The key of the next value, if it names a credential.
    credential: Option<String>,
}

impl FilteredJson<'_, '_> {
    /// Whether scrubbers match this value only together with its key.
    fn is_credential(&mut self, value: &str) -> bool {
        let Some(key) = self.credential.take() else { return false };
        let pair = format!("{key}: \"{value}\"");
        matches!(self.filter.scrub(&pair, self.place), Cow::Owned(clean) if !clean.contains(value))
    }
}

impl JsonOutput for FilteredJson<'_, '_> {
    fn string(&mut self, out: &mut String, text: &str) {
        match self.is_credential(text) {
            true => write_str(out, REDACTED),
            false => self.filter.text(out, Text::Plain(text), self.place),
        }
    }

    fn key(&mut self, out: &mut String, key: &str) {
        self.credential =
            Some(key.to_owned()).filter(|key| self.filter.scrubs() && credentials::keys::is_credential(key));
        self.filter.text(out, Text::Plain(key), self.place);
    }

    fn number(&mut self, out: &mut String, digits: &str) {
        if self.is_credential(digits) {
            return write_str(out, REDACTED);
        }
        match self.filter.scrub(digits, self.place) {
            Cow::Borrowed(_) => out.push_str(digits),
            Cow::Owned(clean) => write_str(out, &clean),
        }
    }
}
