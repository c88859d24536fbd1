//! Encodes and sends a request, and splits or cuts it if the destination rejects it as too large.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use prost::Message as _;

use super::file::{JsonLines, Spill};
use super::refusal::{Refusal, RefusalKind};
use super::request::{Encoded, OtlpRequest, to_json};
use super::retry::Tries;
use super::transport::Transport;
use crate::diag;
use crate::export::counters::ExportCounters;
use crate::export::error::InitError;
use crate::export::export_operation::ExportOperation;
use crate::export::exporter::{Otlp, Protocol, Signal};
use crate::export::record_outcome::RecordOutcome;
use crate::export::shutdown_deadline::{ShutdownDeadline, deadline};

/// Sends one signal to one destination. It blocks the exporting thread and needs no runtime.
#[derive(Debug)]
pub(crate) struct Uploader {
    target: Target,
    max_bytes: usize,
    deadline: ShutdownDeadline,
    counters: ExportCounters,
}

#[derive(Debug)]
enum Target {
    Network(Box<Network>),
    Files(Mutex<JsonLines>),
}

#[derive(Debug)]
struct Network {
    transport: Transport,
    json: bool,
    timeout: Duration,
    /// The store for requests that the destination does not accept at the moment.
    spill: Option<Mutex<Spill>>,
}

/// The result of a request that was not lost.
#[derive(Clone, Copy, Debug)]
enum Sent {
    /// Its records are counted.
    Settled,
    StaysOnDisk,
}

impl Uploader {
    /// `max_bytes` is the maximum encoded size of a request.
    pub(crate) fn new<Q: OtlpRequest>(
        otlp: &Otlp,
        max_bytes: usize,
        deadline: ShutdownDeadline,
        counters: ExportCounters,
    ) -> Result<Self, InitError> {
        let open = |directory: &std::path::Path, set_by: &str| {
            JsonLines::open(directory, Q::SIGNAL, otlp.disk, count_line::<Q>).map_err(|error| InitError::Transport {
                endpoint: diag::outside(&directory.to_string_lossy()).into_owned(),
                reason: format!("the directory that {set_by} names cannot be used: {error}"),
            })
        };
        let spill = |directory| open(directory, "LLM_TRACE_SPILL_DIRECTORY or `Destination::spill`");
        let target = match otlp.directory() {
            Some(directory) => Target::Files(Mutex::new(open(&directory, "the endpoint or `Destination::file`")?)),
            None => Target::Network(Box::new(Network {
                transport: Transport::new(otlp)?,
                json: otlp.protocol == Protocol::HttpJson,
                timeout: otlp.timeout,
                spill: otlp.spill.as_deref().map(spill).transpose()?.map(|lines| Mutex::new(Spill::new(lines))),
            })),
        };
        Ok(Self { target, max_bytes, deadline, counters })
    }

    pub(super) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    pub(super) fn counters(&self) -> &ExportCounters {
        &self.counters
    }

    /// Sends a request, in halves if it is too large, and counts every record in it.
    pub(super) fn send<Q: OtlpRequest>(&self, mut request: Q) -> Result<(), String> {
        let mut operation = ExportOperation::start();
        let sent = match &self.target {
            Target::Files(lines) => self.write(lines, &mut operation, &mut request),
            Target::Network(network) => match &network.spill {
                Some(spill) if lock(spill).is_pausing() => {
                    return self.spill(spill, &mut operation, &mut request, "requests are paused");
                }
                _ => self.send_by(network, &mut operation, request, None).map(drop),
            },
        };
        self.counters.end_operation(&operation);
        sent
    }

