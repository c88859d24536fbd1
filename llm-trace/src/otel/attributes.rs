//! Facts to span attributes: one bulk list, the important ones first.

use std::borrow::Cow;

use opentelemetry::{Array, KeyValue, StringValue, Value};

use crate::call::Provider;
use crate::cost::Priced;
use crate::facts::{RequestFacts, ResponseFacts};
use crate::semconv::{Profile, attr};
use crate::value::AttributeValue;

/// Collects attributes, each key once.
pub(crate) struct Attributes {
    list: Vec<KeyValue>,
    profile: Profile,
    /// Metrics will need the facts' texts.
    texts: bool,
}

impl Attributes {
    /// `more` are to come beside facts. `texts` are to be left in the facts for metrics.
    pub(crate) fn new(profile: Profile, more: usize, texts: bool) -> Self {
        // As many facts as most calls have, which are as many as an allocator is quick with.
        Self { list: Vec::with_capacity(18 + more), profile, texts }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn into_vec(self) -> Vec<KeyValue> {
        self.list
    }

    /// Adds an attribute that no other can have the key of.
    pub(crate) fn add(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.list.push(KeyValue::new(key, value));
        }
    }

    /// Adds an attribute unless there is one under its key.
    pub(crate) fn add_new(&mut self, key: &'static str, value: Option<String>) {
        if !self.list.iter().any(|known| known.key.as_str() == key) {
            self.add(key, value);
        }
    }

    /// Takes the texts out of the facts, but for those that metrics need, if there are any.
    pub(crate) fn response(&mut self, facts: &mut ResponseFacts, provider: Option<&Provider>) {
        let texts = self.texts;
        let take = |text: &mut Option<String>| if texts { text.clone() } else { text.take() };
        self.add(attr::RESPONSE_ID, facts.id.take());
        self.add(attr::RESPONSE_MODEL, take(&mut facts.model));
        let reasons = finish_reasons(std::mem::take(&mut facts.finish_reasons), self.profile);
        self.add(attr::RESPONSE_FINISH_REASONS, reasons);
        let usage = &facts.usage;
        self.add(attr::USAGE_INPUT_TOKENS, usage.input);
        self.add(attr::USAGE_OUTPUT_TOKENS, usage.output);
        self.add(attr::USAGE_CACHE_READ, usage.cache_read);
        self.add(self.profile.cache_write_tokens(), usage.cache_creation);
        self.add(attr::USAGE_REASONING, usage.reasoning);
        if self.profile == Profile::Latest {
            for (key, count) in [
                ("gen_ai.usage.text.input_tokens", usage.input_text),
                ("gen_ai.usage.image.input_tokens", usage.input_image),
                ("gen_ai.usage.audio.input_tokens", usage.input_audio),
                ("gen_ai.usage.text.output_tokens", usage.output_text),
                ("gen_ai.usage.image.output_tokens", usage.output_image),
                ("gen_ai.usage.audio.output_tokens", usage.output_audio),
            ] {
                self.add(key, count);
            }
            self.add("gen_ai.response.status", facts.status.clone());
        }
        if is_openai(provider) {
            self.add(attr::OPENAI_RESPONSE_SERVICE_TIER, take(&mut facts.service_tier));
            self.add(attr::OPENAI_RESPONSE_SYSTEM_FINGERPRINT, facts.system_fingerprint.take());
        }
        self.extra(std::mem::take(&mut facts.extra), provider);
    }

    /// Everything of a request but the model, which stands at creation.
    /// Takes texts out of the facts.
    pub(crate) fn request(&mut self, facts: &mut RequestFacts, provider: Option<&Provider>) {
        self.add(attr::REQUEST_STREAM, facts.stream.filter(|stream| *stream));
        self.add(attr::REQUEST_TEMPERATURE, facts.temperature);
        self.add(attr::REQUEST_MAX_TOKENS, facts.max_tokens);
        self.add(attr::REQUEST_TOP_P, facts.top_p);
        if self.profile.top_k_is_int() {
            self.add(attr::REQUEST_TOP_K, facts.top_k.filter(|k| k.fract() == 0.0).map(|k| k as i64));
        } else {
            self.add(attr::REQUEST_TOP_K, facts.top_k);
        }
        self.add(attr::REQUEST_FREQUENCY_PENALTY, facts.frequency_penalty);
        self.add(attr::REQUEST_PRESENCE_PENALTY, facts.presence_penalty);
        self.add(attr::REQUEST_SEED, facts.seed);
        self.add(attr::REQUEST_STOP_SEQUENCES, facts.stop_sequences.take().and_then(strings));
        self.add(attr::REQUEST_CHOICE_COUNT, facts.choice_count.filter(|count| *count != 1));
        self.add(attr::REQUEST_ENCODING_FORMATS, facts.encoding_formats.take().and_then(strings));
        if self.profile == Profile::Latest {
            self.add("gen_ai.request.reasoning.level", facts.reasoning_level.clone());
            self.add("gen_ai.request.previous_response.id", facts.previous_response_id.clone());
            self.add(attr::PROMPT_NAME, facts.prompt_name.clone());
            self.add("gen_ai.prompt.version", facts.prompt_version.clone());
        }
        if is_openai(provider) {
            let tier = facts.service_tier.as_deref().filter(|tier| *tier != "auto");
            self.add(attr::OPENAI_REQUEST_SERVICE_TIER, tier.map(str::to_owned));
        }
        self.extra(std::mem::take(&mut facts.extra), provider);
    }

    /// What a call cost, where that is known.
    pub(crate) fn cost(&mut self, priced: Option<&Priced>) {
        let Some(Priced { cost, source }) = priced else { return };
        self.add(attr::USAGE_COST, cost.sum());
        for (key, part) in cost.parts() {
            self.add(key, part);
        }
        self.add(attr::COST_SOURCE, Some(*source));
    }

    /// A namespace of one provider's does not stand on another's spans.
    fn extra(&mut self, extra: Vec<(&'static str, Cow<'static, str>)>, provider: Option<&Provider>) {
        for (key, value) in extra {
            if is_openai(provider) || !key.starts_with(attr::OPENAI_NAMESPACE) {
                self.add(key, Some(value));
            }
        }
    }

    /// Attributes of the user's own; the last of equal keys counts. They do not replace ours.
    pub(crate) fn user(&mut self, attributes: Vec<KeyValue>, content: &[(&'static str, String)]) {
        let ours = self.list.len();
        for KeyValue { key, value, .. } in attributes {
            if content.iter().any(|(known, _)| *known == key.as_str()) || key.as_str() == attr::REDACTION {
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

/// An OTel array of strings; `None` for an empty one.
pub(crate) fn strings(list: Vec<String>) -> Option<Value> {
    let list: Vec<StringValue> = list.into_iter().map(StringValue::from).collect();
    (!list.is_empty()).then_some(Value::Array(Array::String(list)))
}

/// Finish reasons in choice order. For a choice whose reason never came the newest conventions
/// have a word; the older ones have none.
fn finish_reasons(reasons: Vec<Option<String>>, profile: Profile) -> Option<Value> {
    let missing = || (profile == Profile::Latest).then(|| "error".to_owned());
    if reasons.iter().all(Option::is_none) {
        return None;
    }
    strings(reasons.into_iter().filter_map(|reason| reason.or_else(missing)).collect())
}

fn is_openai(provider: Option<&Provider>) -> bool {
    matches!(provider, Some(Provider::OpenAi | Provider::AzureAiOpenAi))
}

impl From<AttributeValue> for Value {
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
