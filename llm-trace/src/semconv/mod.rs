//! The tables of attributes, metrics and events, with their names in each profile.

#[cfg_attr(not(feature = "internal"), allow(dead_code, reason = "the registry's pages read it"))]
mod content_field;
pub(crate) mod event;
mod fact;
#[allow(dead_code, reason = "readers and sinks move to it one by one")]
mod facts;
pub(crate) mod identifier;
#[cfg_attr(not(feature = "internal"), allow(dead_code, reason = "the registry's pages read it"))]
pub(crate) mod metric;
mod names;
pub(crate) mod openinference;
mod profile;
#[cfg_attr(not(feature = "internal"), allow(dead_code, reason = "the registry's pages read it"))]
mod row;
pub(crate) mod value;

pub use content_field::ContentField;
pub use fact::Fact;
pub(crate) use facts::Facts;
#[cfg_attr(not(feature = "internal"), allow(unused_imports))]
pub(crate) use metric::{Instrument, Metric};
pub use profile::Profile;
pub(crate) use row::{FactKind, ValueType};
pub use value::AttributeValue;
