//! Model calls inside model calls: see [`Nested`].

use std::sync::Arc;

use super::ActiveCall;
use super::pipeline::Pipeline;
use crate::ambient::mask_context::SharedMasks;
use crate::cost::Priced;
use crate::model::{Nested, Outcome, Usage};
use crate::policy::Masks;
use crate::record::{CallRecord, is_same_call, is_same_work};

/// The outer call that a call starting inside `above` is merged into.
pub(crate) fn outer(
    above: Option<&Arc<ActiveCall>>,
    record: &CallRecord,
    pipeline: &Arc<Pipeline>,
) -> Option<Arc<ActiveCall>> {
    let outer_call = above?;
    if !outer_call.pipeline().is_some_and(|other| Arc::ptr_eq(other, pipeline)) {
        return None;
    }
    let outer_record = outer_call.lock();
    let nested = record.nested.or(outer_record.nested).unwrap_or(pipeline.nested);
    let merges = !outer_record.finished && nested == Nested::Merge && is_same_call(&outer_record, record);
    drop(outer_record);
    merges.then(|| Arc::clone(outer_call))
}

impl ActiveCall {
    /// Merges a finished call into its outer call. Returns the record if the outer call has already ended.
    pub(crate) fn merge(
        &self,
        outer: &ActiveCall,
        record: Box<CallRecord>,
        outcome: Outcome,
        cost: Option<Priced>,
        separate: bool,
    ) -> Option<Box<CallRecord>> {
        outer.take_masks(self.masks());
        let later = self.start_instant().saturating_duration_since(outer.start_instant());
        let mut outer_record = outer.lock();
        if outer_record.finished {
            return Some(record);
        }
        outer_record.inner_calls_mut().separate |= separate;
        outer_record.absorb(record, outcome, cost, later);
        None
    }

    /// Adds the masks of a part to the whole call.
    pub(crate) fn take_masks(&self, part: &SharedMasks) {
        let part = part.get();
        self.masks().add(Masks::new().mask_input(part.input()).mask_output(part.output()));
    }

    /// Adds the usage of another crate's span inside this call, which records no tokens itself.
    pub(crate) fn add_usage(&self, usage: Usage) {
        let mut record = self.lock();
        if !record.finished {
            record.inner_calls_mut().usage.add(usage);
        }
    }

    /// Reports to the surrounding call that this one counts tokens and costs.
    pub(crate) fn report_counted(&self, record: &CallRecord, separate: bool) {
        let Some(outer_call) = self.parent() else { return };
        let knows = separate || record.response.usage != Usage::default() || record.response.cost.is_some();
        if !knows || !record.operation.is_model_call() {
            return;
        }
        let mut outer_record = outer_call.lock();
        if is_same_work(&outer_record.operation, &record.operation) && !outer_record.finished {
            outer_record.inner_calls_mut().separate = true;
        }
    }
}
