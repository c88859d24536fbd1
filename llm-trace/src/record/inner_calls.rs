//! The results of calls that were merged into this one.

use std::time::Duration;

use super::{CallRecord, InnerCalls};
use crate::cost::Priced;
use crate::model::facts::add_by_model;
use crate::model::{Operation, Outcome, Usage};
use crate::semconv::Fact;

/// The costs reported by nested calls.
pub(crate) enum NestedTotals {
    Nothing,
    Cost(Priced),
    /// The nested call counts its costs and tokens.
    Elsewhere,
}

/// Whether an inner call is the same call as the outer one, seen by another layer.
pub(crate) fn is_same_call(outer: &CallRecord, inner: &CallRecord) -> bool {
    is_same(outer, inner) || is_same_tool(outer, inner)
}

fn is_same(outer: &CallRecord, inner: &CallRecord) -> bool {
    let provider = match (&outer.provider, &inner.provider) {
        (Some(outer), Some(inner)) => outer == inner,
        _ => true,
    };
    provider && is_same_work(&outer.operation, &inner.operation)
}

/// Whether a tool call asks a Model Context Protocol server to run the same tool.
fn is_same_tool(outer: &CallRecord, inner: &CallRecord) -> bool {
    outer.operation == Operation::ExecuteTool
        && inner.operation == Operation::McpClient
        && inner.operation_name().is_some()
        && outer.fact(Fact::ToolName) == inner.fact(Fact::ToolName)
}

pub(crate) fn is_same_work(outer: &Operation, inner: &Operation) -> bool {
    (outer.is_inference() && inner.is_inference()) || (outer.is_model_call() && outer == inner)
}

impl CallRecord {
    pub(crate) fn inner_calls_mut(&mut self) -> &mut InnerCalls {
        self.inner_calls.get_or_insert_default()
    }

    pub(crate) fn absorb(&mut self, inner: Box<CallRecord>, outcome: Outcome, cost: Option<Priced>, later: Duration) {
        // All fields are listed, so that a new one is decided here.
        let CallRecord {
            operation: _,
            provider,
            name: _,
            unobserved: _,
            server,
            conversation,
            format,
            request,
            input,
            mut response,
            output,
            output_filter,
            answered: _,
            seen: _,
            unread_response: _,
            http_status: _,
            replaced: _,
            returned: _,
            is_cut: _,
            panicked: _,
            operation_assumed: _,
            request_read: _,
            attributes,
            error,
            stream,
            attempts,
            scope_facts,
            subject,
            remote: _,
            nested: _,
            inner_calls: _,
            trace: _,
            omitted_values,
            finished: _,
        } = *inner;
        self.provider = self.provider.take().or(provider);
        self.server = self.server.take().or(server);
        self.conversation = self.conversation.take().or(conversation);
        self.format = self.format.or(format);
        self.request.fill(request);
        if self.input.as_ref().is_none_or(|input| input.value.is_empty()) {
            self.input = input.or(self.input.take());
        }
        self.attempts += attempts;
        self.omitted_values += omitted_values;
        // The last value of a key wins, and the outer call's come last.
        let own = std::mem::replace(&mut self.attributes, attributes);
        self.attributes.extend(own);
        self.scope_facts = match (self.scope_facts.take(), scope_facts) {
            (Some(own), Some(inner)) => Some(Box::new(own.over(&inner))),
            (own, inner) => own.or(inner),
        };
        if let Some(subject) = subject {
            let known = self.subject();
            known.facts.fill(subject.facts);
            for filled in subject.content {
                if !known.content.iter().any(|known| known.field == filled.field) {
                    known.content.push(filled);
                }
            }
        }
        let known = self.inner_calls_mut();
        known.usage.add(response.usage);
        for (model, usage) in std::mem::take(&mut response.usage_by_others) {
            add_by_model(&mut known.usage_by_others, &model, usage);
        }
        known.cost = match (known.cost.take(), cost) {
            (Some(a), Some(b)) => Some(a.and(b)),
            (a, b) => a.or(b),
        };
        if let Some(output) = output {
            known.output = Some((output, output_filter));
        }
        if outcome.is_error() {
            known.error = error;
            known.response_error = response.error.take();
        }
        if let Some(mut stream) = stream {
            stream.first_chunk = stream.first_chunk.map(|time| time + later);
            known.stream = Some(stream);
        }
        self.response.merge(response);
    }

    /// Applies the results of nested calls at the end.
    pub(crate) fn apply_inner_calls(&mut self, outcome: Outcome) -> NestedTotals {
        let Some(inner) = self.inner_calls.take() else { return NestedTotals::Nothing };
        if inner.separate {
            self.response.usage = Usage::default();
            self.response.cost = None;
            return NestedTotals::Elsewhere;
        }
        // The outer call may have read the same response, so it is not counted again.
        self.response.usage.update(inner.usage);
        if !inner.usage_by_others.is_empty() {
            self.response.usage_by_others = inner.usage_by_others;
        }
        if let Some((output, filter)) = inner.output.filter(|_| !self.answered) {
            self.output = Some(output);
            self.output_filter = filter;
        }
        if self.stream.is_none() {
            self.stream = inner.stream;
        }
        if outcome.is_error() {
            let error = &mut self.error;
            error.status = error.status.or(inner.error.status);
            error.code = error.code.take().or(inner.error.code);
            error.transport = error.transport.or(inner.error.transport);
            self.response.error = self.response.error.take().or(inner.response_error);
        }
        inner.cost.map_or(NestedTotals::Nothing, NestedTotals::Cost)
    }
}
