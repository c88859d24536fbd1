//! The version of the conventions that names the attributes.

/// The version of the GenAI semantic conventions that names spans and attributes.
///
/// ```
/// use llm_trace::Profile;
///
/// assert_eq!(Profile::default().schema_url(), "https://opentelemetry.io/schemas/1.41.1");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Profile {
    /// Semantic conventions 1.41.1, the last core release with complete GenAI conventions.
    #[default]
    Core,
    /// The latest GenAI conventions that this version supports, which are still in development.
    Latest,
}

impl Profile {
    /// The schema URL of the instrumentation scope.
    pub fn schema_url(self) -> &'static str {
        match self {
            Profile::Core => "https://opentelemetry.io/schemas/1.41.1",
            Profile::Latest => "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev",
        }
    }

    /// Reads `OTEL_SEMCONV_STABILITY_OPT_IN`. Returns [`Latest`](Profile::Latest) if the list contains
    /// `gen_ai_latest_experimental`.
    ///
    /// ```
    /// use llm_trace::Profile;
    /// use tracing_subscriber::prelude::*;
    ///
    /// tracing_subscriber::registry().with(llm_trace::layer().with_profile(Profile::from_env())).init();
    /// ```
    pub fn from_env() -> Self {
        let list = std::env::var("OTEL_SEMCONV_STABILITY_OPT_IN").unwrap_or_default();
        let latest = list.split(',').any(|member| member.trim() == "gen_ai_latest_experimental");
        if latest { Profile::Latest } else { Profile::Core }
    }
}