    /// `on_disk` is the number of records of a request that was read from disk.
    fn send_by<Q: OtlpRequest>(
        &self,
        network: &Network,
        operation: &mut ExportOperation,
        mut request: Q,
        on_disk: Option<usize>,
    ) -> Result<Sent, String> {
        let count = request.count();
        if count == 0 {
            return Ok(Sent::Settled);
        }
        let body = match network.encode(&mut request) {
            Ok(body) => body,
            Err(error) => return self.lose::<Q, _>(operation, count, RecordOutcome::Failed, &error),
        };
        let size = body.len();
        let refusal = if size > self.max_bytes {
            let text = format!("{size} bytes exceed the request limit of {}", self.max_bytes);
            Refusal { kind: RefusalKind::TooLarge, text }
        } else {
            match self.deliver(network, operation, &Encoded { signal: Q::SIGNAL, body }) {
                Ok(answer) => {
                    return self.accept::<Q>(network, operation, count, &answer).map(|()| Sent::Settled);
                }
                Err(refusal) => refusal,
            }
        };
        match refusal.kind {
            RefusalKind::TooLarge => {
                if let Some(half) = request.split() {
                    let first = self.send_by(network, operation, half, on_disk);
                    return self.send_by(network, operation, request, on_disk).and(first);
                }
                match request.drop_content() {
                    Some(name) => {
                        self.note_cut::<Q>(&name, size, request.encoded_len());
                        self.send_by(network, operation, request, on_disk)
                    }
                    None => self.lose::<Q, _>(operation, count, RecordOutcome::TooLarge, &refusal.text),
                }
            }
            RefusalKind::Rejected => self.lose::<Q, _>(operation, count, RecordOutcome::Rejected, &refusal.text),
            RefusalKind::Unreachable | RefusalKind::Unanswered | RefusalKind::Later(_) => match &network.spill {
                Some(spill) => {
                    lock(spill).pause(match refusal.kind {
                        RefusalKind::Later(asked) => asked,
                        _ => None,
                    });
                    // An unchanged request stays on disk; one that was split or cut is written again.
                    if on_disk == Some(count) {
                        operation.fail(RecordOutcome::Spilled);
                        return Ok(Sent::StaysOnDisk);
                    }
                    self.spill(spill, operation, &mut request, &refusal.text).map(|()| Sent::Settled)
                }
                None => self.lose::<Q, _>(operation, count, RecordOutcome::Unreachable, &refusal.text),
            },
        }
    }

    /// Writes a request to the files of a file destination.
    fn write<Q: OtlpRequest>(
        &self,
        lines: &Mutex<JsonLines>,
        operation: &mut ExportOperation,
        request: &mut Q,
    ) -> Result<(), String> {
        let count = request.count();
        if count == 0 {
            return Ok(());
        }
        let line = match to_json(request) {
            Ok(line) => line,
            Err(error) => return self.lose::<Q, _>(operation, count, RecordOutcome::Failed, &error),
        };
        match lock(lines).append(&line, count as u64) {
            Ok(removed) => {
                self.counters.settle(RecordOutcome::Exported, count);
                self.counters.expired(removed.of_this_process.saturating_add(removed.of_an_earlier_one));
                Ok(())
            }
            Err(error) => {
                self.lose::<Q, _>(operation, count, RecordOutcome::Unreachable, &format!("cannot write: {error}"))
            }
        }
    }

    /// Stores a request on disk until the destination accepts it.
    fn spill<Q: OtlpRequest>(
        &self,
        spill: &Mutex<Spill>,
        operation: &mut ExportOperation,
        request: &mut Q,
        reason: &str,
    ) -> Result<(), String> {
        operation.fail(RecordOutcome::Spilled);
        let count = request.count();
        let line = match to_json(request) {
            Ok(line) => line,
            Err(error) => return self.lose::<Q, _>(operation, count, RecordOutcome::Failed, &error),
        };
        let removed = match lock(spill).append(&line, count as u64) {
            Ok(removed) => removed,
            Err(error) => {
                return self.lose::<Q, _>(
                    operation,
                    count,
                    RecordOutcome::Unreachable,
                    &format!("{reason}; cannot spill: {error}"),
                );
            }
        };
        let mut state = self.counters.lock();
        state.settle(RecordOutcome::Spilled, count);
        state.drop_spilled(removed.of_this_process, false);
        state.drop_spilled(removed.of_an_earlier_one, true);
        drop(state);
        diag::warn_rarely("spill", &format!("{} are stored on disk: {reason}", Q::RECORD[1]));
        Ok(())
    }

    /// The time until [`resend`](Self::resend) is due; `None` if nothing is on disk.
    pub(super) fn resend_in(&self) -> Option<Duration> {
        let Target::Network(network) = &self.target else { return None };
        if self.deadline.end().is_some() {
            return None;
        }
        lock(network.spill.as_ref()?).next_try_in()
    }

    /// Sends requests from disk for a limited time.
    pub(super) fn resend<Q: OtlpRequest>(&self) {
        /// New records wait during this time.
        const SLICE: Duration = Duration::from_millis(500);
        let Target::Network(network) = &self.target else { return };
        let Some(spill) = network.spill.as_ref() else { return };
        let end = deadline(SLICE);
        // During the shutdown, requests stay on disk.
        while Instant::now() < end && self.deadline.end().is_none() {
            if lock(spill).is_pausing() {
                break;
            }
            let oldest = lock(spill).oldest();
            let spilled = match oldest {
                Ok(Some(spilled)) => spilled,
                Ok(None) => return,
                Err(error) => {
                    diag::warn_rarely("spill-read", &format!("cannot read requests from disk: {error}"));
                    lock(spill).pause(None);
                    break;
                }
            };
            if let Ok(request) = serde_json::from_slice::<Q>(&spilled.line) {
                let (count, recovered) = (request.count(), !spilled.of_this_process);
                self.counters.lock().begin_unspill(count, recovered);
                let mut operation = ExportOperation::start();
                let sent = self.send_by(network, &mut operation, request, Some(count));
                self.counters.end_operation(&operation);
                if let Ok(Sent::StaysOnDisk) = sent {
                    self.counters.lock().keep_on_disk(count, recovered);
                    break;
                }
            } else {
                // The parser's error may contain content.
                diag::warn_rarely("spill-line", "a line on disk is not a request in JSON: it is removed");
            }
            if let Err(error) = lock(spill).forget() {
                diag::warn_rarely("spill-read", &format!("cannot remove sent requests from disk: {error}"));
            }
        }
    }

