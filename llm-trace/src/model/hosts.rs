//! Host names of providers.

/// `*` matches any prefix. Names of the conventions take precedence.
const HOSTS: &[(&str, &str)] = &[
    ("api.openai.com", "openai"),
    ("*.openai.azure.com", "azure.ai.openai"),
    ("*.cognitiveservices.azure.com", "azure.ai.openai"),
    ("*.services.ai.azure.com", "azure.ai.inference"),
    ("*.models.ai.azure.com", "azure.ai.inference"),
    ("models.inference.ai.azure.com", "azure.ai.inference"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("*aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.mistral.ai", "mistral_ai"),
    ("codestral.mistral.ai", "mistral_ai"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("*.ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("api.moonshot.ai", "moonshot_ai"),
    ("api.moonshot.cn", "moonshot_ai"),
    ("openrouter.ai", "openrouter"),
    ("api.together.xyz", "together_ai"),
    ("api.together.ai", "together_ai"),
    ("api.fireworks.ai", "fireworks_ai"),
    ("api.cerebras.ai", "cerebras"),
    ("api.sambanova.ai", "sambanova"),
    ("api.hyperbolic.xyz", "hyperbolic"),
    ("api.voyageai.com", "voyage_ai"),
    ("api.jina.ai", "jina_ai"),
    ("router.huggingface.co", "huggingface"),
    ("api-inference.huggingface.co", "huggingface"),
    ("integrate.api.nvidia.com", "nvidia_nim"),
    ("dashscope.aliyuncs.com", "dashscope"),
    ("dashscope-intl.aliyuncs.com", "dashscope"),
    ("api.minimax.io", "minimax"),
    ("api.minimaxi.com", "minimax"),
    ("api.minimax.chat", "minimax"),
    ("api.z.ai", "z_ai"),
    ("open.bigmodel.cn", "bigmodel"),
    ("api.deepinfra.com", "deepinfra"),
    ("api.novita.ai", "novita"),
    ("api.studio.nebius.com", "nebius"),
    ("api.studio.nebius.ai", "nebius"),
    ("api.tokenfactory.nebius.com", "nebius"),
    ("ai-gateway.vercel.sh", "vercel_ai_gateway"),
    ("gateway.ai.cloudflare.com", "cloudflare_ai_gateway"),
    ("api.cloudflare.com", "cloudflare"),
    ("api.siliconflow.com", "siliconflow"),
    ("api.siliconflow.cn", "siliconflow"),
    ("api.githubcopilot.com", "github_copilot"),
    ("*.githubcopilot.com", "github_copilot"),
    ("models.github.ai", "github"),
    ("ark.cn-beijing.volces.com", "volcengine"),
    ("inference.baseten.co", "baseten"),
    ("llm.chutes.ai", "chutes"),
    ("api.replicate.com", "replicate"),
    ("api.ai21.com", "ai21"),
    ("api.upstage.ai", "upstage"),
    ("api.friendli.ai", "friendliai"),
];

/// The name of the provider with this host.
pub(crate) fn name(host: &str) -> Option<&'static str> {
    if host.starts_with("bedrock") && host.contains(".amazonaws.com") {
        return Some("aws.bedrock");
    }
    HOSTS.iter().find(|(pattern, _)| fits(pattern, host)).map(|(_, name)| *name)
}

/// Whether a host matches a pattern: `host` or `*suffix`.
pub(crate) fn fits(pattern: &str, host: &str) -> bool {
    let Some(end) = pattern.strip_prefix('*') else { return pattern.eq_ignore_ascii_case(host) };
    let tail = host.len().checked_sub(end.len()).and_then(|at| host.as_bytes().get(at..));
    let is_longer = host.len() > end.len() || !end.starts_with('.');
    is_longer && tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
}
