//! In place of `http` and `grpc` without the features of these transports: they cannot be created.

use std::time::Duration;

use bytes::Bytes;

use super::refusal::Refusal;
use crate::export::error::InitError;
use crate::export::export_operation::ExportOperation;
use crate::export::exporter::Otlp;

#[derive(Debug)]
pub(crate) enum NoTransport {}

impl NoTransport {
    pub(crate) fn new(otlp: &Otlp) -> Result<Self, InitError> {
        Err(otlp.not_compiled_in())
    }

    pub(crate) fn send<B>(&self, _: &mut ExportOperation, _: B, _: Duration) -> Result<Bytes, Refusal> {
        match *self {}
    }
}

pub(super) mod http {
    pub(crate) use super::NoTransport as HttpTransport;
}

pub(super) mod grpc {
    pub(crate) use super::NoTransport as GrpcTransport;
}
