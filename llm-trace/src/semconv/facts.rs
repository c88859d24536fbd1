//! A set of facts.

use super::Fact;
use super::identifier::{is_identifier, is_sane, most};
use super::value::AttributeValue;

/// A set of facts, in the order in which they were first set. An empty text sets nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    list: Vec<(Fact, AttributeValue)>,
    /// The number of facts that were omitted because their value is not an identifier or not plausible.
    refused: u64,
}

impl Facts {
    /// Sets a fact and replaces a known value, if this fact may hold the value.
    pub(crate) fn set(&mut self, fact: Fact, value: AttributeValue) {
        match value {
            AttributeValue::Str(text) if text.is_empty() => {}
            AttributeValue::Str(text) if is_identifier(fact, &text) => self.put(fact, AttributeValue::Str(text)),
            AttributeValue::Strs(texts) => self.set_texts(fact, texts),
            AttributeValue::Int(number) if is_sane(fact, number) => self.put(fact, AttributeValue::Int(number)),
            AttributeValue::Float(number) if number.is_finite() => self.put(fact, AttributeValue::Float(number)),
            AttributeValue::Bool(flag) => self.put(fact, AttributeValue::Bool(flag)),
            AttributeValue::Str(_) | AttributeValue::Int(_) | AttributeValue::Float(_) => self.refused += 1,
        }
    }

    /// Sets a list of texts, without those that this fact may not hold.
    fn set_texts(&mut self, fact: Fact, mut texts: Vec<String>) {
        let before = texts.len();
        texts.retain(|text| is_identifier(fact, text));
        texts.truncate(most(fact));
        self.refused += (before - texts.len()) as u64;
        if !texts.is_empty() {
            self.put(fact, AttributeValue::Strs(texts));
        }
    }

    fn put(&mut self, fact: Fact, value: AttributeValue) {
        match self.list.iter_mut().find(|(known, _)| *known == fact) {
            Some((_, known)) => *known = value,
            None => self.list.push((fact, value)),
        }
    }

    /// Adds the facts that are not set yet.
    pub(crate) fn fill(&mut self, other: Facts) {
        for (fact, value) in other.list {
            if self.get(fact).is_none() {
                self.list.push((fact, value));
            }
        }
        self.refused += other.refused;
    }

    pub(crate) fn get(&self, fact: Fact) -> Option<&AttributeValue> {
        self.list.iter().find_map(|(known, value)| (*known == fact).then_some(value))
    }

    /// The value of a text fact.
    pub(crate) fn text(&self, fact: Fact) -> Option<&str> {
        if let Some(AttributeValue::Str(text)) = self.get(fact) { Some(text) } else { None }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fact, &AttributeValue)> {
        self.list.iter().map(|(fact, value)| (*fact, value))
    }

    /// The number of facts that were omitted because their value is not an identifier or not plausible.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
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
