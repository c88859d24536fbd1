//! The content of a finished call. Permission is checked again at the end, because masks may have been added.

use crate::message;
use crate::model::Operation;
use crate::policy::{ContentShape, Filter, Masks, Permit, PolicyState, Report, Side, rewrite};
use crate::record::RecordedContent;
use crate::record::{CallRecord, Content};
use crate::semconv::{ContentField, Profile};

/// The part of a call's content that may be recorded.
#[derive(Default)]
pub(crate) struct PermittedContent {
    /// JSON texts by attribute key.
    list: Vec<(&'static str, String)>,
    /// The report of their changes.
    report: Report,
    /// The report without content: omitted texts.
    dropped: Report,
    /// The policy changed after the content was read.
    again: bool,
}

impl PermittedContent {
    /// The texts and the report for a signal with or without content.
    pub(crate) fn on(&self, content: bool) -> (&[(&'static str, String)], &Report) {
        if content { (&self.list, &self.report) } else { (&[], &self.dropped) }
    }

    /// Whether content that was read unmasked must be filtered again: by a mask, or by a policy with other scrubbers
    /// and limits.
    fn tightens(&self, now: &Permit, open: bool) -> bool {
        open && (self.again || !now.is_open())
    }

    /// Like [`tightens`](Self::tightens), for messages that passed `filter` when they were read: the parts that a model
    /// wrote can be masked separately.
    fn tightens_input(&self, now: &Permit, open: bool, filter: &Filter) -> bool {
        self.tightens(now, open) || (open && now.masks_model_parts() && !filter.masks_model_parts())
    }

    /// The number of span attributes.
    pub(crate) fn len(&self, content: bool) -> usize {
        let (list, report) = self.on(content);
        list.len() + usize::from(!report.is_empty())
    }

    /// Takes the texts for a signal with or without content.
    pub(crate) fn take(&mut self, content: bool) -> Vec<(&'static str, String)> {
        if content { std::mem::take(&mut self.list) } else { Vec::new() }
    }

    /// Adds a report of other changes.
    pub(crate) fn note(&mut self, report: Report) {
        if report.is_empty() {
            return;
        }
        self.dropped.absorb(report.clone());
        self.report.absorb(report);
    }

    fn add_filled(&mut self, filled: RecordedContent, profile: Profile, permit: impl Fn(Side) -> Permit) {
        let RecordedContent { field, text, open, mut filter } = filled;
        let permit = permit(field.side());
        let Some(mut now) = permit.clone().filter() else { return };
        now.reserve(self.list.iter().map(|(_, json)| json.len()).sum());
        let text = if self.tightens(&permit, open) {
            let text = rewrite::attribute(&text, field.shape(), &mut now);
            // The earlier report describes a text that was replaced.
            filter = now;
            text
        } else {
            let text = now.whole(text, field.shape());
            filter.absorb(now);
            text
        };
        self.add(field.name(profile), text);
        self.report.absorb(filter.into_report());
    }

    fn add(&mut self, key: &'static str, json: Option<String>) {
        self.list.extend(json.map(|json| (key, json)));
    }
}

impl CallRecord {
    /// Takes the content that may be recorded under this policy and these masks. `changed`: the policy is not the one
    /// under which the content was read.
    pub(crate) fn take_content(
        &mut self,
        profile: Profile,
        policy: &PolicyState,
        masks: Masks,
        changed: bool,
    ) -> PermittedContent {
        let mut out = PermittedContent { again: changed, ..PermittedContent::default() };
        if !policy.captures() {
            return out;
        }
        let input = policy.permit(Side::Input, masks);
        let output = policy.permit(Side::Output, masks);
        for (side, permit) in [("input", &input), ("output", &output)] {
            if matches!(permit, Permit::Drop) {
                out.dropped.dropped(side);
            }
        }
        out.report = out.dropped.clone();
        self.take_input(&input, &mut out);
        self.take_output(output, &mut out);
        let content = self.subject.as_mut().map(|subject| std::mem::take(&mut subject.content)).unwrap_or_default();
        // The core conventions record no content of Model Context Protocol servers.
        let writes_content = profile != Profile::Core || self.operation != Operation::McpServer;
        for filled in content.into_iter().filter(|_| writes_content) {
            out.add_filled(filled, profile, |side| policy.permit(side, masks));
        }
        out
    }

    fn take_input(&mut self, permit: &Permit, out: &mut PermittedContent) {
        let Some(Content { value, open }) = self.input.take().map(|input| *input) else { return };
        let message::FinishedInput { messages, instructions, tools, mut filter } = value;
        let mut list = [
            (ContentField::InputMessages.key(), messages, ContentShape::Messages),
            (ContentField::SystemInstructions.key(), instructions, ContentShape::Parts),
            (ContentField::ToolDefinitions.key(), tools, ContentShape::Tools),
        ];
        if out.tightens_input(permit, open, &filter) {
            for (_, json, shape) in &mut list {
                *json = json.take().and_then(|json| {
                    let mut tight = permit.clone().filter()?;
                    let json = rewrite::attribute(&json, *shape, &mut tight);
                    filter.absorb(tight);
                    json
                });
            }
        }
        if !matches!(permit, Permit::Off | Permit::Drop) {
            for (key, json, _) in list {
                out.add(key, json);
            }
            out.report.absorb(filter.into_report());
        }
    }

    fn take_output(&mut self, permit: Permit, out: &mut PermittedContent) {
        let Some(Content { value, open }) = self.output.take() else { return };
        let mut filter = self.output_filter.take().map(|filter| *filter);
        let mut json = Some(value);
        if out.tightens(&permit, open) {
            json = json.and_then(|json| {
                let mut tight = permit.clone().filter()?;
                let json = rewrite::attribute(&json, ContentShape::Messages, &mut tight);
                filter = Some(tight);
                json
            });
        }
        if let Some(mut budget) = permit.filter() {
            // The input counts against the span's limit before the output.
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
}
