//! The facts of requests that each stand at a path of their own: one table for the facts that most formats share, and
//! one for the paths of each format.

use super::fields::{FieldPath, Paths};
use crate::json::{FoundNode, Tree};
use crate::semconv::{Fact, Facts, ValueType};

/// Facts, each with the paths of its value.
pub(super) type Rows = &'static [(Fact, Paths)];

/// The names that most formats share, at the top level of the body.
const COMMON: Rows = &[
    (Fact::RequestModel, &["model"]),
    (Fact::RequestStream, &["stream"]),
    (Fact::RequestTemperature, &["temperature"]),
    (Fact::RequestMaxTokens, &["max_tokens"]),
    (Fact::RequestTopP, &["top_p"]),
    (Fact::RequestTopK, &["top_k"]),
    (Fact::RequestFrequencyPenalty, &["frequency_penalty"]),
    (Fact::RequestPresencePenalty, &["presence_penalty"]),
    (Fact::RequestSeed, &["seed"]),
    (Fact::RequestStopSequences, &["stop"]),
    (Fact::RequestChoiceCount, &["n"]),
    (Fact::RequestReasoningLevel, &["reasoning_effort"]),
];

/// The facts of a request in one format and their paths, in attribute order.
#[derive(Clone, Copy)]
pub(super) struct RequestFacts(pub(super) &'static [(Fact, FieldPath)]);

/// The paths of a fact in a format: its own ones, or the common ones.
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "it runs at compile time, where a wrong index is an error"
)]
const fn paths_of(fact: Fact, own: Rows) -> Paths {
    let (mut tables, mut table) = ([own, COMMON], 0);
    while table < tables.len() {
        while let [(known, paths), rest @ ..] = tables[table] {
            if *known as usize == fact as usize {
                return paths;
            }
            tables[table] = rest;
        }
        table += 1;
    }
    &[]
}

impl RequestFacts {
    /// The number of paths of all facts.
    #[allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "it runs at compile time, where a wrong index is an error"
    )]
    pub(super) const fn count(own: Rows) -> usize {
        let (mut count, mut fact) = (0, 0);
        while fact < Fact::ALL.len() {
            count += paths_of(Fact::ALL[fact], own).len();
            fact += 1;
        }
        count
    }

    /// Resolves the paths relative to a prefix of the table.
    #[allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "it runs at compile time, where a wrong index is an error"
    )]
    pub(super) const fn resolve<const N: usize>(at: &str, own: Rows) -> [(Fact, FieldPath); N] {
        let (mut list, mut len, mut fact) = ([(Fact::RequestModel, FieldPath::NONE); N], 0, 0);
        while fact < Fact::ALL.len() {
            let (paths, mut path) = (paths_of(Fact::ALL[fact], own), 0);
            while path < paths.len() {
                list[len] = (Fact::ALL[fact], FieldPath::new(at, paths[path]));
                (len, path) = (len + 1, path + 1);
            }
            fact += 1;
        }
        list
    }

    /// Sets each fact to the value at the first of its paths that exists.
    pub(super) fn read(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        let mut known = None;
        for (fact, path) in self.0 {
            if known == Some(*fact) {
                continue;
            }
            let Some(node) = path.find(doc) else { continue };
            known = Some(*fact);
            match fact.row().value {
                ValueType::Text => facts.update_text(*fact, node.str()),
                ValueType::Texts => facts.set(*fact, node.strings().into()),
                ValueType::Int => facts.update(*fact, node.i64()),
                ValueType::Float | ValueType::FloatThenInt => facts.update(*fact, node.f64()),
                ValueType::Bool => facts.update(*fact, node.bool()),
                ValueType::Any => {}
            }
        }
    }
}

/// The facts of a request: those that most formats share, except where this format has its own paths.
macro_rules! request_facts {
    ($at:literal, $own:expr $(,)?) => {
        $crate::wire::request_facts::RequestFacts(
            const {
                const OWN: $crate::wire::request_facts::Rows = &$own;
                &$crate::wire::request_facts::RequestFacts::resolve::<
                    { $crate::wire::request_facts::RequestFacts::count(OWN) },
                >($at, OWN)
            },
        )
    };
}
pub(super) use request_facts;
