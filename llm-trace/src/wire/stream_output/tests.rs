use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::policy::Filter;
use crate::semconv::Profile;

/// The way in which fragments of a call are marked.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Index,
    Id,
    Name,
    IndexAndId,
    /// Only by their position after a fragment of the same call.
    Place,
}

/// One fragment of call `call`, which starts it if `piece` is 0.
#[derive(Clone, Debug)]
struct Piece {
    call: usize,
    piece: usize,
    text: String,
}

fn arguments(call: usize, text: &str) -> Value {
    json!({ "n": call, "text": text })
}

/// The fragments of several calls, interleaved in an order that keeps each call's own order.
fn interleaved(calls: &[(Mark, Vec<String>)], order: &[usize]) -> Vec<Piece> {
    let mut next = vec![0; calls.len()];
    let mut out = Vec::new();
    let mut take = |call: usize, out: &mut Vec<Piece>| {
        let pieces = &calls[call].1;
        // Fragments marked by position arrive together.
        let count = if matches!(calls[call].0, Mark::Place) { pieces.len() } else { 1 };
        for _ in 0..count {
            if let Some(text) = pieces.get(next[call]) {
                out.push(Piece { call, piece: next[call], text: text.clone() });
                next[call] += 1;
            }
        }
    };
    order.iter().for_each(|call| take(call % calls.len(), &mut out));
    for (call, (_, pieces)) in calls.iter().enumerate() {
        while next_len(&out, call) < pieces.len() {
            take(call, &mut out);
        }
    }
    out
}

fn next_len(out: &[Piece], call: usize) -> usize {
    out.iter().filter(|piece| piece.call == call).count()
}

fn cut(text: &str, sizes: &[usize]) -> Vec<String> {
    let (mut rest, mut out) = (text, vec![String::new()]);
    for size in sizes.iter().cycle().take(64) {
        let (piece, after) = rest.split_at((*size).min(rest.len()));
        out.push(piece.to_owned());
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    if let Some(last) = out.last_mut() {
        last.push_str(rest);
    }
    out
}

fn mark() -> impl Strategy<Value = Mark> {
    prop_oneof![Just(Mark::Index), Just(Mark::Id), Just(Mark::Name), Just(Mark::IndexAndId), Just(Mark::Place),]
}

proptest! {
    #[test]
    fn any_interleaving_of_marked_fragments_gives_the_calls(
        calls in prop::collection::vec((mark(), "[a-z {}\"]{0,12}", prop::collection::vec(1usize..9, 1..4)), 1..5),
        order in prop::collection::vec(0usize..5, 0..40),
        repeat_heads in any::<bool>(),
    ) {
        let texts: Vec<Value> = calls.iter().enumerate().map(|(at, (_, text, _))| arguments(at, text)).collect();
        let pieces: Vec<(Mark, Vec<String>)> =
            calls.iter().zip(&texts).map(|((mark, _, sizes), text)| (*mark, cut(&text.to_string(), sizes))).collect();
        let mut output = StreamOutput::default();
        let mut begun: Vec<usize> = Vec::new();
        for Piece { call, piece, text } in interleaved(&pieces, &order) {
            if piece == 0 {
                begun.push(call);
            }
            let (id, name) = (format!("call_{call}"), format!("tool_{call}"));
            let (mark, is_head) = (pieces[call].0, piece == 0);
            let with_id = matches!(mark, Mark::Id | Mark::IndexAndId);
            let with_index = matches!(mark, Mark::Index | Mark::IndexAndId);
            let with_name = is_head || matches!(mark, Mark::Name) || (repeat_heads && (with_id || with_index));
            output.call_fragment(0, CallFragment {
                index: with_index.then_some(call as i64),
                id: (with_id || (is_head && !matches!(mark, Mark::Name))).then_some(id.as_str()),
                name: with_name.then_some(name.as_str()),
                arguments: Some(Text::Plain(&text)),
                is_whole: false,
            });
        }
        let mut messages = Messages::output(Filter::plain(), Profile::Core);
        output.write(&mut messages);
        let json = messages.finish().0.unwrap_or_default();
        let written: Value = serde_json::from_str(&json).expect("JSON");
        let found: Vec<(String, Value)> = written[0]["parts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|part| (part["name"].as_str().unwrap_or_default().to_owned(), part["arguments"].clone()))
            .collect();
        let expected: Vec<(String, Value)> =
            begun.iter().map(|call| (format!("tool_{call}"), texts[*call].clone())).collect();
        prop_assert_eq!(found, expected);
    }
}
