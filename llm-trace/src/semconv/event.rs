//! Names of events and of their attributes.

pub(crate) const DETAILS: &str = "gen_ai.client.inference.operation.details";
pub(crate) const EXCEPTION: &str = "gen_ai.client.operation.exception";
pub(crate) const EVALUATION: &str = "gen_ai.evaluation.result";

pub(crate) const EXCEPTION_TYPE: &str = "exception.type";
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";
pub(crate) const EVALUATION_NAME: &str = "gen_ai.evaluation.name";
pub(crate) const EVALUATION_SCORE_VALUE: &str = "gen_ai.evaluation.score.value";
pub(crate) const EVALUATION_SCORE_LABEL: &str = "gen_ai.evaluation.score.label";
pub(crate) const EVALUATION_EXPLANATION: &str = "gen_ai.evaluation.explanation";
