//! Rewrites the field values of a span or event.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tracing::Metadata;
use tracing::field::{DisplayValue, Field, Value, Visit, display};

use crate::ambient::span_masks;
use crate::policy::keys::{Class, IdentifierKind, KnownKey};
use crate::policy::redactor::{Redactor, Verdict};
use crate::policy::{Filter, Place, Policy, REDACTED, TextKind, authors, content_targets, keys};
use crate::user_code::{self, UserCode};

/// The classification of a callsite's fields.
#[derive(Debug)]
pub(crate) struct FieldPlan {
    /// The policy that classified them.
    policy: Arc<Policy>,
    classes: Box<[Class]>,
    /// Some field needs a check even if nothing is masked or scrubbed.
    pub(crate) always: bool,
    /// No value needs a check if nothing is masked.
    pub(crate) plain: bool,
    /// A model call by some convention, in which nothing is free text.
    pub(crate) model_call: bool,
}

impl FieldPlan {
    pub(crate) fn new(metadata: &Metadata<'_>, policy: &Arc<Policy>) -> Self {
        let fields = metadata.fields();
        let known: Vec<KnownKey> = fields.iter().map(|field| known(field.name(), policy)).collect();
        let model_call = known.iter().any(|known| known.convention) || keys::known(metadata.name()).convention;
        let classes: Box<[Class]> = known.iter().map(|known| known.class).collect();
        let always = classes.iter().any(|class| !matches!(class, Class::Fact(_) | Class::Unknown));
        // For events from the crate `log`, only the values name the origin.
        let free = metadata.target() != content_targets::LOG && !policy.is_content_target(metadata.target());
        let plain = !always && free && !model_call && !span_masks::declares(metadata) && policy.scrubbers.is_empty();
        Self { policy: policy.clone(), classes, always, plain, model_call }
    }

    pub(crate) fn is_by(&self, policy: &Arc<Policy>) -> bool {
        Arc::ptr_eq(&self.policy, policy)
    }
}

fn known(name: &str, policy: &Policy) -> KnownKey {
    // The mask flags themselves.
    if span_masks::is_flag(name) {
        return KnownKey { class: Class::Fact(IdentifierKind::Any), ..KnownKey::NOTHING };
    }
    policy.known(name)
}

/// Collects redacted values, to be passed on in field order.
pub(crate) struct Rewriter<'r, 'p> {
    plan: &'r FieldPlan,
    treatment: &'r mut Redactor<'p>,
    /// Content may be recorded.
    content: bool,
    values: Vec<Option<Owned>>,
    pub(crate) metadata: Option<&'static Metadata<'static>>,
}

impl<'r, 'p> Rewriter<'r, 'p> {
    pub(crate) fn new(plan: &'r FieldPlan, treatment: &'r mut Redactor<'p>, content: bool) -> Self {
        let values = std::iter::repeat_with(|| None).take(plan.classes.len()).collect();
        Self { plan, treatment, content, values, metadata: None }
    }

    /// The values and their fields.
    pub(crate) fn finish(self) -> Vec<Option<Owned>> {
        self.values
    }

    pub(crate) fn put(&mut self, field: &Field, value: Owned) {
        self.metadata = Some(field.callsite().0.metadata());
        let Some(class) = self.plan.classes.get(field.index()).copied() else { return };
        let verdict = self.treatment.field_verdict(field.name(), class, self.content);
        let value = match verdict {
            Verdict::Keep => Some(value),
            Verdict::Remove => None,
            Verdict::Replace => Some(Owned::Str(REDACTED.to_owned())),
            Verdict::Hash => {
                let text = value.text();
                Some(self.treatment.hash(&text).map_or(value, Owned::Str))
            }
            Verdict::Filter(filter, place) => Some(value.filtered(filter, place)),
            Verdict::FilterTexts(filter, place) if value.is_text() => Some(value.filtered(filter, place)),
            Verdict::FilterTexts(..) => Some(value),
            Verdict::Identifiers { wording, fails } if value.is_text() && !wording.fits(&value.text()) => {
                Some(value.filtered(fails, Place::of(TextKind::Metadata)))
            }
            Verdict::Identifiers { .. } => Some(value),
            Verdict::ByAuthor(filter) if value.is_text() => Some(Owned::Str(authors::rewrite(&value.text(), filter))),
            Verdict::ByAuthor(_) => Some(value),
            Verdict::Rewrite(filter, shape) => authors::attribute(&value.text(), shape, filter).map(Owned::Str),
        };
        if let Some(slot) = self.values.get_mut(field.index()) {
            *slot = value;
        }
    }
}

/// Hands each value of a span or an event on as an owned value.
pub(crate) struct OwnedValues<F>(pub(crate) F);

impl<F: FnMut(&Field, Owned)> OwnedValues<F> {
    fn put(&mut self, field: &Field, value: Owned) {
        (self.0)(field, value);
    }
}

