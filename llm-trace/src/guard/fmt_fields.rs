//! A field formatter with its own type, for two `fmt` layers in one subscriber.

use std::fmt;

use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Formats fields like `F`, but keeps the result separate from other layers.
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
/// With JSON output:
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
#[derive(Clone, Copy, Debug, Default)]
pub struct FmtFields<F = DefaultFields> {
    inner: F,
}

impl<F> FmtFields<F> {
    /// Creates a formatter that formats like `inner`.
    pub const fn new(inner: F) -> Self {
        Self { inner }
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
        self.inner.format_fields(writer, fields)
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        // The formatted fields are stored under this type and lent to the inner formatter. Colors are lost, because
        // their setting is not accessible here.
        let mut lent = FormattedFields::<F>::new(std::mem::take(&mut current.fields));
        let added = self.inner.add_fields(&mut lent, fields);
        current.fields = lent.fields;
        added
    }
}
