//! The tables of attributes, metrics and events, with their names in each profile.

mod content_field;
pub(crate) mod event;
mod fact;
mod facts;
pub(crate) mod identifier;
pub(crate) mod metric;
mod names;
pub(crate) mod openinference;
pub(crate) mod part_type;
mod profile;
mod row;
pub(crate) mod value;

pub use content_field::ContentField;
pub use fact::Fact;
pub(crate) use facts::Facts;
pub(crate) use metric::{Instrument, Metric};
pub use profile::Profile;
pub(crate) use row::{FactKind, ValueType};
pub use value::AttributeValue;
