//! Which state of the conventions names the attributes.

/// Which state of the GenAI semantic conventions names spans and attributes.
///
/// ```
/// use llm_trace::Profile;
///
/// assert_eq!(Profile::default().schema_url(), "https://opentelemetry.io/schemas/1.41.1");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Profile {
    /// Semantic conventions 1.41.1, the last core release that holds GenAI in full.
    #[default]
    Core,
    /// The newest state of the GenAI conventions this version knows, still in development.
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

    /// Reads `OTEL_SEMCONV_STABILITY_OPT_IN`: [`Latest`](Profile::Latest) where its list holds
    /// `gen_ai_latest_experimental`.
    ///
    /// ```
    /// use llm_trace::Profile;
    /// use tracing_subscriber::Registry;
    ///
    /// let layer = llm_trace::layer::<Registry>().with_profile(Profile::from_env());
    /// # let _ = layer;
    /// ```
    pub fn from_env() -> Self {
        let list = std::env::var("OTEL_SEMCONV_STABILITY_OPT_IN").unwrap_or_default();
        let latest = list.split(',').any(|member| member.trim() == "gen_ai_latest_experimental");
        if latest { Profile::Latest } else { Profile::Core }
    }
}
