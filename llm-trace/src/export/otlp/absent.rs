//! In place of `http` and `grpc` without the features of these transports: they cannot be created.

use std::time::Duration;

use bytes::Bytes;

use super::refusal::Refusal;
use super::request::Encoded;
use crate::export::error::InitError;
use crate::export::export_operation::ExportOperation;
use crate::export::exporter::Otlp;

pub(super) mod http {
    use super::*;

    #[derive(Debug)]
    pub(crate) enum HttpTransport {}

    impl HttpTransport {
        pub(crate) fn new(otlp: &Otlp) -> Result<Self, InitError> {
            Err(otlp.not_compiled_in())
        }

        pub(crate) fn send(&self, _: &mut ExportOperation, _: Bytes, _: Duration) -> Result<Bytes, Refusal> {
            match *self {}
        }
    }
}

pub(super) mod grpc {
    use super::*;

    #[derive(Debug)]
    pub(crate) enum GrpcTransport {}

    impl GrpcTransport {
        pub(crate) fn new(otlp: &Otlp) -> Result<Self, InitError> {
            Err(otlp.not_compiled_in())
        }

        pub(crate) fn send(&self, _: &mut ExportOperation, _: Encoded, _: Duration) -> Result<Bytes, Refusal> {
            match *self {}
        }
    }
}
