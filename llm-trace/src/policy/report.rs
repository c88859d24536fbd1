//! Counts of masked, scrubbed and cut texts by kind, without their data.

use std::borrow::Cow;

use super::place::TextKind;
use crate::semconv::identifier::is_word;

/// The kinds of changes to content.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Done {
    Cut,
    Masked,
    Scrubbed,
}

impl Done {
    fn as_str(self) -> &'static str {
        match self {
            Done::Cut => "cut",
            Done::Masked => "masked",
            Done::Scrubbed => "scrubbed",
        }
    }
}

/// The value of `llm_trace.redaction`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Sorted.
    counts: Vec<(Done, Cow<'static, str>, u64)>,
}

impl Report {
    /// The attribute that holds the report.
    pub(crate) const KEY: &'static str = "llm_trace.redaction";

    /// Counts a masked text.
    pub(crate) fn masked(&mut self, kind: TextKind) {
        self.count(Done::Masked, Cow::Borrowed(kind.as_str()), 1);
    }

    /// Counts facts that were omitted because they are not identifiers.
    #[inline]
    pub(crate) fn of_facts(omitted: u64) -> Self {
        let mut report = Self::default();
        report.count(Done::Cut, Cow::Borrowed("fact"), omitted);
        report
    }

    /// Counts an omitted attribute or side of a call.
    pub(crate) fn dropped(&mut self, what: &'static str) {
        self.count(Done::Masked, Cow::Borrowed(what), 1);
    }

    /// Counts matches of a scrubbing rule.
    pub(crate) fn scrubbed(&mut self, rule: &str, times: u64) {
        if times > 0 {
            self.count(Done::Scrubbed, Cow::Owned(rule.to_owned()), times);
        }
    }

    /// Counts content that exceeded a limit.
    pub(crate) fn cut(&mut self, what: &'static str, times: u64) {
        self.count(Done::Cut, Cow::Borrowed(what), times);
    }

    fn count(&mut self, done: Done, kind: Cow<'static, str>, times: u64) {
        if times == 0 {
            return;
        }
        match self.counts.binary_search_by(|(d, k, _)| (d, k).cmp(&(&done, &kind))) {
            Ok(at) => self.counts[at].2 = self.counts[at].2.saturating_add(times),
            Err(at) => self.counts.insert(at, (done, kind, times)),
        }
    }

    /// Adds the counts of another report.
    pub(crate) fn absorb(&mut self, other: Report) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            self.counts = other.counts;
            return;
        }
        for (done, kind, times) in other.counts {
            self.count(done, kind, times);
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The counts as `masked:text=3`, sorted; empty if nothing was changed.
    pub(crate) fn values(&self) -> Vec<String> {
        self.counts.iter().map(|(done, kind, count)| format!("{}:{kind}={count}", done.as_str())).collect()
    }

    /// Parses the output of [`values`](Self::values), to add to it.
    pub(crate) fn read<'v>(values: impl IntoIterator<Item = &'v str>) -> Self {
        let mut report = Self::default();
        for value in values {
            let Some((done, rest)) = value.split_once(':') else { continue };
            let Some((kind, count)) = rest.rsplit_once('=') else { continue };
            // Other code may have written the attribute.
            if !is_word(kind) {
                continue;
            }
            let Some(done) = [Done::Cut, Done::Masked, Done::Scrubbed].into_iter().find(|d| d.as_str() == done) else {
                continue;
            };
            report.count(done, Cow::Owned(kind.to_owned()), count.parse().unwrap_or(1));
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_are_sorted() {
        let mut report = Report::default();
        report.scrubbed("email", 2);
        report.masked(TextKind::Text);
        let mut other = Report::default();
        other.masked(TextKind::Text);
        other.cut("bytes", 10);
        report.absorb(other);
        assert_eq!(report.values(), ["cut:bytes=10", "masked:text=2", "scrubbed:email=2"]);
        assert_eq!(Report::read(report.values().iter().map(String::as_str)).values(), report.values());
    }
}