    /// Waits until all data is written to disk, after the last batch.
    pub(super) fn sync(&self) {
        let synced = match &self.target {
            Target::Files(lines) => lock(lines).sync(),
            Target::Network(network) => network.spill.as_ref().map_or(Ok(()), |spill| lock(spill).sync()),
        };
        if let Err(error) = synced {
            diag::warn_rarely("sync", &format!("written data may not be on disk: {error}"));
        }
    }

    /// Whether batches can still be stored after the network deadline.
    pub(super) fn writes_to_disk(&self) -> bool {
        match &self.target {
            Target::Files(_) => true,
            Target::Network(network) => network.spill.is_some(),
        }
    }

    /// Sends the same bytes until they are accepted or another attempt is pointless.
    fn deliver(&self, network: &Network, operation: &mut ExportOperation, request: &Encoded) -> Result<Bytes, Refusal> {
        let mut tries = Tries::new(&self.deadline, network.timeout);
        loop {
            // With a spill directory, the end of the shutdown time is reserved for writing to it.
            let left = if network.spill.is_some() { tries.left().mul_f64(0.8) } else { tries.left() };
            match network.transport.send(operation, request.clone(), left) {
                Ok(answer) => {
                    if let Some(spill) = &network.spill {
                        lock(spill).resume();
                    }
                    return Ok(answer);
                }
                // A request that can be stored on disk is not kept in memory for another attempt.
                Err(refusal) if network.spill.is_some() => return Err(refusal),
                Err(refusal) if !tries.again(refusal.kind) => return Err(refusal),
                Err(_) => self.counters.retry(),
            }
        }
    }

    /// Counts and reports a partial success; the request is not sent again.
    fn accept<Q: OtlpRequest>(
        &self,
        network: &Network,
        operation: &mut ExportOperation,
        count: usize,
        answer: &Bytes,
    ) -> Result<(), String> {
        let response: Q::Response = if network.json {
            serde_json::from_slice(answer).unwrap_or_default()
        } else {
            Q::Response::decode(answer.as_ref()).unwrap_or_default()
        };
        let (rejected, reason) = Q::partial_success(response);
        let rejected = usize::try_from(rejected).unwrap_or_default().min(count);
        self.counters.settle(RecordOutcome::Exported, count.saturating_sub(rejected));
        if rejected == 0 {
            return Ok(());
        }
        self.lose::<Q, _>(
            operation,
            rejected,
            RecordOutcome::Rejected,
            &format!("the collector responded: {}", diag::outside(&reason)),
        )
    }

    fn lose<Q: OtlpRequest, T>(
        &self,
        operation: &mut ExportOperation,
        count: usize,
        outcome: RecordOutcome,
        reason: &str,
    ) -> Result<T, String> {
        operation.fail(outcome);
        self.counters.settle(outcome, count);
        let [one, many] = Q::RECORD;
        let text = format!("{count} {} lost: {reason}", if count == 1 { one } else { many });
        let code = match Q::SIGNAL {
            Signal::Traces => "export",
            Signal::Logs => "export-logs",
            Signal::Metrics => "export-metrics",
        };
        diag::warn_rarely(code, &text);
        Err(text)
    }

    /// Counts and reports that the content of a record was cut.
    pub(super) fn note_cut<Q: OtlpRequest>(&self, name: &str, before: usize, after: usize) {
        self.counters.content_cut();
        let record = Q::RECORD[0];
        let name = diag::outside(name);
        let text = format!("{record} `{name}` of {before} bytes is too large to send: cut to {after}");
        diag::warn_rarely("content-cut", &text);
    }
}

impl Network {
    fn encode<Q: OtlpRequest>(&self, request: &mut Q) -> Result<Bytes, String> {
        if self.json {
            return to_json(request).map(Bytes::from);
        }
        Ok(request.encode_to_vec().into())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count_line<Q: OtlpRequest>(line: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Q>(line).ok().map(|request| request.count() as u64)
}
