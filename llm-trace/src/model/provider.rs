//! The provider of a call.

use std::borrow::Cow;

use crate::credentials::clean;

/// The provider of a call: `gen_ai.provider.name`.
///
/// An OpenAI-compatible server keeps its own name. The wire format is detected from the data.
///
/// ```
/// use llm_trace::Provider;
///
/// assert_eq!(Provider::OpenAi.as_str(), "openai");
/// assert_eq!(Provider::from("my-gateway").as_str(), "my-gateway");
/// ```
///
/// Source: [`gen_ai.provider.name`](https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Provider {
    /// `openai`
    OpenAi,
    /// `anthropic`
    Anthropic,
    /// `aws.bedrock`
    AwsBedrock,
    /// `azure.ai.inference`
    AzureAiInference,
    /// `azure.ai.openai`
    AzureAiOpenAi,
    /// `cohere`
    Cohere,
    /// `deepseek`
    DeepSeek,
    /// `gcp.gemini`
    GcpGemini,
    /// `gcp.gen_ai`
    GcpGenAi,
    /// `gcp.vertex_ai`
    GcpVertexAi,
    /// `groq`
    Groq,
    /// `ibm.watsonx.ai`
    IbmWatsonxAi,
    /// `mistral_ai`
    MistralAi,
    /// `perplexity`
    Perplexity,
    /// `x_ai`
    XAi,
    /// A provider that the conventions do not define.
    Custom(Cow<'static, str>),
}

const KNOWN: &[(&str, Provider)] = &[
    ("openai", Provider::OpenAi),
    ("anthropic", Provider::Anthropic),
    ("aws.bedrock", Provider::AwsBedrock),
    ("azure.ai.inference", Provider::AzureAiInference),
    ("azure.ai.openai", Provider::AzureAiOpenAi),
    ("cohere", Provider::Cohere),
    ("deepseek", Provider::DeepSeek),
    ("gcp.gemini", Provider::GcpGemini),
    ("gcp.gen_ai", Provider::GcpGenAi),
    ("gcp.vertex_ai", Provider::GcpVertexAi),
    ("groq", Provider::Groq),
    ("ibm.watsonx.ai", Provider::IbmWatsonxAi),
    ("mistral_ai", Provider::MistralAi),
    ("perplexity", Provider::Perplexity),
    ("x_ai", Provider::XAi),
];

impl Provider {
    /// The value of `gen_ai.provider.name`.
    pub fn as_str(&self) -> &str {
        match self {
            Provider::Custom(name) => name,
            known => known.known_name(),
        }
    }

    /// Like [`as_str`](Self::as_str), owned. A known name is not copied.
    pub(crate) fn to_name(&self) -> Cow<'static, str> {
        match self {
            Provider::Custom(name) => name.clone(),
            known => Cow::Borrowed(known.known_name()),
        }
    }

    fn known_name(&self) -> &'static str {
        KNOWN.iter().find(|(_, provider)| provider == self).map_or("", |(name, _)| name)
    }
}

impl From<&str> for Provider {
    fn from(name: &str) -> Self {
        Self::from(Cow::Borrowed(name))
    }
}

impl From<String> for Provider {
    fn from(name: String) -> Self {
        Self::from(Cow::Owned(name))
    }
}

impl From<&String> for Provider {
    fn from(name: &String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<&Provider> for Provider {
    fn from(provider: &Provider) -> Self {
        provider.clone()
    }
}

impl From<Cow<'_, str>> for Provider {
    fn from(name: Cow<'_, str>) -> Self {
        match KNOWN.iter().find(|(known, _)| *known == name) {
            Some((_, provider)) => provider.clone(),
            None => Provider::Custom(Cow::Owned(clean(&name).0.into_owned())),
        }
    }
}
