//! A set of facts.

use std::borrow::Cow;

use super::Fact;
use super::identifier::{is_identifier, is_sane, is_word, most, without_credentials};
use super::value::AttributeValue;

/// A set of facts, in attribute order. An empty text sets nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    list: Vec<(Fact, AttributeValue)>,
    /// The facts with a value that was omitted, because it is not an identifier or not plausible.
    refused: Vec<Fact>,
}

impl Facts {
    /// Sets a fact and replaces a known value, if this fact may hold the value.
    pub(crate) fn set(&mut self, fact: Fact, value: AttributeValue) {
        let is_sane = match value {
            AttributeValue::Str(text) => return self.set_text(fact, text),
            AttributeValue::Strs(texts) => return self.set_texts(fact, texts),
            AttributeValue::Int(number) => is_sane(fact, number),
            AttributeValue::Float(number) => number.is_finite(),
            AttributeValue::Bool(_) => true,
        };
        match is_sane {
            true => self.put(fact, value),
            false => self.refuse(fact),
        }
    }

    fn set_text(&mut self, fact: Fact, text: Cow<'static, str>) {
        if text.is_empty() {
            return;
        }
        match is_identifier(fact, &text) {
            true => self.put(fact, AttributeValue::Str(text)),
            false => self.set_cleaned(fact, &text),
        }
    }

    /// Sets a text without its credentials, if this fact may hold that.
    fn set_cleaned(&mut self, fact: Fact, text: &str) {
        match without_credentials(fact, text) {
            Some(clean) => self.put(fact, clean.into()),
            None => self.refuse(fact),
        }
    }

    /// Sets a list of texts, without those that this fact may not hold.
    fn set_texts(&mut self, fact: Fact, mut texts: Vec<String>) {
        let before = texts.len();
        texts.retain(|text| is_identifier(fact, text));
        texts.truncate(most(fact));
        if texts.len() < before {
            self.refuse(fact);
            // A list of stop sequences with any text that is not an identifier is content as a whole.
            if fact == Fact::RequestStopSequences {
                return;
            }
        }
        if !texts.is_empty() {
            self.put(fact, AttributeValue::Strs(texts));
        }
    }

    /// Sets a fact that is not known yet.
    pub(crate) fn set_new(&mut self, fact: Fact, value: AttributeValue) {
        if !self.has(fact) {
            self.set(fact, value);
        }
    }

    /// Sets a fact to a value, if the value is known.
    pub(crate) fn update(&mut self, fact: Fact, value: Option<impl Into<AttributeValue>>) {
        if let Some(value) = value {
            self.set(fact, value.into());
        }
    }

    /// Sets a fact to a text, if the text is known. The memory of a known text is reused, because events of a stream
    /// often repeat texts.
    pub(crate) fn update_text(&mut self, fact: Fact, text: Option<&str>) {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        match self.find(fact) {
            Ok(at) if matches!(&self.list[at].1, AttributeValue::Str(known) if known == text) => {}
            _ if !is_identifier(fact, text) => self.set_cleaned(fact, text),
            Ok(at) => self.list[at].1 = text.into(),
            Err(at) => self.insert(at, fact, text.into()),
        }
    }

    /// Like [`update_text`](Self::update_text) for an id that a program may choose, from a wire format whose ids have no
    /// spaces.
    pub(crate) fn update_word(&mut self, fact: Fact, text: Option<&str>) {
        match text {
            Some(text) if !is_word(text) => self.refuse(fact),
            text => self.update_text(fact, text),
        }
    }

    fn put(&mut self, fact: Fact, value: AttributeValue) {
        match self.find(fact) {
            Ok(at) => self.list[at].1 = value,
            Err(at) => self.insert(at, fact, value),
        }
    }

    fn insert(&mut self, at: usize, fact: Fact, value: AttributeValue) {
        if self.list.capacity() == 0 {
            // Most requests and responses have fewer.
            self.list = Vec::with_capacity(16);
        }
        // Readers set facts in attribute order.
        match at == self.list.len() {
            true => self.list.push((fact, value)),
            false => self.list.insert(at, (fact, value)),
        }
    }

