//! Token counts of OpenAI and compatible servers.
//!
//! <https://platform.openai.com/docs/api-reference/chat/object>

use super::paths::{key, keys};
use crate::json::{FoundNode, Tree};
use crate::model::facts::{ResponseFacts, Usage};

/// Reads a `usage` object.
pub(super) fn read(usage: FoundNode<'_>) -> Usage {
    // OpenAI and Writer.
    let input = [
        usage.get(key!("prompt_tokens_details")),
        usage.get(key!("prompt_token_details")),
        usage.get(key!("input_tokens_details")),
    ];
    let output = [
        usage.get(key!("completion_tokens_details")),
        usage.get(key!("completion_token_details")),
        usage.get(key!("output_tokens_details")),
    ];
    macro_rules! of {
        ($details:ident, $key:literal) => {
            count($details.iter().flatten().find_map(|details| details.get(key!($key))))
        };
    }
    macro_rules! top {
        ($($key:literal),+) => { count(usage.any(keys![$($key),+])) };
    }
    let mut counts = Usage {
        input: top!("prompt_tokens", "input_tokens"),
        output: top!("completion_tokens", "output_tokens"),
        // Then DeepSeek, Moonshot and Together, Mistral, and routers to Anthropic.
        cache_read: of!(input, "cached_tokens").or_else(|| {
            top!("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens")
        }),
        cache_creation: of!(input, "cache_write_tokens")
            .or_else(|| of!(input, "cache_creation_tokens"))
            .or_else(|| of!(input, "cache_creation_input_tokens"))
            .or_else(|| top!("cache_creation_input_tokens")),
        // Then Perplexity, Copilot and SGLang.
        reasoning: of!(output, "reasoning_tokens").or_else(|| top!("reasoning_tokens")),
        input_text: of!(input, "text_tokens"),
        input_image: of!(input, "image_tokens"),
        input_audio: of!(input, "audio_tokens"),
        // Alibaba.
        input_video: of!(input, "video_tokens"),
        output_text: of!(output, "text_tokens"),
        output_image: of!(output, "image_tokens"),
        output_audio: of!(output, "audio_tokens"),
        output_video: of!(output, "video_tokens"),
        cache_creation_1h: hour(usage, &input),
        cache_read_audio: count(
            input.iter().flatten().find_map(|details| details.path(keys!["cached_tokens_details", "audio_tokens"])),
        ),
        // Perplexity, then routers to Anthropic.
        searches: top!("num_search_queries")
            .or_else(|| count(usage.path(keys!["server_tool_use", "web_search_requests"]))),
        // Perplexity.
        citations: top!("citation_tokens"),
    };
    if let Some(total) = usage.get_i64(key!("total_tokens")) {
        count_all(&mut counts, total);
    }
    // Perplexity's total excludes reasoning and citations as well. Elsewhere, more reasoning than completion is an error.
    if let (Some(output), Some(reasoning), Some(_)) = (counts.output, counts.reasoning, counts.citations)
        && reasoning > output
    {
        counts.output = output.checked_add(reasoning);
    }
    counts
}

/// One-hour cache writes, as reported by routers to Anthropic.
fn hour(usage: FoundNode<'_>, details: &[Option<FoundNode<'_>>]) -> Option<i64> {
    let places = details.iter().flatten().copied().chain([usage]);
    let lists = places.filter_map(|place| place.any(keys!["cache_creation", "cache_creation_token_details"]));
    count(lists.filter_map(|list| list.get(key!("ephemeral_1h_input_tokens"))).next())
}

fn count(node: Option<FoundNode<'_>>) -> Option<i64> {
    node.and_then(Tree::i64).filter(|count| *count >= 0)
}

/// Corrects counts of servers that exclude parts from the prompt and completion (xAI: reasoning, Mistral: audio). The
/// difference to the total reveals them.
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

/// Reads the `usage` of a response or a chunk, at any of its locations.
pub(super) fn of_answer(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    // Groq's streams report it in a separate object, some of them only there, and Moonshot's in the last choice.
    let of_choice = || doc.get(key!("choices")).and_then(Tree::first)?.get(key!("usage"));
    let usage = doc.get(key!("usage")).or_else(|| doc.path(keys!["x_groq", "usage"])).or_else(of_choice);
    let Some(usage) = usage.filter(|usage| usage.is_object()) else { return };
    facts.usage.update(read(usage));
    // OpenRouter and Perplexity report dollars; xAI reports units of 1e-10 dollars.
    let cost = usage.get(key!("cost")).map(|cost| cost.get(key!("total_cost")).unwrap_or(cost)).and_then(Tree::f64);
    let ticks = usage.get_f64(key!("cost_in_usd_ticks")).map(|ticks| ticks / 1e10);
    facts.cost = cost.or(ticks).or(facts.cost);
}
