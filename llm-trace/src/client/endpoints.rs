//! Selects the requests that are LLM calls.

use crate::model::{Provider, hosts};
use crate::wire::detect;

/// The default port of `ollama`.
const OLLAMA_PORT: u16 = 11434;

/// Selects the requests that are LLM calls: `POST`s with the path of a known API to a provider's host or to hosts that
/// you add, and `GET /v1/responses/{id}`, which is recorded as `fetch_response`.
///
/// Token counting, moderations, images, audio, video, files and batches are not calls.
///
/// On every host, `…/chat/completions` and Gemini's `…:generateContent` are calls, because these paths are specific to
/// LLMs.
///
/// ```
/// use llm_trace::client::{CallLayer, Endpoints};
///
/// let endpoints = Endpoints::new()
///     .host("llm.internal", "openai")
///     .host("localhost:8080", "my-gateway")
///     .host("*.models.example", "anthropic");
/// let layer = CallLayer::new().endpoints(endpoints);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Endpoints {
    own: Vec<(Box<str>, Provider)>,
    known: bool,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self::new()
    }
}

impl Endpoints {
    /// The providers' hosts, and paths that are specific to LLMs on every host.
    pub fn new() -> Self {
        Self { own: Vec::new(), known: true }
    }

    /// Only the hosts that you add.
    ///
    /// ```
    /// use llm_trace::client::{CallLayer, Endpoints};
    ///
    /// let layer = CallLayer::new().endpoints(Endpoints::none().host("llm.internal", "openai"));
    /// ```
    pub fn none() -> Self {
        Self { own: Vec::new(), known: false }
    }

    /// Adds a host, or `host:port`; `*.example.com` matches all hosts below `example.com`. Added hosts take precedence
    /// over known ones, and later ones over earlier ones.
    pub fn host(mut self, host: impl Into<String>, provider: impl Into<Provider>) -> Self {
        self.own.insert(0, (host.into().into_boxed_str(), provider.into()));
        self
    }

    /// The provider of this request; `None` if it is not an LLM call.
    pub(super) fn provider(&self, is_get: bool, host: &str, port: Option<u16>, path: &str) -> Option<Provider> {
        // The path excludes nearly all other requests, so it is checked first.
        detect::operation_of(is_get, path)?;
        let own = self.own.iter().find(|(pattern, _)| fits(pattern, host, port));
        if let Some((_, provider)) = own {
            return Some(provider.clone());
        }
        if !self.known {
            return None;
        }
        let known = hosts::name(host);
        known.or_else(|| by_place(port, path)).map(Provider::from)
    }
}

fn by_place(port: Option<u16>, path: &str) -> Option<&'static str> {
    let path = path.trim_end_matches('/');
    if port == Some(OLLAMA_PORT) {
        return Some("ollama");
    }
    if path.ends_with("/chat/completions") {
        return Some("openai");
    }
    (path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent")).then_some("gcp.gemini")
}