impl<F: FnMut(&Field, Owned)> Visit for OwnedValues<F> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Owned::F64(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Owned::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Owned::U64(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, Owned::I128(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, Owned::U128(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Owned::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Owned::Str(value.to_owned()));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.put(field, Owned::Bytes(value.into()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(
            field,
            match user_code::run(UserCode::Field, || OwnedError::new(value)) {
                Some(error) => Owned::Error(Box::new(error)),
                None => Owned::Str(REDACTED.to_owned()),
            },
        );
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = user_code::run(UserCode::Field, || format!("{value:?}"));
        self.put(field, Owned::Debug(display(written.unwrap_or_else(|| REDACTED.to_owned()))));
    }
}

/// A longer number recorded by `Debug` may be a card or account number, which have more digits.
const MAX_DIGITS: usize = 11;

/// An owned field value.
#[derive(Debug)]
pub(crate) enum Owned {
    F64(f64),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    Bool(bool),
    Str(String),
    Bytes(Box<[u8]>),
    Error(Box<dyn Error + Send + Sync>),
    /// Output of `Debug`.
    Debug(DisplayValue<String>),
}

impl Owned {
    /// The value for the wrapped layer.
    pub(crate) fn value(&self) -> &dyn Value {
        match self {
            Owned::F64(value) => value,
            Owned::I64(value) => value,
            Owned::U64(value) => value,
            Owned::I128(value) => value,
            Owned::U128(value) => value,
            Owned::Bool(value) => value,
            Owned::Str(value) => value,
            Owned::Bytes(value) => value,
            Owned::Error(value) => value,
            Owned::Debug(value) => value,
        }
    }

    /// Whether it is anything but a number or a flag.
    fn is_text(&self) -> bool {
        match self {
            Owned::Str(_) | Owned::Bytes(_) | Owned::Error(_) => true,
            // A short number or flag recorded by `Debug` is not text. A long row of digits may be anything.
            Owned::Debug(written) => {
                let text = written.to_string();
                let digits = text.bytes().take_while(u8::is_ascii_digit).count();
                digits > MAX_DIGITS || (text.parse::<f64>().is_err() && text.parse::<bool>().is_err())
            }
            _ => false,
        }
    }

    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Owned::Str(text) => Cow::Borrowed(text),
            Owned::Bytes(bytes) => String::from_utf8_lossy(bytes),
            Owned::Error(error) => Cow::Owned(error.to_string()),
            Owned::Debug(written) => Cow::Owned(written.to_string()),
            Owned::F64(n) => Cow::Owned(n.to_string()),
            Owned::I64(n) => Cow::Owned(n.to_string()),
            Owned::U64(n) => Cow::Owned(n.to_string()),
            Owned::I128(n) => Cow::Owned(n.to_string()),
            Owned::U128(n) => Cow::Owned(n.to_string()),
            Owned::Bool(b) => Cow::Owned(b.to_string()),
        }
    }

    /// The filtered value. A value that does not change keeps its type.
    fn filtered(self, filter: &mut Filter, place: Place<'_>) -> Self {
        let changed = match &self {
            // The causes of an error are texts as well.
            Owned::Error(error) => {
                let clean = OwnedError::new(error.as_ref()).filtered(filter, place);
                return if filter.masks() { Owned::Str(clean.display) } else { Owned::Error(Box::new(clean)) };
            }
            Owned::Bool(_) | Owned::F64(_) | Owned::I64(_) | Owned::U64(_) | Owned::I128(_) | Owned::U128(_)
                if !filter.masks() =>
            {
                None
            }
            other => {
                let text = other.text();
                let clean = filter.clean(&text, place);
                (clean != text).then(|| clean.into_owned())
            }
        };
        match (changed, self) {
            (None, same) => same,
            (Some(clean), Owned::Debug(_)) => Owned::Debug(display(clean)),
            (Some(clean), _) => Owned::Str(clean),
        }
    }
}

/// A copy of an error and its causes.
#[derive(Clone)]
struct OwnedError {
    display: String,
    debug: String,
    source: Option<Box<OwnedError>>,
}

impl OwnedError {
    fn new(error: &(dyn Error + 'static)) -> Self {
        Self::with_depth(error, 16)
    }

    fn with_depth(error: &(dyn Error + 'static), depth: usize) -> Self {
        let source = error.source().filter(|_| depth > 0);
        Self {
            display: error.to_string(),
            debug: format!("{error:?}"),
            source: source.map(|source| Box::new(Self::with_depth(source, depth - 1))),
        }
    }

    fn filtered(self, filter: &mut Filter, place: Place<'_>) -> Self {
        Self {
            display: filter.clean(&self.display, place).into_owned(),
            debug: filter.clean(&self.debug, place).into_owned(),
            source: self.source.map(|source| Box::new(source.filtered(filter, place))),
        }
    }
}

impl fmt::Display for OwnedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display)
    }
}

impl fmt::Debug for OwnedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.debug)
    }
}

impl Error for OwnedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
