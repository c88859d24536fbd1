//! The one check of texts that are to be facts.

use super::{Fact, FactKind};

/// The longest identifier, in bytes.
const MAX_LEN: usize = 512;

/// Whether `text` may be recorded under `fact`. Everything that enters [`Facts`](super::Facts) as a text, or in a list
/// of texts, is asked for here, whatever the policy, the side and the source.
pub(crate) fn is_identifier(fact: Fact, text: &str) -> bool {
    match fact.row().kind {
        FactKind::Free => true,
        FactKind::Number => false,
        FactKind::Identifier | FactKind::Identity => {
            // A line's end is a common stop sequence.
            let is_control = |c: char| c.is_control() && fact != Fact::RequestStopSequences;
            text.len() <= MAX_LEN && !text.contains(is_control)
        }
    }
}
