//! Types of the crate `http`.

use super::CallError;
use super::call_error::Status;
use super::error::type_name;
use super::known_error::KnownError;
use super::probed::{Probed, Resolved};
use crate::arguments::ProbedValue;
use crate::arguments::captured_value::{CapturedError, CapturedValue};

/// An error response of web frameworks: a status with its body.
impl<'a, B> Probed<'a, (http::StatusCode, B)> {
    pub fn status(self) -> Probed<'a, http::StatusCode> {
        Probed(self.0.map(|(status, _)| status))
    }
}

impl<'a, B> Probed<'a, http::Response<B>> {
    pub fn head(self) -> (Option<Resolved<'a>>, Probed<'a, B>) {
        let head = self.0.map(|response| Resolved { status: response.status().as_u16(), url: None });
        (head, Probed(self.0.map(http::Response::body)))
    }
}

impl<'a, B> Probed<'a, http::Request<B>> {
    pub fn head(self) -> (Option<Resolved<'a>>, Probed<'a, B>) {
        (None, Probed(self.0.map(http::Request::body)))
    }
}

impl KnownError for http::StatusCode {
    #[allow(private_interfaces)]
    fn read(&self, out: &mut CapturedError<'_>) {
        out.status = Some(self.as_u16());
        out.type_name = type_name::<Self>();
    }
}

impl CallError<Status> for http::StatusCode {
    fn read(&self, read: impl FnOnce(ProbedValue<'_>)) {
        let mut captured = CapturedError { message: Some(self), ..CapturedError::default() };
        KnownError::read(self, &mut captured);
        read(ProbedValue(CapturedValue::Error(captured)));
    }
}
