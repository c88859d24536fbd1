//! The one way of a text into an attribute.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::budget;
use super::media::MediaDigest;
use super::place::{Place, TextKind};
use super::policy::Policy;
use super::report::Report;
use super::rewrite;
use super::rewrite::ContentShape;
use super::style::{HashKey, Style};
use crate::credentials;
use crate::json::{JsonOutput, JsonView, Mode, Node, Text, write_str};

pub(crate) use crate::credentials::REDACTED;

/// What stands in place of content that was too large.
pub(crate) const CUT: &str = "[CUT]";

/// Lets texts through, or puts something in their place, and counts what it did.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    stand_in: StandIn,
    /// Replaces the parts of an input that a model wrote, where only the output is masked.
    by_model: Option<StandIn>,
    /// Whose scrubbers run, and whose budgets hold.
    policy: Option<Arc<Policy>>,
    /// The longest text, in encoded bytes.
    longest: usize,
    /// What is left of the span's budget.
    room: usize,
    report: Report,
}

/// What a text is replaced by.
#[derive(Clone, Debug)]
enum StandIn {
    /// By nothing: it is let through.
    Itself,
    Word(&'static str),
    Hash(HashKey),
    /// By nothing, and the part it stands in is absent.
    Absent,
}

impl StandIn {
    /// Replaces masked texts in this style.
    fn for_style(style: &Style) -> Self {
        match style {
            Style::Hash(key) => StandIn::Hash(key.clone()),
            Style::Placeholder => StandIn::Word(REDACTED),
            Style::Drop => StandIn::Absent,
        }
    }
}

/// The stand-in that holds at a place.
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

    /// How many bytes can go out at all: more of a stream need not be kept.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// Lets everything through.
    pub(crate) fn plain() -> Self {
        Self::new(StandIn::Itself, None)
    }

    /// Lets nothing through but structure.
    #[cfg(any(test, feature = "internal"))]
    pub(crate) fn placeholder() -> Self {
        Self::replace(REDACTED)
    }

    pub(super) fn replace(word: &'static str) -> Self {
        Self::new(StandIn::Word(word), None)
    }

    /// Lets everything through up to this length, in encoded bytes.
    pub(super) fn capped(longest: usize) -> Self {
        Self { longest, ..Self::plain() }
    }

    /// Lets through what this policy lets through of an unmasked side.
    pub(super) fn open(policy: &Arc<Policy>) -> Self {
        Self::new(StandIn::Itself, Some(policy.clone()))
    }

    /// Puts in place of a masked side's texts what this policy says.
    pub(super) fn masked(policy: &Arc<Policy>) -> Self {
        Self::new(StandIn::for_style(&policy.style), Some(policy.clone()))
    }

    /// Masks the parts that a model wrote, as an input has them where the output is masked.
    pub(super) fn mask_model_parts(&mut self, style: &Style) {
        self.by_model = Some(StandIn::for_style(style));
    }

    /// Whether the parts that a model wrote are masked and others are not.
    pub(crate) fn masks_model_parts(&self) -> bool {
        self.by_model.is_some()
    }

    /// Whether a part at this place is absent altogether; if so, reports it.
    pub(crate) fn omits(&mut self, place: Place<'_>) -> bool {
        let omitted =
            self.by_model.is_some() && matches!(stand_in_at(&self.stand_in, &self.by_model, place), StandIn::Absent);
        if omitted {
            self.report.masked(place.kind);
        }
        omitted
    }

    /// Whether it has to see texts, if only to hash them.
    pub(crate) fn reads(&self) -> bool {
        !matches!(self.stand_in, StandIn::Word(_) | StandIn::Absent)
    }

    /// As [`reads`](Self::reads), for the texts of one place.
    pub(crate) fn reads_at(&self, place: Place<'_>) -> bool {
        !matches!(stand_in_at(&self.stand_in, &self.by_model, place), StandIn::Word(_) | StandIn::Absent)
    }

    /// As [`masks`](Self::masks), for the texts of one place.
    pub(crate) fn masks_at(&self, place: Place<'_>) -> bool {
        !matches!(stand_in_at(&self.stand_in, &self.by_model, place), StandIn::Itself)
    }

    /// Whether no text gets through as it is.
    pub(crate) fn masks(&self) -> bool {
        !matches!(self.stand_in, StandIn::Itself)
    }

    /// Whether every text gets through unchanged.
    pub(crate) fn is_plain(&self) -> bool {
        !self.masks() && self.by_model.is_none() && self.policy.is_none() && self.longest == usize::MAX
    }

