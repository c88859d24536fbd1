//! The list of wire formats: one line each.

use super::Reader;
use super::anthropic::AnthropicMessages;
use super::anthropic_complete::AnthropicComplete;
use super::gemini::Gemini;
use super::gemini_embed::GeminiEmbed;
use super::openai_chat::OpenAiChat;
use super::openai_responses::OpenAiResponses;

/// A wire format this crate reads.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// OpenAI chat completions, and every server that speaks it.
    OpenAiChat,
    /// OpenAI's Responses API, and every server that speaks it.
    OpenAiResponses,
    /// Anthropic messages, also as Claude's bodies on Bedrock and Vertex AI.
    AnthropicMessages,
    /// Anthropic's legacy text completions.
    AnthropicComplete,
    /// Gemini's and Vertex AI's generateContent and streamGenerateContent.
    Gemini,
    /// Gemini's embedContent and batchEmbedContents, and Vertex AI's predict of embedding models.
    GeminiEmbed,
}

impl Format {
    /// The operation it is, by the conventions' list.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Format::OpenAiChat | Format::OpenAiResponses | Format::AnthropicMessages => "chat",
            Format::AnthropicComplete => "text_completion",
            Format::Gemini => "generate_content",
            Format::GeminiEmbed => "embeddings",
        }
    }

    pub(crate) fn reader(self) -> &'static dyn Reader {
        match self {
            Format::OpenAiChat => &OpenAiChat,
            Format::OpenAiResponses => &OpenAiResponses,
            Format::AnthropicMessages => &AnthropicMessages,
            Format::AnthropicComplete => &AnthropicComplete,
            Format::Gemini => &Gemini,
            Format::GeminiEmbed => &GeminiEmbed,
        }
    }
}
