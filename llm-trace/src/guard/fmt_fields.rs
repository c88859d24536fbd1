//! A field formatter of our own type, for two `fmt` layers side by side.

use std::fmt;

use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Formats fields as `F` does, apart from other layers.
///
/// `fmt` layers whose field formatters have the same type share what they have formatted of a
/// span. Beside a layer that is not wrapped by [`redact`](crate::policy()), one that is would
/// print what the other has seen. With this it has a type of its own.
///
/// ```
/// use llm_trace::{FmtFields, fmt_fields, redact};
/// use tracing_subscriber::fmt::format::JsonFields;
/// use tracing_subscriber::{fmt, prelude::*};
///
/// let subscriber = tracing_subscriber::registry()
///     .with(fmt::layer())
///     .with(redact(fmt::layer().fmt_fields(fmt_fields())));
/// # let _ = subscriber;
/// let subscriber = tracing_subscriber::registry()
///     .with(fmt::layer().json())
///     .with(redact(fmt::layer().json().fmt_fields(FmtFields::new(JsonFields::new()))));
/// # let _ = subscriber;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct FmtFields<F = DefaultFields> {
    inner: F,
}

impl<F> FmtFields<F> {
    /// Formats as `inner` does.
    pub const fn new(inner: F) -> Self {
        Self { inner }
    }
}

/// The default format, apart from other layers: see [`FmtFields`].
///
/// ```
/// use llm_trace::{fmt_fields, redact};
/// use tracing_subscriber::{fmt, prelude::*};
///
/// let subscriber = tracing_subscriber::registry().with(fmt::layer()).with(redact(fmt::layer().fmt_fields(fmt_fields())));
/// # let _ = subscriber;
/// ```
pub fn fmt_fields() -> FmtFields {
    FmtFields::new(DefaultFields::new())
}

impl<'w, F: for<'a> FormatFields<'a>> FormatFields<'w> for FmtFields<F> {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        self.inner.format_fields(writer, fields)
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        // What is formatted is kept under this type and lent to the inner one. Colours are not:
        // whether they are wanted cannot be seen here.
        let mut lent = FormattedFields::<F>::new(std::mem::take(&mut current.fields));
        let added = self.inner.add_fields(&mut lent, fields);
        current.fields = lent.fields;
        added
    }
}
