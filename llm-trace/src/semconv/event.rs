//! Names of events.

pub(crate) const DETAILS: &str = "gen_ai.client.inference.operation.details";
pub(crate) const EXCEPTION: &str = "gen_ai.client.operation.exception";
pub(crate) const EVALUATION: &str = "gen_ai.evaluation.result";
