//! The input and output of a call's trace.

use super::active_call::ActiveCall;
use super::pipeline::Pipeline;
use crate::ambient::TraceUpdate;
use crate::model::Operation;
use crate::policy::{ContentShape, Masks, Permit, REDACTED, Side, rewrite};
use crate::record::TraceSides;
use crate::semconv::{ContentField, openinference};
use crate::sink::ended_call::EndedCall;

impl ActiveCall {
    /// The trace's input and output for this call's span. Passes them to the surrounding calls that represent the trace
    /// too. Masked texts are the mask, to replace the backend's earlier value.
    pub(crate) fn update_trace(
        &self,
        update: TraceUpdate,
        call: &mut EndedCall<'_>,
        pipeline: &Pipeline,
        content_on_span: bool,
    ) -> Vec<(&'static str, String)> {
        let masks = call.policy.masks(call.masks);
        let mut all = Vec::new();
        let mut add = |key: &'static str, value: Option<String>| all.extend(value.map(|value| (key, value)));
        if update != TraceUpdate::NONE && may_update_trace(&call.record.operation) {
            let (content, _) = call.content.on(content_on_span);
            let sides = TraceSides {
                input: side(update, TraceUpdate::INPUT, masks, content),
                output: side(update, TraceUpdate::OUTPUT, masks, content),
            };
            let backend = pipeline.trace_backend;
            backend.warn_if_it_keeps();
            add(backend.input_key(), sides.input.clone());
            add(backend.output_key(), sides.output.clone());
            self.update_outer_trace(&sides);
        }
        let TraceSides { input, output } = std::mem::take(&mut call.record.trace);
        let again = |text: String, side: Side| {
            let Permit::Open(mut filter) = call.policy.permit(side, call.masks) else {
                return Some(REDACTED.to_owned());
            };
            if text == REDACTED { Some(text) } else { rewrite::attribute(&text, ContentShape::Messages, &mut filter) }
        };
        add(openinference::INPUT_VALUE, input.and_then(|text| again(text, Side::Input)));
        add(openinference::OUTPUT_VALUE, output.and_then(|text| again(text, Side::Output)));
        all
    }

    fn update_outer_trace(&self, sides: &TraceSides) {
        let mut around = self.parent();
        while let Some(call) = around {
            let parent = call.parent();
            let mut record = call.lock();
            if !record.finished && (parent.is_none() || record.operation.is_agent()) {
                // The trace has the first input and the last output.
                let known = record.trace.input.take();
                record.trace.input = known.or_else(|| sides.input.clone());
                let known = record.trace.output.take();
                record.trace.output = sides.output.clone().or(known);
            }
            drop(record);
            around = parent;
        }
    }
}

fn side(update: TraceUpdate, wanted: TraceUpdate, masks: Masks, content: &[(&'static str, String)]) -> Option<String> {
    if !update.contains(wanted) {
        return None;
    }
    let (masked, key) = match wanted {
        TraceUpdate::INPUT => (masks.input(), ContentField::InputMessages.key()),
        _ => (masks.output(), ContentField::OutputMessages.key()),
    };
    let plain = || content.iter().find(|(known, _)| *known == key).map(|(_, text)| text.clone());
    if masked { Some(REDACTED.to_owned()) } else { plain() }
}

/// Whether the operation's input and output are those of the trace. Those of a tool or an embedding are not.
fn may_update_trace(operation: &Operation) -> bool {
    !operation.is_mcp() && !matches!(operation, Operation::Embeddings | Operation::ExecuteTool | Operation::Retrieval)
}
