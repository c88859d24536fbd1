//! Token counts of OpenAI and compatible servers.
//!
//! <https://platform.openai.com/docs/api-reference/chat/object>

use super::paths::{key, keys};
use crate::json::{FoundNode, Key, Tree};
use crate::model::facts::{ResponseFacts, Usage};

/// Reads a `usage` object.
pub(super) fn read(usage: FoundNode<'_>) -> Usage {
    let mut counts = Usage::default();
    fill(&mut counts.input, usage, keys!["prompt_tokens", "input_tokens"]);
    fill(&mut counts.output, usage, keys!["completion_tokens", "output_tokens"]);
    // OpenAI and Writer.
    for name in keys!["prompt_tokens_details", "prompt_token_details", "input_tokens_details"] {
        usage.get(*name).into_iter().for_each(|details| input_details(details, &mut counts));
    }
    for name in keys!["completion_tokens_details", "completion_token_details", "output_tokens_details"] {
        usage.get(*name).into_iter().for_each(|details| output_details(details, &mut counts));
    }
    // DeepSeek, Moonshot and Together, Mistral, and routers to Anthropic.
    let cached = keys!["prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens"];
    fill(&mut counts.cache_read, usage, cached);
    fill(&mut counts.cache_creation, usage, keys!["cache_creation_input_tokens"]);
    fill_hour(&mut counts, usage);
    // Perplexity, Copilot and SGLang.
    fill(&mut counts.reasoning, usage, keys!["reasoning_tokens"]);
    // Perplexity, then routers to Anthropic.
    fill(&mut counts.searches, usage, keys!["num_search_queries"]);
    if let Some(tools) = usage.get(key!("server_tool_use")) {
        fill(&mut counts.searches, tools, keys!["web_search_requests"]);
    }
    // Perplexity.
    fill(&mut counts.citations, usage, keys!["citation_tokens"]);
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

fn input_details(details: FoundNode<'_>, counts: &mut Usage) {
    fill(&mut counts.cache_read, details, keys!["cached_tokens"]);
    fill(&mut counts.cache_creation, details, keys!["cache_write_tokens"]);
    fill(&mut counts.cache_creation, details, keys!["cache_creation_tokens"]);
    fill(&mut counts.cache_creation, details, keys!["cache_creation_input_tokens"]);
    fill_hour(counts, details);
    fill(&mut counts.input_text, details, keys!["text_tokens"]);
    fill(&mut counts.input_image, details, keys!["image_tokens"]);
    fill(&mut counts.input_audio, details, keys!["audio_tokens"]);
    // Alibaba.
    fill(&mut counts.input_video, details, keys!["video_tokens"]);
    if let Some(cached) = details.get(key!("cached_tokens_details")) {
        fill(&mut counts.cache_read_audio, cached, keys!["audio_tokens"]);
    }
}

fn output_details(details: FoundNode<'_>, counts: &mut Usage) {
    fill(&mut counts.reasoning, details, keys!["reasoning_tokens"]);
    fill(&mut counts.output_text, details, keys!["text_tokens"]);
    fill(&mut counts.output_image, details, keys!["image_tokens"]);
    fill(&mut counts.output_audio, details, keys!["audio_tokens"]);
    fill(&mut counts.output_video, details, keys!["video_tokens"]);
}

/// One-hour cache writes, as reported by routers to Anthropic.
fn fill_hour(counts: &mut Usage, place: FoundNode<'_>) {
    if let Some(list) = place.any(keys!["cache_creation", "cache_creation_token_details"]) {
        fill(&mut counts.cache_creation_1h, list, keys!["ephemeral_1h_input_tokens"]);
    }
}

/// Sets a count that is not known yet.
#[inline(always)]
fn fill(count: &mut Option<i64>, node: FoundNode<'_>, keys: &[Key]) {
    if let (None, Some(found)) = (*count, node.any(keys)) {
        *count = found.i64().filter(|count| *count >= 0);
    }
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
