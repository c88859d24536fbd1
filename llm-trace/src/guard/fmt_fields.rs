//! A field formatter with its own type, which can omit the fields of LLM calls.

use std::fmt;

use tracing::Metadata;
use tracing::field::Field;
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

use super::field_rewriter::Values;
use super::recorded_values::OwnedValues;
use crate::sink::fields;

/// Formats fields like `F`, but keeps the result separate from other layers, and can omit the fields of LLM calls: see
/// [`without_calls`](Self::without_calls).
///
/// `fmt` layers share the formatted fields of a span if their field formatters have the same type. A layer wrapped by
/// [`redact`](crate::redact()) would then print the fields that an unwrapped layer has formatted. `FmtFields` gives it
/// a formatter type of its own.
///
/// ```
/// use llm_trace::{fmt_fields, redact};
/// use tracing_subscriber::{fmt, prelude::*};
///
/// tracing_subscriber::registry()
///     .with(fmt::layer())
///     .with(redact(fmt::layer().fmt_fields(fmt_fields())))
///     .init();
/// ```
///
/// With JSON output; with the default format, `fmt::layer().json()` panics in a debug build:
///
/// ```
/// use llm_trace::{FmtFields, redact};
/// use tracing_subscriber::fmt::format::JsonFields;
/// use tracing_subscriber::{fmt, prelude::*};
///
/// tracing_subscriber::registry()
///     .with(fmt::layer().json())
///     .with(redact(fmt::layer().json().fmt_fields(FmtFields::new(JsonFields::new()))))
///     .init();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FmtFields<F = DefaultFields> {
    inner: F,
    calls: bool,
}

impl<F: Default> Default for FmtFields<F> {
    fn default() -> Self {
        Self::new(F::default())
    }
}

impl<F> FmtFields<F> {
    /// Creates a formatter that formats like `inner`.
    pub const fn new(inner: F) -> Self {
        Self { inner, calls: true }
    }

    /// Omits the fields of LLM calls, which a `fmt` layer prints on every line inside a call: the fields of the calls'
    /// spans except `otel.name`, and those of other spans whose names begin with `gen_ai.` or `llm_trace.`.
    ///
    /// ```
    /// use llm_trace::fmt_fields;
    /// use tracing_subscriber::{fmt, prelude::*};
    ///
    /// tracing_subscriber::registry()
    ///     .with(llm_trace::layer().with_fields(true))
    ///     .with(fmt::layer().fmt_fields(fmt_fields().without_calls()))
    ///     .init();
    /// ```
    #[must_use]
    pub const fn without_calls(mut self) -> Self {
        self.calls = false;
        self
    }
}

/// The default format, separate from other layers. See [`FmtFields`].
///
/// ```
/// use llm_trace::{fmt_fields, redact};
/// use tracing_subscriber::{fmt, prelude::*};
///
/// tracing_subscriber::registry().with(fmt::layer()).with(redact(fmt::layer().fmt_fields(fmt_fields()))).init();
/// ```
pub fn fmt_fields() -> FmtFields {
    FmtFields::new(DefaultFields::new())
}

impl<'w, F: for<'a> FormatFields<'a>> FormatFields<'w> for FmtFields<F> {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        match if self.calls { Visible::All } else { Visible::of(&fields) } {
            Visible::All => self.inner.format_fields(writer, fields),
            // JSON has to be an object even if it is empty.
            Visible::Some(metadata, values) => values
                .unwrap_or_else(|| Values::none(metadata.fields()))
                .with(metadata.fields(), |values| self.inner.format_fields(writer, Record::new(values))),
        }
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        // The formatted fields are stored under this type and lent to the inner formatter. Colors are lost, because
        // their setting is not accessible here.
        let mut lent = FormattedFields::<F>::new(std::mem::take(&mut current.fields));
        let added = match if self.calls { Visible::All } else { Visible::of(fields) } {
            Visible::All => self.inner.add_fields(&mut lent, fields),
            Visible::Some(_, None) => Ok(()),
            Visible::Some(metadata, Some(values)) => {
                values.with(metadata.fields(), |values| self.inner.add_fields(&mut lent, &Record::new(values)))
            }
        };
        current.fields = lent.fields;
        added
    }
}

/// Which of the fields are printed.
enum Visible {
    All,
    /// None where all are hidden.
    Some(&'static Metadata<'static>, Option<Values>),
}

impl Visible {
    fn of(fields: &impl RecordFields) -> Self {
        let (mut callsite, mut kept, mut hidden) = (None, false, false);
        fields.record(&mut |field: &Field, _: &dyn fmt::Debug| {
            callsite = Some(field.callsite().0.metadata());
            let is_of_call = is_of_call(field);
            (kept, hidden) = (kept || !is_of_call, hidden || is_of_call);
        });
        let Some(metadata) = callsite.filter(|_| hidden) else { return Self::All };
        if !kept {
            return Self::Some(metadata, None);
        }
        let Values(mut values) = Values::none(metadata.fields());
        fields.record(&mut OwnedValues(|field: &Field, value| {
            if let Some(slot) = values.get_mut(field.index()).filter(|_| !is_of_call(field)) {
                *slot = Some(value);
            }
        }));
        Self::Some(metadata, Some(Values(values)))
    }
}

fn is_of_call(field: &Field) -> bool {
    let metadata = field.callsite().0.metadata();
    let named = ["gen_ai.", "llm_trace."].iter().any(|prefix| field.name().starts_with(prefix));
    let of_span = || named || (fields::is_call_span(metadata) && field.name() != "otel.name");
    fields::is_call_field(field) || (!metadata.is_event() && of_span())
}
