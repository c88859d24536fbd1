//! What the path of a request's URL tells.

/// The model that the path names, where the API keeps it out of the body.
///
/// Gemini and Vertex AI write `/models/{model}:{method}`, Bedrock `/model/{id}/{method}`, Azure
/// `/deployments/{name}/{method}`.
pub(crate) fn model_from_path(path: &str) -> Option<&str> {
    let path = path.split(['?', '#']).next()?;
    if let Some((_, rest)) = path.rsplit_once("/models/") {
        let (model, _) = rest.split_once(':')?;
        return Some(model).filter(|model| is_name(model));
    }
    ["/model/", "/deployments/"].iter().find_map(|before| {
        let (_, rest) = path.split_once(before)?;
        let (name, _) = rest.split_once('/')?;
        Some(name).filter(|name| is_name(name))
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('/')
}

#[cfg(test)]
mod tests {
    use super::model_from_path;

    #[test]
    fn the_model_is_read_from_the_paths_of_those_who_write_it_there() {
        for (path, model) in [
            ("/v1beta/models/gemini-2.5-flash:generateContent", Some("gemini-2.5-flash")),
            ("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", Some("gemini-2.5-flash")),
            ("/v1beta/tunedModels/mine:generateContent", None),
            (
                "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent",
                Some("gemini-2.5-pro"),
            ),
            (
                "/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4@20250514:rawPredict",
                Some("claude-opus-4@20250514"),
            ),
            ("/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21", Some("my-gpt")),
            (
                "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
                Some("anthropic.claude-3-haiku-20240307-v1%3A0"),
            ),
            ("/v1/models", None),
            ("/v1/models/gpt-4o", None),
            ("/v1/chat/completions", None),
            ("", None),
        ] {
            assert_eq!(model_from_path(path), model, "{path}");
        }
    }
}
