//! Rewrites the field values of spans and events before a layer receives them.

use std::fmt;
use std::sync::Arc;

use tracing::field::{Field, FieldSet, Value, ValueSet, Visit};
use tracing::span::{Attributes, Record};
use tracing::{Event, Metadata};

use super::callsite_cache::CallsiteCache;
use super::recorded_values::{FieldPlan, Owned, OwnedValues, Rewriter};
use crate::model::name_target::name_of_attributes;
use crate::policy::redactor::Redactor;
use crate::policy::{Masks, PolicyHandle, PolicyState, content_targets};
use crate::sink::fields;

/// Rewrites field values, and caches per callsite which fields need a check.
#[derive(Debug, Default)]
pub(crate) struct FieldRewriter {
    sites: CallsiteCache,
    /// The wrapped layer exports its values; it is not a local log.
    exports: bool,
}

impl FieldRewriter {
    /// Creates a rewriter for a layer that exports.
    pub(crate) fn for_export() -> Self {
        Self { exports: true, ..Self::default() }
    }

    /// Whether all values of this callsite pass unchanged outside of calls and scopes. `policy` must be the same handle
    /// on every call. Most callsites need no more than this check.
    pub(crate) fn is_plain(&self, policy: &PolicyHandle, metadata: &'static Metadata<'static>) -> bool {
        let Some(site) = self.sites.get(metadata) else { return false };
        // Read the epoch first: see `PolicyHandle::stamp`.
        let epoch = policy.stamp().epoch;
        site.plain(epoch).unwrap_or_else(|| {
            let plain = self.plan(metadata, &policy.state(), |plan| plan.plain);
            site.set_plain(epoch, plain);
            plain
        })
    }

    /// Passes the redacted values of a new span to `next`. `around` are the masks of its surroundings.
    pub(crate) fn span(
        &self,
        state: &PolicyState,
        attrs: &Attributes<'_>,
        around: Option<Masks>,
        next: impl FnOnce(&Attributes<'_>),
    ) {
        let metadata = attrs.metadata();
        let record = |visitor: &mut dyn Visit| attrs.record(visitor);
        let Some(values) = self.rewrite(state, metadata, Some(metadata.target()), around, record) else {
            return next(attrs);
        };
        values.with(metadata.fields(), |values| {
            next(&match attrs.parent() {
                Some(parent) => Attributes::child_of(parent.clone(), metadata, values),
                None if attrs.is_root() => Attributes::new_root(metadata, values),
                None => Attributes::new(metadata, values),
            });
        });
    }

    /// Like [`span`](Self::span), for values recorded later on a span with this target.
    pub(crate) fn record(
        &self,
        state: &PolicyState,
        values: &Record<'_>,
        target: Option<&str>,
        around: Option<Masks>,
        next: impl FnOnce(&Record<'_>),
    ) {
        // Values may be recorded from another callsite than the span's.
        let Some(metadata) = metadata_of(values) else { return next(values) };
        match self.rewrite(state, metadata, target, around, |visitor| values.record(visitor)) {
            None => next(values),
            Some(values) => values.with(metadata.fields(), |values| next(&Record::new(values))),
        }
    }

    /// Like [`span`](Self::span), for an event.
    pub(crate) fn event(
        &self,
        state: &PolicyState,
        event: &Event<'_>,
        around: Option<Masks>,
        next: impl FnOnce(&Event<'_>),
    ) {
        let metadata = event.metadata();
        let record = |visitor: &mut dyn Visit| event.record(visitor);
        let Some(values) = self.rewrite(state, metadata, Some(&content_targets::target(event)), around, record) else {
            return next(event);
        };
        values.with(metadata.fields(), |values| {
            next(&match event.parent() {
                Some(parent) => Event::new_child_of(parent.clone(), metadata, values),
                None if event.is_root() => Event::new_child_of(None, metadata, values),
                None => Event::new(metadata, values),
            });
        });
    }

    /// Calls `then` with the plan of this callsite.
    fn plan<T>(
        &self,
        metadata: &'static Metadata<'static>,
        state: &PolicyState,
        then: impl FnOnce(&FieldPlan) -> T,
    ) -> T {
        let site = self.sites.get(metadata);
        let known = site.map(|site| site.plan.load());
        if let Some(plan) = known.as_deref().and_then(Option::as_ref).filter(|plan| plan.is_by(state.policy())) {
            return then(plan);
        }
        let plan = Arc::new(FieldPlan::new(metadata, state.policy()));
        if let Some(site) = site {
            site.plan.store(Some(plan.clone()));
        }
        then(&plan)
    }

    /// The redacted values, or `None` if all of them pass unchanged.
    fn rewrite(
        &self,
        state: &PolicyState,
        metadata: &'static Metadata<'static>,
        target: Option<&str>,
        around: Option<Masks>,
        record: impl FnOnce(&mut dyn Visit),
    ) -> Option<Values> {
        self.plan(metadata, state, |plan| {
            // The target of a callsite decides whether it is plain, not the target of the span.
            let own_target = target.is_none_or(|target| target == metadata.target());
            let withheld = self.exports && around.is_some_and(|masks| state.withholds_unmasked_text(masks));
            if plan.plain && own_target && !withheld && !around.is_some_and(|masks| state.masks(masks).any()) {
                return None;
            }
            let mut treatment = Redactor::new(state, around);
            if !self.exports {
                treatment = treatment.for_logs();
            }
            treatment = treatment.written_by(target).for_model_call(plan.model_call);
            let withholds_name = state.masks_metadata() && fields::is_call_span(metadata);
            if !plan.always
                && !withholds_name
                && !treatment.withholds_free_text()
                && state.policy().scrubbers.is_empty()
            {
                return None;
            }
            let mut rewriter = Rewriter::new(plan, &mut treatment, state.captures());
            record(&mut OwnedValues(|field: &Field, value| rewriter.put(field, value)));
            let mut values = Values(rewriter.finish());
            if withholds_name {
                values.name_by_conventions(metadata.fields());
            }
            Some(values)
        })
    }
}

/// The values of a callsite's fields, in their order.
pub(super) struct Values(pub(super) Vec<Option<Owned>>);

impl Values {
    /// No value in any field.
    pub(super) fn none(fields: &FieldSet) -> Self {
        Self(std::iter::repeat_with(|| None).take(fields.len()).collect())
    }

    /// Gives a call's span the name of the conventions, in place of the user's.
    fn name_by_conventions(&mut self, fields: &FieldSet) {
        let index = |name: &str| fields.field(name).map(|field| field.index());
        let name = name_of_attributes(|key| self.0.get(index(key)?)?.as_ref().map(Owned::text));
        if let Some(slot) = index("otel.name").and_then(|at| self.0.get_mut(at)) {
            *slot = name.map(Owned::Str);
        }
    }

    pub(super) fn with<T>(&self, fields: &FieldSet, then: impl FnOnce(&ValueSet<'_>) -> T) -> T {
        let values: Vec<Option<&dyn Value>> = self.0.iter().map(|value| value.as_ref().map(Owned::value)).collect();
        then(&fields.value_set_all(&values))
    }
}

/// The callsite that values were recorded from.
pub(crate) fn metadata_of(values: &Record<'_>) -> Option<&'static Metadata<'static>> {
    let mut found = None;
    values.record(&mut |field: &tracing::field::Field, _: &dyn fmt::Debug| {
        found = Some(field.callsite().0.metadata());
    });
    found
}
