//! Converts facts to a list of span attributes, the important ones first.

use super::compat::Compat;
use crate::cost::Priced;
use crate::model::Provider;
use crate::model::facts::ResponseFacts;
use crate::otel::{Array, KeyValue, StringValue, Value};
use crate::semconv::{AttributeValue, Fact, Facts, Profile};

/// Collects attributes with unique keys.
pub(crate) struct Attributes {
    list: Vec<KeyValue>,
    profile: Profile,
    /// Metrics need the texts of the facts.
    texts: bool,
}

impl Attributes {
    /// With `texts`, the texts are kept in the facts for metrics.
    pub(crate) fn new(profile: Profile, capacity: usize, texts: bool) -> Self {
        Self { list: Vec::with_capacity(capacity), profile, texts }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn into_vec(self) -> Vec<KeyValue> {
        self.list
    }

    /// Adds an attribute whose key is unique.
    #[inline]
    pub(crate) fn add(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.list.push(KeyValue::new(key, value));
        }
    }

    /// Adds a fact, if the profile defines it.
    #[inline]
    pub(crate) fn fact(&mut self, fact: Fact, value: Option<impl Into<Value>>) {
        if let Some(name) = fact.name(self.profile) {
            self.add(name, value);
        }
    }

    /// Adds an attribute, unless its key exists.
    pub(crate) fn add_new(&mut self, key: &'static str, value: Option<String>) {
        if !self.list.iter().any(|known| known.key.as_str() == key) {
            self.add(key, value);
        }
    }

    /// Adds the facts of a response. They are moved, unless metrics need them.
    pub(crate) fn response(&mut self, response: &mut ResponseFacts, provider: Option<&Provider>) {
        let mut kept;
        let facts = if self.texts {
            kept = response.facts.clone();
            &mut kept
        } else {
            &mut response.facts
        };
        let reasons = std::mem::take(&mut response.finish_reasons);
        let usage = &response.usage;
        self.facts(facts.drain(), provider, Fact::FinishReasons, |all| {
            let reasons = finish_reasons(reasons, all.profile);
            all.add(Fact::FinishReasons.key(), reasons);
            for (fact, count) in usage.facts() {
                if count.is_some() {
                    all.fact(fact, count);
                }
            }
        });
    }

    /// Adds the facts of a request except the model, which was set at the start, and the API that it was sent to. They
    /// are moved.
    pub(crate) fn request(&mut self, request: &mut Facts, api: Option<&'static str>, provider: Option<&Provider>) {
        let has_model = request.iter().next().is_some_and(|(fact, _)| fact == Fact::RequestModel);
        let mut facts = request.drain();
        let model = has_model.then(|| facts.next()).flatten();
        self.facts(facts, provider, Fact::OpenAiApiType, |all| {
            all.add(Fact::OpenAiApiType.key(), api.filter(|_| is_openai(provider)));
        });
        request.update(Fact::RequestModel, model.map(|(_, model)| model));
    }

    /// Adds facts, except defaults and those in the namespace of another provider. At the place of `at`, it calls
    /// `other`.
    #[inline]
    fn facts(
        &mut self,
        facts: impl Iterator<Item = (Fact, AttributeValue)>,
        provider: Option<&Provider>,
        at: Fact,
        other: impl FnOnce(&mut Self),
    ) {
        let (has_all, mut other) = (is_openai(provider), Some(other));
        for (fact, value) in facts {
            if fact > at
                && let Some(other) = other.take()
            {
                other(self);
            }
            if is_default(fact, &value) || (!has_all && fact.key().starts_with("openai.")) {
                continue;
            }
            let Some(key) = fact.name(self.profile) else { continue };
            let Some(value) = fact.value(value, self.profile) else { continue };
            self.list.push(KeyValue::new(key, Value::from(value)));
        }
        if let Some(other) = other {
            other(self);
        }
    }

    /// Adds the cost of a call, if known.
    pub(crate) fn cost(&mut self, priced: Option<&Priced>, compat: &[Compat]) {
        let Some(Priced { cost, source }) = priced else { return };
        let total = cost.sum();
        self.add(Fact::CostTotal.key(), total);
        if compat.contains(&Compat::UsageCost) {
            self.add(Fact::Cost.key(), total);
        }
        self.add(Fact::CostPartial.key(), (total.is_none() && cost.partial).then_some(true));
        for (fact, part) in cost.parts() {
            self.add(fact.key(), part);
        }
        self.add(Fact::CostSource.key(), Some(*source));
    }

    /// Adds attributes of the user; the last value of a key wins. They do not replace attributes of llm-trace.
    pub(crate) fn user(&mut self, attributes: Vec<KeyValue>, content: &[(&'static str, String)]) {
        let ours = self.list.len();
        for KeyValue { key, value, .. } in attributes {
            if content.iter().any(|(known, _)| *known == key.as_str()) || key.as_str() == Fact::Redaction.key() {
                continue;
            }
            match self.list.iter().position(|known| known.key == key) {
                Some(at) if at < ours => {}
                Some(at) => self.list[at].value = value,
                None => self.list.push(KeyValue::new(key, value)),
            }
        }
    }
}

/// An OpenTelemetry array of strings, or `None` if it is empty.
pub(crate) fn strings(list: Vec<String>) -> Option<Value> {
    let list: Vec<StringValue> = list.into_iter().map(StringValue::from).collect();
    (!list.is_empty()).then_some(Value::Array(Array::String(list)))
}

/// Finish reasons in choice order. For a choice without a reason, the latest conventions define a name. In the core
/// conventions an empty text keeps the positions of the following reasons.
fn finish_reasons(mut reasons: Vec<Option<String>>, profile: Profile) -> Option<Value> {
    let known = reasons.iter().rposition(Option::is_some)?;
    if profile != Profile::Latest {
        reasons.truncate(known + 1);
    }
    let missing = if profile == Profile::Latest { "error" } else { "" };
    let reasons = reasons.into_iter().map(|reason| reason.map_or(StringValue::from(missing), StringValue::from));
    Some(Value::Array(Array::String(reasons.collect())))
}

/// Whether the conventions assume this value if the attribute is absent.
fn is_default(fact: Fact, value: &AttributeValue) -> bool {
    match fact {
        Fact::RequestStream => *value == AttributeValue::Bool(false),
        Fact::RequestChoiceCount => *value == AttributeValue::Int(1),
        Fact::RequestServiceTier => value.as_str() == Some("auto"),
        _ => false,
    }
}

fn is_openai(provider: Option<&Provider>) -> bool {
    matches!(provider, Some(Provider::OpenAi | Provider::AzureAiOpenAi))
}

impl From<Value> for AttributeValue {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::from(String::from(text)),
            Value::I64(number) => Self::Int(number),
            Value::F64(number) => Self::Float(number),
            Value::Bool(flag) => Self::Bool(flag),
            Value::Array(Array::String(all)) => Self::Strs(all.into_iter().map(String::from).collect()),
            // Calls have no other types.
            #[cfg(feature = "otel")]
            other => Self::from(other.to_string()),
        }
    }
}

impl From<AttributeValue> for Value {
    #[inline]
    fn from(value: AttributeValue) -> Self {
        match value {
            AttributeValue::Str(s) => Value::String(s.into()),
            AttributeValue::Int(n) => Value::I64(n),
            AttributeValue::Float(f) => Value::F64(f),
            AttributeValue::Bool(b) => Value::Bool(b),
            AttributeValue::Strs(list) => {
                Value::Array(Array::String(list.into_iter().map(StringValue::from).collect()))
            }
        }
    }
}
