//! A set of facts.

use std::borrow::Cow;

use super::Fact;
use super::identifier::{is_identifier, is_sane, most};
use super::value::AttributeValue;

/// A set of facts, in the order in which they were first set. An empty text sets nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    list: Vec<(Fact, AttributeValue)>,
    /// Facts that were omitted because their text is not an identifier.
    refused: Vec<Fact>,
}

impl Facts {
    /// Sets a fact and replaces a known value.
    pub(crate) fn set(&mut self, fact: Fact, value: AttributeValue) {
        match value {
            AttributeValue::Str(text) => self.set_text(fact, text),
            AttributeValue::Strs(texts) => self.set_texts(fact, texts),
            value => self.put(fact, value),
        }
    }

    /// Sets a text, if this fact may hold it.
    pub(crate) fn set_text(&mut self, fact: Fact, text: impl Into<Cow<'static, str>>) {
        let text = text.into();
        if text.is_empty() {
            return;
        }
        if is_identifier(fact, &text) {
            self.put(fact, AttributeValue::Str(text));
        } else {
            self.refuse(fact);
        }
    }

    /// Sets a text that llm-trace defines.
    pub(crate) fn set_word(&mut self, fact: Fact, word: &'static str) {
        self.put(fact, AttributeValue::Str(Cow::Borrowed(word)));
    }

    /// Sets a list of texts, without those that this fact may not hold.
    pub(crate) fn set_texts(&mut self, fact: Fact, mut texts: Vec<String>) {
        let before = texts.len();
        texts.retain(|text| is_identifier(fact, text));
        texts.truncate(most(fact));
        if texts.len() < before {
            self.refuse(fact);
        }
        if !texts.is_empty() {
            self.put(fact, AttributeValue::Strs(texts));
        }
    }

    /// Sets an integer, if it is plausible.
    pub(crate) fn set_int(&mut self, fact: Fact, number: i64) {
        if is_sane(fact, number) {
            self.put(fact, AttributeValue::Int(number));
        } else {
            self.refuse(fact);
        }
    }

    /// Sets a number, if it is finite.
    pub(crate) fn set_float(&mut self, fact: Fact, number: f64) {
        if number.is_finite() {
            self.put(fact, AttributeValue::Float(number));
        }
    }

    /// Sets a flag.
    pub(crate) fn set_bool(&mut self, fact: Fact, flag: bool) {
        self.put(fact, AttributeValue::Bool(flag));
    }

    fn put(&mut self, fact: Fact, value: AttributeValue) {
        match self.list.iter_mut().find(|(known, _)| *known == fact) {
            Some((_, known)) => *known = value,
            None => self.list.push((fact, value)),
        }
    }

    fn refuse(&mut self, fact: Fact) {
        if !self.refused.contains(&fact) {
            self.refused.push(fact);
        }
    }

    /// Removes a fact.
    pub(crate) fn remove(&mut self, fact: Fact) -> Option<AttributeValue> {
        let at = self.list.iter().position(|(known, _)| *known == fact)?;
        Some(self.list.remove(at).1)
    }

    /// Adds the facts that are not set yet.
    pub(crate) fn fill(&mut self, other: Facts) {
        for (fact, value) in other.list {
            if !self.has(fact) {
                self.list.push((fact, value));
            }
        }
        other.refused.into_iter().for_each(|fact| self.refuse(fact));
    }

    /// Applies a later report: its facts replace known ones, and other facts are kept.
    pub(crate) fn update(&mut self, later: Facts) {
        for (fact, value) in later.list {
            self.put(fact, value);
        }
        later.refused.into_iter().for_each(|fact| self.refuse(fact));
    }

    pub(crate) fn get(&self, fact: Fact) -> Option<&AttributeValue> {
        self.list.iter().find_map(|(known, value)| (*known == fact).then_some(value))
    }

    pub(crate) fn has(&self, fact: Fact) -> bool {
        self.get(fact).is_some()
    }

    /// The value of a text fact.
    pub(crate) fn text(&self, fact: Fact) -> Option<&str> {
        if let Some(AttributeValue::Str(text)) = self.get(fact) { Some(text) } else { None }
    }

    /// The value of a fact that is a list of texts; empty if unknown.
    pub(crate) fn texts(&self, fact: Fact) -> &[String] {
        if let Some(AttributeValue::Strs(texts)) = self.get(fact) { texts } else { &[] }
    }

    /// The value of an integer fact.
    pub(crate) fn int(&self, fact: Fact) -> Option<i64> {
        if let Some(AttributeValue::Int(number)) = self.get(fact) { Some(*number) } else { None }
    }

    /// The value of a numeric fact.
    pub(crate) fn float(&self, fact: Fact) -> Option<f64> {
        if let Some(AttributeValue::Float(number)) = self.get(fact) { Some(*number) } else { None }
    }

    /// The value of a flag.
    pub(crate) fn bool(&self, fact: Fact) -> Option<bool> {
        if let Some(AttributeValue::Bool(flag)) = self.get(fact) { Some(*flag) } else { None }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fact, &AttributeValue)> {
        self.list.iter().map(|(fact, value)| (*fact, value))
    }

    /// The facts that were omitted because their text is not an identifier.
    pub(crate) fn refused(&self) -> &[Fact] {
        &self.refused
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_value_replaces_an_earlier_one_and_nothing_replaces_nothing() {
        let mut facts = Facts::default();
        facts.set_text(Fact::RequestModel, "a");
        facts.set_text(Fact::RequestModel, "");
        facts.set_float(Fact::RequestTopP, f64::NAN);
        facts.set_texts(Fact::FinishReasons, Vec::new());
        assert_eq!(facts.iter().count(), 1);
        facts.set_text(Fact::RequestModel, "b".to_owned());
        assert_eq!(facts.text(Fact::RequestModel), Some("b"));
    }

    #[test]
    fn what_is_no_identifier_is_left_out_and_remembered() {
        let mut facts = Facts::default();
        facts.set_text(Fact::ToolName, "a\u{1b}[31m");
        facts.set_text(Fact::AgentName, "x".repeat(257));
        facts.set_texts(Fact::FinishReasons, vec!["stop".to_owned(), "line\nline".to_owned()]);
        assert_eq!(facts.refused(), [Fact::ToolName, Fact::AgentName, Fact::FinishReasons]);
        assert_eq!(facts.texts(Fact::FinishReasons), ["stop"]);
        assert!(!facts.has(Fact::ToolName) && !facts.has(Fact::AgentName));
    }

    #[test]
    fn filling_keeps_and_updating_replaces() {
        let mut known = Facts::default();
        known.set_int(Fact::UsageInput, 1);
        let mut later = Facts::default();
        later.set_int(Fact::UsageInput, 2);
        later.set_int(Fact::UsageOutput, 3);
        let mut filled = known.clone();
        filled.fill(later.clone());
        assert_eq!((filled.int(Fact::UsageInput), filled.int(Fact::UsageOutput)), (Some(1), Some(3)));
        known.update(later);
        assert_eq!((known.int(Fact::UsageInput), known.int(Fact::UsageOutput)), (Some(2), Some(3)));
    }
}
