//! OTLP over HTTP and gRPC, and in files. Spans, log records and metrics use one [`Uploader`].

#[cfg(not(all(feature = "otlp-http", feature = "otlp-grpc")))]
mod absent;
mod batch;
mod file;
#[cfg(feature = "otlp-grpc")]
mod grpc;
#[cfg(feature = "otlp-http")]
mod http;
#[cfg(feature = "logs")]
mod logs;
#[cfg(feature = "metrics")]
mod metrics;
mod pem_files;
mod quiet;
mod recovery;
mod refusal;
mod request;
mod retry;
mod spans;
mod transport;
mod uploader;

#[cfg(not(feature = "otlp-grpc"))]
use absent::grpc;
#[cfg(not(feature = "otlp-http"))]
use absent::http;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::counters::ExportCounters;
use super::endpoint;
use super::error::InitError;
use super::exporter::Otlp;
use super::exports::Exports;
use super::limits::Limits;
use super::stats::Counted;
use batch::Upkeep;
use request::OtlpRequest;
use uploader::Uploader;

impl Exports {
    fn uploader<Q: OtlpRequest>(
        &mut self,
        otlp: &Otlp,
        limits: Limits,
    ) -> Result<(Arc<Uploader>, ExportCounters), InitError> {
        let (signal, counters) = (Q::SIGNAL, ExportCounters::default());
        let uploader = Uploader::new::<Q>(otlp, limits.batch_bytes, self.deadline().clone(), counters.clone())?;
        self.count(Counted {
            signal,
            counters: counters.clone(),
            exporter: otlp.labels(signal),
            capacity: limits.queue_records,
        });
        Ok((Arc::new(uploader), counters))
    }
}

/// The error of a batch processor without its thread.
fn no_thread(otlp: &Otlp, error: &std::io::Error) -> InitError {
    InitError::Transport { endpoint: endpoint::shown(&otlp.url), reason: error.to_string() }
}

/// Resends the requests of one signal that are stored on disk.
struct Resend<Q> {
    uploader: Arc<Uploader>,
    request: PhantomData<fn(Q)>,
}

impl<Q: OtlpRequest> Resend<Q> {
    fn new(uploader: Arc<Uploader>) -> Self {
        Self { uploader, request: PhantomData }
    }
}

impl<Q: OtlpRequest + 'static> Upkeep for Resend<Q> {
    fn wake_in(&self) -> Option<Duration> {
        self.uploader.resend_in()
    }

    fn run(&self) {
        self.uploader.resend::<Q>();
    }

    fn writes_to_disk(&self) -> bool {
        self.uploader.writes_to_disk()
    }

    fn close(&self) {
        self.uploader.sync();
    }
}
