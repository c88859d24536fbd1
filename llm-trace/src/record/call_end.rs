//! The end of a call.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use crate::cost::Priced;
use crate::model::Outcome;

/// The end of a call.
pub(crate) struct CallEnd {
    pub(crate) outcome: Outcome,
    /// The start in wall-clock time.
    pub(crate) start_time: SystemTime,
    pub(crate) duration: Duration,
    /// The outer call already ended and recorded the duration.
    pub(crate) late: bool,
    /// Set for failures only.
    pub(crate) error_type: Option<Cow<'static, str>>,
    pub(crate) cost: Option<Priced>,
}

impl CallEnd {
    /// The end in wall-clock time, never before the start.
    pub(crate) fn time(&self) -> SystemTime {
        self.start_time.checked_add(self.duration).unwrap_or(self.start_time)
    }
}
