//! Writes the input and output of a call's trace.

use super::active_call::ActiveCall;
use super::pipeline::Pipeline;
use crate::ambient::TraceUpdate;
use crate::call::record::{CallRecord, TraceSides};
use crate::model::Operation;
use crate::otel::KeyValue;
use crate::policy::{ContentShape, Masks, Permit, PolicyState, REDACTED, Side, rewrite};
use crate::semconv::{ContentField, openinference};

impl ActiveCall {
    /// Writes the trace's input and output to this call's span, and passes them to the surrounding calls that represent
    /// the trace. Masked texts are written as the mask, to replace the backend's earlier value.
    pub(crate) fn update_trace(
        &self,
        update: TraceUpdate,
        state: &mut CallRecord,
        (policy, masks): (&PolicyState, Masks),
        pipeline: &Pipeline,
        content: &[(&'static str, String)],
        attributes: &mut Vec<KeyValue>,
    ) {
        let own = masks;
        let masks = policy.masks(masks);
        let mut add = |key: &'static str, value: Option<String>| {
            let value = value.filter(|_| !attributes.iter().any(|known| known.key.as_str() == key));
            attributes.extend(value.map(|value| KeyValue::new(key, value)));
        };
        if update != TraceUpdate::NONE && may_update_trace(&state.operation) {
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
        let TraceSides { input, output } = std::mem::take(&mut state.trace);
        let again = |text: String, side: Side| {
            let Permit::Open(mut filter) = policy.side(side, own) else { return Some(REDACTED.to_owned()) };
            if text == REDACTED { Some(text) } else { rewrite::attribute(&text, ContentShape::Messages, &mut filter) }
        };
        add(openinference::INPUT_VALUE, input.and_then(|text| again(text, Side::Input)));
        add(openinference::OUTPUT_VALUE, output.and_then(|text| again(text, Side::Output)));
    }

    fn update_outer_trace(&self, sides: &TraceSides) {
        let mut around = self.parent();
        while let Some(call) = around {
            let parent = call.parent();
            let mut state = call.lock();
            if !state.finished && (parent.is_none() || state.operation.is_agent()) {
                // The trace has the first input and the last output.
                let known = state.trace.input.take();
                state.trace.input = known.or_else(|| sides.input.clone());
                let known = state.trace.output.take();
                state.trace.output = sides.output.clone().or(known);
            }
            drop(state);
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