    /// The place of a fact, or the place where it has to be inserted.
    #[inline]
    fn find(&self, fact: Fact) -> Result<usize, usize> {
        match self.list.last() {
            Some((last, _)) if *last >= fact => self.list.binary_search_by_key(&fact, |(known, _)| *known),
            _ => Err(self.list.len()),
        }
    }

    fn refuse(&mut self, fact: Fact) {
        if !self.refused.contains(&fact) {
            self.refused.push(fact);
        }
    }

    /// Adds the facts that are not set yet.
    pub(crate) fn fill(&mut self, other: Facts) {
        for (fact, value) in other.list {
            if let Err(at) = self.find(fact) {
                self.insert(at, fact, value);
            }
        }
        other.refused.into_iter().for_each(|fact| self.refuse(fact));
    }

    /// Adds later facts, which replace known ones.
    pub(crate) fn merge(&mut self, later: Facts) {
        let earlier = std::mem::replace(self, later);
        self.fill(earlier);
    }

    /// Removes a fact.
    pub(crate) fn take(&mut self, fact: Fact) -> Option<AttributeValue> {
        self.find(fact).ok().map(|at| self.list.remove(at).1)
    }

    pub(crate) fn get(&self, fact: Fact) -> Option<&AttributeValue> {
        self.find(fact).ok().map(|at| &self.list[at].1)
    }

    pub(crate) fn has(&self, fact: Fact) -> bool {
        self.find(fact).is_ok()
    }

    /// The value of a text fact.
    pub(crate) fn text(&self, fact: Fact) -> Option<&str> {
        self.get(fact)?.as_str()
    }

    /// The value of a flag.
    pub(crate) fn flag(&self, fact: Fact) -> Option<bool> {
        if let Some(AttributeValue::Bool(flag)) = self.get(fact) { Some(*flag) } else { None }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fact, &AttributeValue)> {
        self.list.iter().map(|(fact, value)| (*fact, value))
    }

    /// Takes the facts and their values out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (Fact, AttributeValue)> + '_ {
        self.list.drain(..)
    }

    /// The number of facts with a value that was omitted, because it is not an identifier or not plausible.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(facts: impl IntoIterator<Item = (Fact, AttributeValue)>) -> Facts {
        let mut all = Facts::default();
        facts.into_iter().for_each(|(fact, value)| all.set(fact, value));
        all
    }

    #[test]
    fn a_later_value_replaces_an_earlier_one_and_nothing_replaces_nothing() {
        let facts = with([
            (Fact::RequestModel, "a".into()),
            (Fact::RequestModel, "".into()),
            (Fact::FinishReasons, AttributeValue::Strs(Vec::new())),
        ]);
        assert_eq!((facts.iter().count(), facts.refused()), (1, 0));
        let facts = with([(Fact::RequestModel, "a".into()), (Fact::RequestModel, "b".into())]);
        assert_eq!(facts.text(Fact::RequestModel), Some("b"));
    }

    #[test]
    fn what_is_no_identifier_is_left_out_and_counted() {
        let reasons = AttributeValue::Strs(vec!["stop".to_owned(), "line\nline".to_owned()]);
        let facts = with([
            (Fact::ToolName, "a\u{1b}[31m".into()),
            (Fact::AgentName, "x".repeat(257).into()),
            (Fact::FinishReasons, reasons),
            (Fact::RequestTopP, f64::NAN.into()),
            (Fact::UsageInput, i64::MIN.into()),
        ]);
        assert_eq!(facts.refused(), 5);
        assert_eq!(facts.get(Fact::FinishReasons), Some(&AttributeValue::Strs(vec!["stop".to_owned()])));
        assert_eq!(facts.iter().count(), 1);
    }

    #[test]
    fn filling_keeps_known_values() {
        let mut known = with([(Fact::UsageInput, 1.into())]);
        known.fill(with([(Fact::UsageInput, 2.into()), (Fact::UsageOutput, 3.into())]));
        assert_eq!(known.get(Fact::UsageInput), Some(&AttributeValue::Int(1)));
        assert_eq!(known.get(Fact::UsageOutput), Some(&AttributeValue::Int(3)));
    }
}