    /// Takes bytes that other attributes used off the span's budget.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.room = self.room.saturating_sub(bytes);
    }

    pub(crate) fn into_report(self) -> Report {
        self.report
    }

    /// Writes a text as a JSON string.
    pub(crate) fn text(&mut self, out: &mut String, text: Text<'_>, place: Place<'_>) {
        match text {
            Text::Plain(s) => {
                let clean = self.clean(s, place);
                write_str(out, &clean);
            }
            Text::Elided(_) => self.mask(out, place),
        }
    }

    /// The text as it may go out.
    pub(crate) fn clean<'t>(&mut self, text: &'t str, place: Place<'_>) -> Cow<'t, str> {
        match stand_in_at(&self.stand_in, &self.by_model, place) {
            // What is masked already is neither counted nor hashed twice.
            StandIn::Word(_) | StandIn::Hash(_) | StandIn::Absent if is_stand_in(text) => Cow::Borrowed(text),
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
                    Cow::Borrowed(text) => self.scrub_and_cut(text, place),
                    Cow::Owned(text) => Cow::Owned(self.scrub_and_cut(&text, place).into_owned()),
                }
            }
            StandIn::Itself => self.scrub_and_cut(text, place),
        }
    }

    fn scrub_and_cut<'t>(&mut self, text: &'t str, place: Place<'_>) -> Cow<'t, str> {
        // Media have a limit of their own, and half an image is of no use.
        let longest = if place.kind == TextKind::Media { usize::MAX } else { self.longest };
        match self.scrub(text, place) {
            Cow::Borrowed(clean) => budget::cut(clean, longest, &mut self.report),
            Cow::Owned(clean) => Cow::Owned(budget::cut(&clean, longest, &mut self.report).into_owned()),
        }
    }

    fn scrubs(&self) -> bool {
        !self.masks() && self.policy.as_ref().is_some_and(|policy| !policy.scrubbers.is_empty())
    }

    fn scrub<'t>(&mut self, text: &'t str, place: Place<'_>) -> Cow<'t, str> {
        match &self.policy {
            Some(policy) => policy.scrubbers.run(text, place, &mut self.report),
            None => Cow::Borrowed(text),
        }
    }

    /// Writes the placeholder.
    pub(crate) fn mask(&mut self, out: &mut String, place: Place<'_>) {
        self.report.masked(place.kind);
        let stand_in = stand_in_at(&self.stand_in, &self.by_model, place);
        write_str(out, if let StandIn::Word(word) = stand_in { word } else { REDACTED });
    }

    /// Writes a JSON value, each text, key and number of it filtered; where texts are masked, one
    /// stand-in for the whole value.
    pub(crate) fn json(&mut self, out: &mut String, node: Node<'_>, place: Place<'_>) {
        match (stand_in_at(&self.stand_in, &self.by_model, place), node.str()) {
            (StandIn::Word(_) | StandIn::Absent, _) => self.mask(out, place),
            (StandIn::Hash(_), None) => {
                let whole = node.to_json();
                self.text(out, Text::Plain(&whole), place);
            }
            _ => node.write_json(out, &mut Through { filter: self, place, credential: None }),
        }
    }

    /// The size and hash to write in place of base64 media that are too large to be let through.
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

    /// Writes base64 media as the rest of a `"content":` field: themselves, a stand-in, or their
    /// size and hash where they are too large.
    pub(crate) fn blob(&mut self, out: &mut String, content: Text<'_>, place: Place<'_>) {
        match self.media_digest(content, place) {
            Some(MediaDigest { bytes, sha256 }) => {
                write_str(out, CUT);
                out.push_str(&format!(",\"bytes\":{bytes},\"sha256\":\"{sha256}\""));
            }
            None => self.text(out, content, place),
        }
    }

    /// The JSON array of `items`, which are slices of `json` with commas between; of those that are
    /// too many, the middle is dropped. Each says whether it is a system message. `None` where there is no room
    /// for any.
    pub(crate) fn array(
        &mut self,
        json: String,
        items: &[(Range<usize>, bool)],
        shape: ContentShape,
    ) -> Option<String> {
        let out = budget::fit(json, items, shape, self.limit(), &mut self.report);
        let none_fits = out.len() == 2 && !items.is_empty();
        self.reserve(if none_fits { 0 } else { out.len() });
        (!none_fits).then_some(out)
    }

    /// As [`array`](Self::array), of an array that is already written.
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

    /// How large the next attribute may be, in bytes.
    fn limit(&self) -> usize {
        self.policy.as_ref().map_or(usize::MAX, |policy| policy.budgets.attribute).min(self.room)
    }

    /// Adds another filter's counts to this one's.
    pub(crate) fn absorb(&mut self, other: Filter) {
        self.report.absorb(other.report);
    }
}

fn is_stand_in(text: &str) -> bool {
    text == REDACTED || text == CUT || HashKey::is_digest(text)
}

/// Passes the texts, keys and numbers of a JSON value through a filter.
struct Through<'f, 'p> {
    filter: &'f mut Filter,
    place: Place<'p>,
    /// The key of the value that comes next, if it names a credential.
    credential: Option<String>,
}

impl Through<'_, '_> {
    /// Whether scrubbers find something in this value only when they see it with its key.
    fn is_credential(&mut self, value: &str) -> bool {
        let Some(key) = self.credential.take() else { return false };
        let pair = format!("{key}: \"{value}\"");
        matches!(self.filter.scrub(&pair, self.place), Cow::Owned(clean) if !clean.contains(value))
    }
}

impl JsonOutput for Through<'_, '_> {
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
