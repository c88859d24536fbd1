//! Detection of wire formats: by the URL's path, by the fields of the body, and, if several formats share them, by the
//! provider's name.

mod endpoints;
mod path;
mod request;
mod response;

use crate::json::FoundNode;
use crate::wire::Format;

pub(crate) use endpoints::operation as operation_of;
pub(crate) use path::facts as path_facts;

/// The format of a request.
pub(crate) fn of_request(provider: Option<&str>, path: Option<&str>, doc: FoundNode<'_>) -> Option<Format> {
    if path.is_some_and(endpoints::is_no_call) {
        return None;
    }
    let family = Family::of(provider);
    let by_path = path.and_then(|path| path::format(path, family, doc));
    by_path.or_else(|| request::format(family, doc))
}

/// The format of a response or of one stream event. `asked` is the format of the request, used if the fields are
/// ambiguous.
pub(crate) fn of_response(
    provider: Option<&str>,
    asked: Option<Format>,
    event: Option<&str>,
    doc: FoundNode<'_>,
) -> Option<Format> {
    of_event(provider, asked, event, doc).or(asked)
}

/// Like [`of_response`], but `None` if this document is ambiguous.
pub(crate) fn of_event(
    provider: Option<&str>,
    asked: Option<Format>,
    event: Option<&str>,
    doc: FoundNode<'_>,
) -> Option<Format> {
    let detected = response::format(Family::of(provider), asked, event, doc);
    match asked {
        // Responses of a model behind Bedrock look like those of its maker's API.
        Some(Format::BedrockInvoke) => detected.filter(|format| NOT_ON_BEDROCK.contains(format)).or(asked),
        _ => detected,
    }
}

/// Formats that no model has behind Bedrock's InvokeModel.
const NOT_ON_BEDROCK: [Format; 5] =
    [Format::OpenAiResponses, Format::Gemini, Format::CohereChat, Format::OllamaChat, Format::OllamaGenerate];

/// Providers whose formats resemble others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Family {
    Anthropic,
    Bedrock,
    Cohere,
    Ollama,
    Other,
    /// No provider is known.
    Unknown,
}

impl Family {
    fn of(provider: Option<&str>) -> Self {
        let name = provider.unwrap_or_default().as_bytes();
        let has = |word: &str| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
        match () {
            () if has("bedrock") => Family::Bedrock,
            () if has("anthropic") => Family::Anthropic,
            () if has("cohere") => Family::Cohere,
            () if has("ollama") => Family::Ollama,
            () if name.is_empty() => Family::Unknown,
            () => Family::Other,
        }
    }
}

#[cfg(test)]
mod tests;
