//! Token counts as OpenAI states them, and as the servers that speak its formats do.
//!
//! <https://platform.openai.com/docs/api-reference/chat/object>

use super::fields::{Paths, find};
use crate::facts::{ResponseFacts, Usage};
use crate::json::Node;

const INPUT: Paths = &["prompt_tokens", "input_tokens"];
const OUTPUT: Paths = &["completion_tokens", "output_tokens"];
/// Also Writer's spelling, DeepSeek's, Moonshot's and Together's, and that of routers to Anthropic.
const CACHE_READ: Paths = &[
    "prompt_tokens_details.cached_tokens",
    "prompt_token_details.cached_tokens",
    "input_tokens_details.cached_tokens",
    "prompt_cache_hit_tokens",
    "cached_tokens",
    "cache_read_input_tokens",
];
const CACHE_CREATION: Paths = &[
    "prompt_tokens_details.cache_write_tokens",
    "input_tokens_details.cache_write_tokens",
    "prompt_tokens_details.cache_creation_tokens",
    "prompt_tokens_details.cache_creation_input_tokens",
    "cache_creation_input_tokens",
];
/// Also Writer's spelling, and Perplexity's, Copilot's and SGLang's place.
const REASONING: Paths = &[
    "completion_tokens_details.reasoning_tokens",
    "completion_token_details.reasoning_tokens",
    "output_tokens_details.reasoning_tokens",
    "reasoning_tokens",
];

/// Reads a `usage` object.
pub(super) fn read(usage: Node<'_>) -> Usage {
    let int = |paths| find(usage, paths).and_then(Node::i64).filter(|count| *count >= 0);
    let mut counts = Usage {
        input: int(INPUT),
        output: int(OUTPUT),
        cache_read: int(CACHE_READ),
        cache_creation: int(CACHE_CREATION),
        reasoning: int(REASONING),
        input_text: int(&["prompt_tokens_details.text_tokens", "input_tokens_details.text_tokens"]),
        input_image: int(&["prompt_tokens_details.image_tokens", "input_tokens_details.image_tokens"]),
        input_audio: int(&["prompt_tokens_details.audio_tokens", "input_tokens_details.audio_tokens"]),
        output_text: int(&["completion_tokens_details.text_tokens", "output_tokens_details.text_tokens"]),
        output_image: int(&["completion_tokens_details.image_tokens", "output_tokens_details.image_tokens"]),
        output_audio: int(&["completion_tokens_details.audio_tokens", "output_tokens_details.audio_tokens"]),
    };
    if let Some(total) = usage.get_i64("total_tokens") {
        count_all(&mut counts, total);
    }
    counts
}

/// Some servers count parts beside the prompt and the completion, not within them: xAI reasoning,
/// Mistral audio. Their total tells: it is what prompt and completion are short of.
fn count_all(counts: &mut Usage, total: i64) {
    let (Some(input), Some(output)) = (counts.input, counts.output) else { return };
    let beside = total.saturating_sub(input).saturating_sub(output);
    if beside <= 0 {
        return;
    }
    let reasoning = counts.reasoning.unwrap_or(0);
    let audio = counts.input_audio.unwrap_or(0);
    let cached = counts.cache_read.filter(|cached| *cached > input).unwrap_or(0);
    if reasoning == beside {
        counts.output = output.checked_add(reasoning);
    } else if audio == beside {
        counts.input = input.checked_add(audio);
    } else if cached == beside {
        counts.input = input.checked_add(cached);
    } else if reasoning.checked_add(audio) == Some(beside) {
        counts.input = input.checked_add(audio);
        counts.output = output.checked_add(reasoning);
    }
}

/// Reads the `usage` of an answer or a chunk, wherever it stands.
pub(super) fn of_answer(doc: Node<'_>, facts: &mut ResponseFacts) {
    // Groq's streams state it apart, and some of them only there.
    let usage = doc.get("usage").or_else(|| doc.path(&["x_groq", "usage"]));
    let Some(usage) = usage.filter(|usage| usage.is_object()) else { return };
    facts.usage.update(read(usage));
    // OpenRouter and Perplexity, in dollars; xAI, in ten-billionths of one.
    let cost = find(usage, &["cost.total_cost", "cost"]).and_then(Node::f64);
    let ticks = usage.get_f64("cost_in_usd_ticks").map(|ticks| ticks / 1e10);
    facts.cost = cost.or(ticks).or(facts.cost);
}
