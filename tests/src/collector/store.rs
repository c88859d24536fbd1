//! The received requests and the answers to the next ones.

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use http::HeaderMap;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;

use super::received::attribute;
use super::server::Answer;

/// A request as received over the wire.
#[derive(Clone, Debug)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, if there was one.
    pub query: Option<String>,
    /// The headers (for gRPC: the metadata too).
    pub headers: HeaderMap,
    /// The size of the body on the wire.
    pub wire_size: usize,
    /// The body, decompressed; for gRPC the message without its frame.
    pub body: Vec<u8>,
    /// Whether the answer was a success.
    pub accepted: bool,
    /// The number of its spans, log records or data points that were rejected despite a successful answer.
    pub rejected: i64,
}

impl Request {
    /// A header's value, or the empty string.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// Whether it was received by gRPC.
    pub fn is_grpc(&self) -> bool {
        self.header("content-type").starts_with("application/grpc")
    }

    /// The signal of its path: `traces`, `logs`, `metrics`, or the empty string.
    pub fn signal(&self) -> &'static str {
        let path = self.path.to_ascii_lowercase();
        let signals = [("trace", "traces"), ("logs", "logs"), ("metrics", "metrics")];
        signals.into_iter().find(|(word, _)| path.contains(word)).map_or("", |(_, signal)| signal)
    }

    /// The number of spans, log records or data points in it.
    pub fn records(&self) -> usize {
        let spans = self.traces().into_iter().flat_map(|t| t.resource_spans).flat_map(|r| r.scope_spans);
        let logs = self.logs().into_iter().flat_map(|l| l.resource_logs).flat_map(|r| r.scope_logs);
        let metrics = self.metrics().into_iter().flat_map(|m| m.resource_metrics).flat_map(|r| r.scope_metrics);
        let points = metrics.flat_map(|s| s.metrics).map(|metric| match metric.data {
            Some(Data::Gauge(data)) => data.data_points.len(),
            Some(Data::Sum(data)) => data.data_points.len(),
            Some(Data::Histogram(data)) => data.data_points.len(),
            _ => 0,
        });
        spans.map(|s| s.spans.len()).sum::<usize>()
            + logs.map(|s| s.log_records.len()).sum::<usize>()
            + points.sum::<usize>()
    }

    /// The body as a trace request, if it was sent to a traces path.
    pub fn traces(&self) -> Option<ExportTraceServiceRequest> {
        self.decode(&["trace"])
    }

    /// The body as a metrics request, if it was sent to a metrics path.
    pub fn metrics(&self) -> Option<ExportMetricsServiceRequest> {
        self.decode(&["metrics"])
    }

    /// The body as a logs request, if it was sent to a logs path.
    pub fn logs(&self) -> Option<ExportLogsServiceRequest> {
        self.decode(&["logs"])
    }

    fn decode<T: Message + Default + serde::de::DeserializeOwned>(&self, words: &[&str]) -> Option<T> {
        let path = self.path.to_ascii_lowercase();
        if !words.iter().any(|word| path.contains(word)) {
            return None;
        }
        if self.header("content-type").starts_with("application/json") {
            serde_json::from_slice(&self.body).ok()
        } else {
            T::decode(self.body.as_slice()).ok()
        }
    }

    pub(super) fn raw_bytes(&self) -> Vec<u8> {
        let mut raw = format!("{} {}?{}\n", self.method, self.path, self.query.as_deref().unwrap_or("")).into_bytes();
        for (name, value) in &self.headers {
            raw.extend_from_slice(name.as_str().as_bytes());
            raw.extend_from_slice(b": ");
            raw.extend_from_slice(value.as_bytes());
            raw.push(b'\n');
        }
        raw.extend_from_slice(&self.body);
        raw.push(b'\n');
        raw
    }
}

/// Decompresses a gzip body.
pub(super) fn gunzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut plain).ok()?;
    Some(plain)
}

