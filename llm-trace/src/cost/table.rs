//! A price table in the format of LiteLLM.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Prices;
use super::billed::{Cost, PricedCall};
use super::entry::Entry;
use crate::diag::outside;
use crate::files;

/// More than ten times the size of LiteLLM's table.
const LARGEST: u64 = 64 << 20;

/// Prices per model, from a JSON file in the format of LiteLLM's `model_prices_and_context_window.json`.
///
/// A model is looked up by the response model, then by the request model; each with the provider's prefix
/// (`azure/gpt-4o`) before the plain name. A plain name is ignored if the table assigns it to another provider. A model
/// that is not in the table has no cost.
///
/// Supported keys: `input_cost_per_token`, `output_cost_per_token`, `cache_read_input_token_cost`,
/// `cache_creation_input_token_cost`, `output_cost_per_reasoning_token`, `input_cost_per_audio_token`,
/// `output_cost_per_audio_token`, each also with `_above_<n>k_tokens`, `_priority` and `_flex`.
///
/// ```
/// use llm_trace::PriceTable;
/// use tracing_subscriber::prelude::*;
///
/// # fn main() -> Result<(), llm_trace::PricesError> {
/// let table = PriceTable::from_json(br#"{
///     "gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5}
/// }"#)?;
/// tracing_subscriber::registry().with(llm_trace::layer().with_prices(table)).init();
/// # Ok(())
/// # }
/// ```
///
/// Source: [LiteLLM's table](https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json).
#[derive(Clone, Debug)]
pub struct PriceTable(HashMap<Box<str>, Entry>);

/// A price table is invalid.
///
/// ```
/// use llm_trace::{PriceTable, PricesError};
///
/// assert!(matches!(PriceTable::from_file("nowhere.json"), Err(PricesError::Unreadable { .. })));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PricesError {
    /// The file cannot be read.
    #[error("the price table `{}` cannot be read: {source}", outside(&path.to_string_lossy()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// It is not JSON.
    #[error("the price table is not JSON: {0}; it must look like LiteLLM's model_prices_and_context_window.json")]
    NotJson(serde_json::Error),
    /// It is JSON in another format.
    #[error(
        "the price table has no model with a price per token; it must be an object like \
         {{\"gpt-4o\": {{\"input_cost_per_token\": 2.5e-06, \"output_cost_per_token\": 1e-05}}}}"
    )]
    Empty,
}

impl PriceTable {
    /// Reads a regular file of at most 64 MiB.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PricesError> {
        let path = path.as_ref();
        let json =
            files::read(path, LARGEST).map_err(|source| PricesError::Unreadable { path: path.to_owned(), source })?;
        Self::from_json(&json)
    }

    /// Reads JSON text.
    pub fn from_json(json: &[u8]) -> Result<Self, PricesError> {
        let table: Value = serde_json::from_slice(json).map_err(PricesError::NotJson)?;
        let models = table.as_object().ok_or(PricesError::Empty)?;
        let entries: HashMap<_, _> = models
            .iter()
            .filter(|(model, _)| *model != "sample_spec")
            .filter_map(|(model, entry)| Some((Box::from(model.as_str()), Entry::read(entry.as_object()?)?)))
            .collect();
        if entries.is_empty() { Err(PricesError::Empty) } else { Ok(Self(entries)) }
    }

    fn find(&self, provider: Option<&str>, model: &str) -> Option<&Entry> {
        let model = model.strip_prefix("models/").unwrap_or(model);
        let words = provider.map_or(&[] as &[&str], words);
        let own: [&str; 1] = [provider.unwrap_or_default()];
        let prefixes = if words.is_empty() && provider.is_some() { &own } else { words };
        prefixes
            .iter()
            .find_map(|prefix| self.0.get(format!("{prefix}/{model}").as_str()))
            .or_else(|| self.0.get(model).filter(|entry| offers(entry.provider.as_deref(), words)))
    }
}

impl Prices for PriceTable {
    fn cost(&self, call: &PricedCall<'_>) -> Option<Cost> {
        let models = [call.response_model, call.request_model];
        models.into_iter().flatten().find_map(|model| self.find(call.provider, model))?.cost(call)
    }

    fn source(&self) -> &'static str {
        "table"
    }
}

/// LiteLLM's names for a provider of the conventions.
fn words(provider: &str) -> &'static [&'static str] {
    match provider {
        "openai" => &["openai", "text-completion-openai"],
        "azure.ai.openai" => &["azure"],
        "azure.ai.inference" => &["azure_ai"],
        "anthropic" => &["anthropic"],
        "aws.bedrock" => &["bedrock"],
        "gcp.gemini" => &["gemini"],
        "gcp.vertex_ai" => &["vertex_ai"],
        "gcp.gen_ai" => &["gemini", "vertex_ai"],
        "cohere" => &["cohere"],
        "deepseek" => &["deepseek"],
        "groq" => &["groq"],
        "ibm.watsonx.ai" => &["watsonx"],
        "mistral_ai" => &["mistral"],
        "perplexity" => &["perplexity"],
        "x_ai" => &["xai"],
        _ => &[],
    }
}

/// Whether an entry belongs to a provider with these names; `bedrock_converse` belongs to `bedrock`.
fn offers(entry: Option<&str>, words: &[&str]) -> bool {
    let Some(entry) = entry else { return true };
    words.is_empty()
        || words.iter().any(|word| {
            entry.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-']))
                && !(*word == "azure" && entry.starts_with("azure_ai"))
        })
}
