//! The same calls, exported through the versions of OpenTelemetry that programs have.

pub mod calls;
pub mod comparison;
pub mod exported;
pub mod versions;