#[derive(Default)]
pub(super) struct Store {
    inner: Mutex<Inner>,
    changed: Condvar,
}

type AnswerBy = Box<dyn FnMut(&Request) -> Answer + Send>;

#[derive(Default)]
struct Inner {
    requests: Vec<Request>,
    answers: VecDeque<Answer>,
    answer_by: Option<AnswerBy>,
    max_body: Option<usize>,
    /// Replaces the requests when only counts are kept.
    counted: Option<Counted>,
}

/// Counts of the received data, used for amounts that are too large to keep.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// How often a span of each name, or a log record with this `test.name`, arrived in an accepted request.
    pub names: HashMap<String, u32>,
    /// The number of these that were rejected despite a successful answer.
    pub rejected: u64,
    /// Requests, accepted or not.
    pub requests: u64,
    /// Bytes of their bodies on the wire.
    pub bytes: u64,
    /// Bytes of the largest body, decompressed.
    pub largest: usize,
}

impl Counted {
    fn add(&mut self, request: &Request) {
        self.requests += 1;
        self.bytes += request.wire_size as u64;
        self.largest = self.largest.max(request.body.len());
        if !request.accepted {
            return;
        }
        self.rejected += u64::try_from(request.rejected).unwrap_or_default();
        let spans = request.traces().into_iter().flat_map(|t| t.resource_spans).flat_map(|r| r.scope_spans);
        for span in spans.flat_map(|s| s.spans) {
            *self.names.entry(span.name).or_default() += 1;
        }
        let records = request.logs().into_iter().flat_map(|l| l.resource_logs).flat_map(|r| r.scope_logs);
        for record in records.flat_map(|s| s.log_records) {
            let name = attribute(&record.attributes, "test.name").map(|name| name.as_str().unwrap_or("").to_owned());
            *self.names.entry(name.unwrap_or_default()).or_default() += 1;
        }
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Keeps the request and returns its answer.
    pub(super) fn receive(&self, mut request: Request) -> Answer {
        let mut inner = self.lock();
        let answer = if request.body.len() > inner.max_body.unwrap_or(usize::MAX) {
            Answer::TooLarge
        } else {
            match (inner.answers.pop_front(), &mut inner.answer_by) {
                (Some(answer), _) => answer,
                (None, Some(by)) => by(&request),
                (None, None) => Answer::Ok,
            }
        };
        request.rejected = if let Answer::Partial(spans) = answer { spans } else { 0 };
        request.accepted = match answer {
            Answer::Ok | Answer::After(_) | Answer::Half | Answer::Partial(_) => true,
            // Over gRPC it is not a success.
            Answer::Garbage => !request.is_grpc(),
            _ => false,
        };
        match &mut inner.counted {
            Some(counted) => counted.add(&request),
            None => inner.requests.push(request),
        }
        self.changed.notify_all();
        answer
    }

    pub(super) fn answer_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.lock().answers.extend(answers);
    }

    pub(super) fn answer_by(&self, by: AnswerBy) {
        self.lock().answer_by = Some(by);
    }

    pub(super) fn count_only(&self) {
        self.lock().counted = Some(Counted::default());
    }

    pub(super) fn counted(&self) -> Counted {
        self.lock().counted.clone().unwrap_or_default()
    }

    pub(super) fn refuse_above(&self, bytes: usize) {
        self.lock().max_body = Some(bytes);
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    pub(super) fn clear(&self) {
        self.lock().requests.clear();
    }

    /// Checks `done` after each request, until it returns true or `limit` has passed.
    pub(super) fn wait(&self, limit: Duration, mut done: impl FnMut() -> bool) -> bool {
        let end = Instant::now() + limit;
        loop {
            let seen = self.lock().requests.len();
            if done() {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let inner = self.lock();
            if inner.requests.len() == seen {
                drop(self.changed.wait_timeout(inner, left));
            }
        }
    }
}
