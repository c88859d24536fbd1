//! The supported wire formats.

use super::Reader;
use super::anthropic::{AnthropicComplete, AnthropicMessages};
use super::bedrock_converse::BedrockConverse;
use super::bedrock_invoke::BedrockInvoke;
use super::cohere_chat::CohereChat;
use super::cohere_embed::CohereEmbed;
use super::gemini::{Gemini, GeminiEmbed};
use super::ollama::{OllamaChat, OllamaEmbed, OllamaGenerate};
use super::openai_chat::OpenAiChat;
use super::openai_completions::OpenAiCompletions;
use super::openai_embeddings::OpenAiEmbeddings;
use super::openai_responses::OpenAiResponses;
use super::text_generation::TextGeneration;
use crate::model::Operation;

/// A supported wire format.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Format {
    /// OpenAI chat completions and compatible servers.
    OpenAiChat,
    /// OpenAI Responses.
    OpenAiResponses,
    /// OpenAI's legacy completions and compatible servers.
    OpenAiCompletions,
    /// OpenAI embeddings and compatible servers.
    OpenAiEmbeddings,
    /// Anthropic messages.
    AnthropicMessages,
    /// Anthropic's legacy text completions.
    AnthropicComplete,
    /// Gemini's `generateContent` and `streamGenerateContent`, on both Google platforms.
    Gemini,
    /// Google's `embedContent`, `batchEmbedContents`, and `predict` of embedding models on Vertex AI.
    GeminiEmbed,
    /// Bedrock's `Converse` and `ConverseStream`.
    BedrockConverse,
    /// Bedrock's `InvokeModel` and its stream, in the models' own formats.
    BedrockInvoke,
    /// Cohere chat, version 2.
    CohereChat,
    /// Cohere chat, version 1.
    CohereChatV1,
    /// Cohere's legacy generate.
    CohereGenerate,
    /// Cohere embed, both versions.
    CohereEmbed,
    /// Cohere rerank and compatible servers.
    CohereRerank,
    /// Ollama chat.
    OllamaChat,
    /// Ollama generate.
    OllamaGenerate,
    /// Ollama embed, both versions.
    OllamaEmbed,
    /// One prompt in, text out: text-generation-inference, watsonx, Replicate, the llama.cpp API.
    TextGeneration,
}

impl Format {
    /// The operation of a request in this format.
    pub(crate) fn operation(self) -> Operation {
        match self {
            Format::OpenAiChat
            | Format::OpenAiResponses
            | Format::AnthropicMessages
            | Format::BedrockConverse
            | Format::BedrockInvoke
            | Format::CohereChat
            | Format::CohereChatV1
            | Format::OllamaChat
            // Every API that answers a chat has the same operation.
            | Format::Gemini => Operation::Chat,
            Format::OpenAiCompletions
            | Format::AnthropicComplete
            | Format::CohereGenerate
            | Format::OllamaGenerate
            | Format::TextGeneration => Operation::TextCompletion,
            Format::OpenAiEmbeddings | Format::GeminiEmbed | Format::CohereEmbed | Format::OllamaEmbed => {
                Operation::Embeddings
            }
            Format::CohereRerank => Operation::Retrieval,
        }
    }

    /// Whether streams come from operations of their own (`ConverseStream`, `InvokeModelWithResponseStream`), so that
    /// events of a stream show that the request asked for one.
    pub(crate) fn has_stream_operation(self) -> bool {
        matches!(self, Format::BedrockConverse | Format::BedrockInvoke)
    }

    /// The provider with this format, or `None` for a format without an owner. Many servers use OpenAI's formats.
    pub(crate) fn provider(self) -> Option<&'static str> {
        Some(match self {
            Format::OpenAiChat | Format::OpenAiResponses | Format::OpenAiCompletions | Format::OpenAiEmbeddings => {
                "openai"
            }
            Format::AnthropicMessages | Format::AnthropicComplete => "anthropic",
            Format::Gemini | Format::GeminiEmbed => "gcp.gen_ai",
            Format::BedrockConverse | Format::BedrockInvoke => "aws.bedrock",
            Format::CohereChat
            | Format::CohereChatV1
            | Format::CohereGenerate
            | Format::CohereEmbed
            | Format::CohereRerank => "cohere",
            Format::OllamaChat | Format::OllamaGenerate | Format::OllamaEmbed => "ollama",
            Format::TextGeneration => return None,
        })
    }

    pub(crate) fn reader(self) -> &'static dyn Reader {
        match self {
            Format::OpenAiChat => &OpenAiChat,
            Format::OpenAiResponses => &OpenAiResponses,
            Format::OpenAiCompletions => &OpenAiCompletions,
            Format::OpenAiEmbeddings => &OpenAiEmbeddings,
            Format::AnthropicMessages => &AnthropicMessages,
            Format::AnthropicComplete => &AnthropicComplete,
            Format::Gemini => &Gemini,
            Format::GeminiEmbed => &GeminiEmbed,
            Format::BedrockConverse => &BedrockConverse,
            Format::BedrockInvoke => &BedrockInvoke,
            Format::CohereChat => &CohereChat,
            Format::CohereChatV1 => &CohereChat,
            Format::CohereGenerate => &CohereChat,
            Format::CohereEmbed => &CohereEmbed,
            Format::CohereRerank => &CohereEmbed,
            Format::OllamaChat => &OllamaChat,
            Format::OllamaGenerate => &OllamaGenerate,
            Format::OllamaEmbed => &OllamaEmbed,
            Format::TextGeneration => &TextGeneration,
        }
    }
}