/// Whether a host matches a pattern: `host`, `host:port` or `*end`.
fn fits(pattern: &str, host: &str, port: Option<u16>) -> bool {
    let (pattern, wanted) = match pattern.rsplit_once(':') {
        Some((before, digits)) if !before.contains(':') => match digits.parse::<u16>() {
            Ok(port) => (before, Some(port)),
            Err(_) => (pattern, None),
        },
        _ => (pattern, None),
    };
    if wanted.is_some() && wanted != port {
        return false;
    }
    hosts::fits(pattern, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(endpoints: &Endpoints, host: &str, port: u16, path: &str) -> Option<String> {
        endpoints.provider(false, host, Some(port), path).map(|provider| provider.as_str().to_owned())
    }

    #[test]
    fn llm_requests_are_recognised_by_host_and_path() {
        let known = Endpoints::new();
        for (host, port, path, provider) in [
            ("api.openai.com", 443, "/v1/chat/completions", Some("openai")),
            ("API.openai.com", 443, "/v1/responses", Some("openai")),
            ("api.openai.com", 443, "/v1/files", None),
            ("api.openai.com", 443, "/v1/images/generations", None),
            ("api.openai.com", 443, "/v1/moderations", None),
            ("api.openai.com", 443, "/v1/audio/speech", None),
            ("api.openai.com", 443, "/v1/batches", None),
            ("api.openai.com", 443, "/v1/responses/input_tokens", None),
            ("api.openai.com", 443, "/v1/responses/compact", Some("openai")),
            ("api.openai.com", 443, "/v1/responses/resp_1/cancel", None),
            ("api.minimax.io", 443, "/v1/chat/completions", Some("minimax")),
            ("api.z.ai", 443, "/api/paas/v4/chat/completions", Some("z_ai")),
            ("open.bigmodel.cn", 443, "/api/paas/v4/chat/completions", Some("bigmodel")),
            ("api.deepinfra.com", 443, "/v1/openai/chat/completions", Some("deepinfra")),
            ("api.novita.ai", 443, "/v3/openai/chat/completions", Some("novita")),
            ("api.studio.nebius.com", 443, "/v1/chat/completions", Some("nebius")),
            ("ai-gateway.vercel.sh", 443, "/v1/chat/completions", Some("vercel_ai_gateway")),
            ("gateway.ai.cloudflare.com", 443, "/v1/a/g/compat/chat/completions", Some("cloudflare_ai_gateway")),
            ("generativelanguage.googleapis.com", 443, "/v1beta/models/m%3AgenerateContent", Some("gcp.gemini")),
            ("generativelanguage.googleapis.com", 443, "/v1beta/models/m:countTokens", None),
            ("x.openai.azure.com", 443, "/openai/deployments/d/chat/completions", Some("azure.ai.openai")),
            ("api.anthropic.com", 443, "/v1/messages", Some("anthropic")),
            ("api.anthropic.com", 443, "/v1/messages/count_tokens", None),
            ("aiplatform.googleapis.com", 443, "/v1/publishers/google/models/m:generateContent", Some("gcp.vertex_ai")),
            ("us-aiplatform.googleapis.com", 443, "/v1/models/m:streamRawPredict", Some("gcp.vertex_ai")),
            ("bedrock-runtime.eu-west-1.amazonaws.com", 443, "/model/m/converse", Some("aws.bedrock")),
            ("localhost", 11434, "/api/chat", Some("ollama")),
            ("localhost", 8000, "/api/chat", None),
            ("localhost", 8000, "/v1/chat/completions", Some("openai")),
            ("example.com", 443, "/v1/messages", None),
            ("example.com", 443, "/", None),
            ("evilapi.openai.com.example", 443, "/v1/responses", None),
        ] {
            assert_eq!(who(&known, host, port, path).as_deref(), provider, "{host}{path}");
        }
    }

    #[test]
    fn only_fetched_responses_are_get_calls() {
        let known = Endpoints::new();
        for (path, is_call) in [
            ("/v1/responses/resp_1", true),
            ("/v1/responses/resp_1/input_items", false),
            ("/v1/responses", false),
            ("/v1/chat/completions", false),
            ("/v1/models/gpt-4o", false),
        ] {
            assert_eq!(known.provider(true, "api.openai.com", Some(443), path).is_some(), is_call, "{path}");
        }
        assert!(known.provider(false, "api.openai.com", Some(443), "/v1/responses/resp_1").is_none());
    }

    #[test]
    fn other_requests_cost_no_allocation() {
        let endpoints = Endpoints::new().host("llm.internal", "openai");
        let count = allocation_counter::measure(|| {
            for (host, path) in [("example.com", "/users/7"), ("api.openai.com", "/v1/files"), ("llm.internal", "/")] {
                assert!(endpoints.provider(false, host, Some(443), path).is_none());
            }
        });
        assert_eq!(count.count_total, 0);
    }

    #[test]
    fn added_hosts_take_precedence() {
        let own = Endpoints::none().host("*.corp.example", "gate").host("localhost:1", "one").host("localhost", "any");
        for (host, port, provider) in [
            ("a.corp.example", 443, Some("gate")),
            ("corp.example", 443, None),
            ("localhost", 2, Some("any")),
            ("api.openai.com", 443, None),
        ] {
            assert_eq!(who(&own, host, port, "/v1/messages").as_deref(), provider, "{host}:{port}");
        }
        let own = Endpoints::new().host("localhost", "any").host("localhost:1", "one");
        assert_eq!(who(&own, "localhost", 1, "/v1/messages").as_deref(), Some("one"));
        assert_eq!(who(&own, "api.x.ai", 443, "/v1/messages").as_deref(), Some("x_ai"));
    }
}
