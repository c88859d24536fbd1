//! A call's content at its end, asked for once more: a mask set since it was read must hold.

use super::active_call::ActiveCall;
use super::call_record::{CallRecord, Content};
use super::operation_content::RecordedContent;
use crate::ambient::mask_context::Filtered;
use crate::message;
use crate::model::Operation;
use crate::policy::{ContentShape, Filter, Masks, Permit, PolicyState, Report, Side, Stamp, rewrite};
use crate::semconv::{ContentField, Profile};

/// What of a call's content may go out.
#[derive(Default)]
pub(super) struct Permitted {
    /// JSON texts by key.
    list: Vec<(&'static str, String)>,
    /// What was done to them.
    report: Report,
    /// What was left out altogether.
    dropped: Report,
    /// The policy has changed since content was read by it.
    again: bool,
}

impl Permitted {
    /// What goes to a place that has content on it or not: the texts, and what was done.
    pub(super) fn on(&self, content: bool) -> (&[(&'static str, String)], &Report) {
        if content { (&self.list, &self.report) } else { (&[], &self.dropped) }
    }

    /// Whether content that was read as open must pass a filter once more: one that masks, or that of a policy
    /// with other scrubbers and limits.
    fn tightens(&self, now: &Permit, open: bool) -> bool {
        open && (self.again || !now.is_open())
    }

    /// As [`tightens`](Self::tightens), for messages that passed `filter` when they were read: the parts that a model
    /// wrote can be masked apart from others.
    fn tightens_input(&self, now: &Permit, open: bool, filter: &Filter) -> bool {
        self.tightens(now, open) || (open && now.masks_model_parts() && !filter.masks_model_parts())
    }

    /// How many attributes that makes on a span.
    pub(super) fn len(&self, content: bool) -> usize {
        let (list, report) = self.on(content);
        list.len() + usize::from(!report.is_empty())
    }

    /// The texts that go to a place that has content on it or not, for good.
    pub(super) fn take(&mut self, content: bool) -> Vec<(&'static str, String)> {
        if content { std::mem::take(&mut self.list) } else { Vec::new() }
    }

    /// Says what else was done to the call's texts.
    pub(super) fn note(&mut self, report: Report) {
        self.dropped.absorb(report.clone());
        self.report.absorb(report);
    }

    fn add_filled(&mut self, filled: RecordedContent, profile: Profile, permit: impl Fn(Side) -> Permit) {
        let RecordedContent { slot, text, open, mut filter } = filled;
        let permit = permit(slot.side());
        let Some(mut now) = permit.clone().filter() else { return };
        now.reserve(self.list.iter().map(|(_, json)| json.len()).sum());
        let text = if self.tightens(&permit, open) {
            let text = rewrite::attribute(&text, slot.shape(), &mut now);
            // What was done to the text that is no longer there is no news.
            filter = now;
            text
        } else {
            let text = now.whole(text, slot.shape());
            filter.absorb(now);
            text
        };
        self.add(slot.name(profile), text);
        self.report.absorb(filter.into_report());
    }

    fn add(&mut self, key: &'static str, json: Option<String>) {
        self.list.extend(json.map(|json| (key, json)));
    }
}

impl ActiveCall {
    /// The content that may go out by this policy and these masks.
    pub(super) fn permitted(
        &self,
        state: &mut CallRecord,
        stamp: Stamp,
        policy: &PolicyState,
        masks: Masks,
    ) -> Permitted {
        let same = self.is_read_by(stamp);
        if same {
            self.masks().set_filtered(Filtered { stamp, masks });
        }
        let mut out = Permitted { again: !same, ..Permitted::default() };
        let input = policy.input(masks);
        let output = policy.output(masks);
        for (side, permit) in [("input", &input), ("output", &output)] {
            if matches!(permit, Permit::Drop) {
                out.dropped.dropped(side);
            }
        }
        out.report = out.dropped.clone();
        if let Some(Content { value, open }) = state.input.take().map(|input| *input) {
            let message::FinishedInput { messages, instructions, tools, mut filter } = value;
            let mut list = [
                (ContentField::InputMessages.key(), messages, ContentShape::Messages),
                (ContentField::SystemInstructions.key(), instructions, ContentShape::Parts),
                (ContentField::ToolDefinitions.key(), tools, ContentShape::Tools),
            ];
            if out.tightens_input(&input, open, &filter) {
                for (_, json, shape) in &mut list {
                    *json = json.take().and_then(|json| {
                        let mut tight = input.clone().filter()?;
                        let json = rewrite::attribute(&json, *shape, &mut tight);
                        filter.absorb(tight);
                        json
                    });
                }
            }
            if !matches!(input, Permit::Off | Permit::Drop) {
                for (key, json, _) in list {
                    out.add(key, json);
                }
                out.report.absorb(filter.into_report());
            }
        }
        if let Some(Content { value, open }) = state.output.take() {
            let mut filter = state.output_filter.take();
            let mut json = Some(value);
            if out.tightens(&output, open) {
                json = json.and_then(|json| {
                    let mut tight = output.clone().filter()?;
                    let json = rewrite::attribute(&json, ContentShape::Messages, &mut tight);
                    filter = Some(tight);
                    json
                });
            }
            if let Some(mut budget) = output.filter() {
                // What the input has taken of the span's budget is not there for the output.
                budget.reserve(out.list.iter().map(|(_, json)| json.len()).sum());
                out.add(
                    ContentField::OutputMessages.key(),
                    json.and_then(|json| budget.whole(json, ContentShape::Messages)),
                );
                out.report.absorb(budget.into_report());
                if let Some(filter) = filter {
                    out.report.absorb(filter.into_report());
                }
            }
        }
        let profile = self.pipeline().map_or(Profile::Core, |pipeline| pipeline.profile);
        let content = state.subject.as_mut().map(|subject| std::mem::take(&mut subject.content)).unwrap_or_default();
        // In core a server of the Model Context Protocol tells nothing of what it was asked.
        let told = profile != Profile::Core || state.operation != Operation::McpServer;
        for filled in content.into_iter().filter(|_| told) {
            out.add_filled(filled, profile, |side| policy.side(side, masks));
        }
        out
    }
}
