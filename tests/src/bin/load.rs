//! Measures the cost of tracing for a program under load, and counts its spans when the collector is faulty.
//!
//! `cargo run --release -p llm-trace-tests --bin load -- --rate 2000 --seconds 180 --bytes 2000 --fault mixed`
//!
//! `--chaos on` adds everything that a program can do to its telemetry: scrubbers and requests that panic, calls that
//! are cancelled and dropped, a policy that changes every second, floods of 10,000 spans a second; each call is also
//! exported as a log record and counted by metrics. With `--fault chaos` the collector is slow, refuses, closes
//! connections and answers with garbage.
//!
//! The collector runs in a separate process, so that the measured CPU time and memory are those of the program.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use llm_trace::export::{Parts, SignalStats, Stats, from_lookup};
use llm_trace::llm_call;
use llm_trace_tests::chaos::{self, Made};
use llm_trace_tests::collector::Collector;
use llm_trace_tests::faults::Fault;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const HELP: &str = "load [--rate CALLS_PER_SECOND] [--seconds N] [--bytes OF_PROMPT_AND_ANSWER] [--threads N]
     [--exporter otlp_http|http/json|otlp_grpc] [--fault NAME] [--content on|off] [--gzip on|off] [--chaos on|off]
faults: none mixed later unavailable slow reset half partial too-large black-hole garbage chaos";

struct Options {
    rate: u64,
    seconds: u64,
    bytes: usize,
    threads: u64,
    exporter: String,
    fault: Fault,
    content: bool,
    gzip: bool,
    chaos: bool,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = Self {
            rate: 2000,
            seconds: 10,
            bytes: 2000,
            threads: 4,
            exporter: "otlp_http".into(),
            fault: Fault::None,
            content: true,
            gzip: false,
            chaos: false,
        };
        while let Some(word) = words.next() {
            if word == "--help" {
                return Err(HELP.into());
            }
            let value = words.next().ok_or_else(|| format!("{word} needs a value\n{HELP}"))?;
            match word.as_str() {
                "--rate" => options.rate = value.parse::<u64>()?.max(1),
                "--seconds" => options.seconds = value.parse::<u64>()?.max(1),
                "--bytes" => options.bytes = value.parse()?,
                "--threads" => options.threads = value.parse::<u64>()?.max(1),
                "--exporter" => options.exporter = value,
                "--fault" => options.fault = value.parse()?,
                "--content" => options.content = value == "on",
                "--gzip" => options.gzip = value == "on",
                "--chaos" => options.chaos = value == "on",
                _ => return Err(format!("there is no {word}\n{HELP}").into()),
            }
        }
        Ok(options)
    }
}

fn main() -> Outcome {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some("--collect") => collect(words.next().unwrap_or_default().parse()?),
        Some(first) => load(&Options::read(std::iter::once(first.to_owned()).chain(words))?),
        None => load(&Options::read(words)?),
    }
}

/// Runs the collector's process: prints its address, and the received counts when its input ends.
fn collect(fault: Fault) -> Outcome {
    let collector = Collector::start();
    collector.count_only();
    collector.answer_by(fault.answers());
    println!("{}", collector.endpoint());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let counted = collector.counted();
    let taken: u64 = counted.names.values().map(|n| u64::from(*n)).sum();
    println!("{} {} {} {} {}", counted.requests, counted.bytes, counted.largest, taken, counted.rejected);
    Ok(())
}

#[llm_call(provider = "openai", request = request)]
fn chat(request: &Value, answer: &'static Value) -> &'static Value {
    answer
}

fn load(options: &Options) -> Outcome {
    let (mut child, endpoint) = start_collector(options.fault)?;
    let parts = parts(options, &endpoint)?;
    let subscriber = tracing_subscriber::registry().with(parts.layer());
    tracing::subscriber::set_global_default(subscriber)?;

    let request = exchange(options.bytes / 2);
    let answer: &'static Value = Box::leak(Box::new(reply(options.bytes / 2)));
    let done = AtomicBool::new(false);
    let made = Made::default();
    if options.chaos {
        chaos::begin(&parts);
    }
    let begun = Instant::now();
    let end = begun + Duration::from_secs(options.seconds);
    let (mut latencies, watched) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..options.threads)
            .map(|worker| {
                let request = &request;
                scope.spawn(move || work(options, worker, begun, end, request, answer))
            })
            .collect();
        let watching = scope.spawn(|| watch(begun, &done));
        let mischief = options.chaos.then(|| scope.spawn(|| chaos::run(&parts, &made, &done)));
        let latencies: Vec<u32> = workers.into_iter().flat_map(|w| w.join().unwrap_or_default()).collect();
        done.store(true, Ordering::Relaxed);
        mischief.into_iter().for_each(|thread| drop(thread.join()));
        (latencies, watching.join().unwrap_or_default())
    });
    let (took, cpu) = (begun.elapsed(), cpu_seconds());
    let limit = if options.fault == Fault::BlackHole { 2 } else { 60 };
    let Parts { telemetry, .. } = parts;
    let stats = telemetry.stats_handle();
    telemetry.shutdown(Duration::from_secs(limit));
    // A pending request runs into its timeout. Only then are the records behind it counted.
    let end = Instant::now() + Duration::from_secs(20);
    while stats.get().in_flight() > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(child.stdin.take());
    let mut told = String::new();
    child.stdout.take().ok_or("no output")?.read_to_string(&mut told)?;
    child.wait()?;
    latencies.sort_unstable();
    report(options, &latencies, took, cpu, &watched, &stats.get(), told.trim(), &made);
    Ok(())
}

fn start_collector(fault: Fault) -> Outcome<(Child, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--collect", fault.name()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut endpoint = String::new();
    let mut output = BufReader::with_capacity(1, child.stdout.take().ok_or("no output")?);
    output.read_line(&mut endpoint)?;
    child.stdout = Some(output.into_inner());
    Ok((child, endpoint.trim().to_owned()))
}

fn parts(options: &Options, endpoint: &str) -> Outcome<Parts> {
    let signals = if options.chaos { options.exporter.as_str() } else { "none" };
    let content = match (options.content, options.chaos) {
        (false, _) => "NO_CONTENT",
        (true, false) => "SPAN_ONLY",
        (true, true) => "SPAN_AND_EVENT",
    };
    let vars = HashMap::from([
        ("OTEL_EXPORTER", options.exporter.clone()),
        ("OTEL_ENDPOINT", endpoint.to_owned()),
        ("OTEL_LOGS_EXPORTER", signals.to_owned()),
        ("OTEL_METRICS_EXPORTER", signals.to_owned()),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", content.into()),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", if options.gzip { "gzip" } else { "none" }.into()),
    ]);
    Ok(from_lookup(&|name| vars.get(name).cloned())?)
}

fn exchange(bytes: usize) -> Value {
    json!({"model": "gpt-4o-mini", "temperature": 0.2, "messages": [
        {"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "x".repeat(bytes)}]})
}

fn reply(bytes: usize) -> Value {
    json!({"id": "c1", "model": "gpt-4o-mini-2024-07-18", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "y".repeat(bytes)}}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7}})
}

/// Makes this worker's share of the calls; returns the duration of each in nanoseconds.
fn work(o: &Options, worker: u64, begun: Instant, end: Instant, request: &Value, answer: &'static Value) -> Vec<u32> {
    let calls = o.rate * o.seconds / o.threads + 1;
    // Filled at once, so that later writes do not look like a memory leak.
    let mut latencies = vec![u32::MAX; usize::try_from(calls).unwrap_or_default()];
    let step = Duration::from_secs_f64(o.threads as f64 / o.rate as f64);
    let mut due = begun + step.mul_f64(worker as f64 / o.threads as f64);
    let mut made = 0;
    while made < latencies.len() && due < end {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let start = Instant::now();
        std::hint::black_box(chat(request, answer));
        latencies[made] = u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX);
        made += 1;
        due += step;
    }
    latencies.truncate(made);
    latencies
}

/// The process's memory in KiB and its number of threads, every second.
#[derive(Default)]
struct Watched {
    memory: Vec<u64>,
    threads: Vec<u64>,
}

fn watch(begun: Instant, done: &AtomicBool) -> Watched {
    let mut watched = Watched { memory: Vec::with_capacity(4096), threads: Vec::with_capacity(4096) };
    while !done.load(Ordering::Relaxed) {
        watched.memory.push(status("VmRSS:"));
        watched.threads.push(status("Threads:"));
        let next = begun + Duration::from_secs(watched.memory.len() as u64);
        while Instant::now() < next && !done.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    watched
}

/// A line of `/proc/self/status`, in KiB; 0 if it is missing.
fn status(line: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = text.lines().find_map(|l| l.strip_prefix(line)).unwrap_or_default();
    value.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or_default()
}

/// The CPU time of the process so far; 0 if it is unknown.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name can contain spaces. After it, the state is the first word, user and system time are the 12th and 13th.
    let words: Vec<_> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| words.get(at).and_then(|n| n.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}

fn dropped(signal: &SignalStats) -> String {
    format!(
        "{} (queue full {}, too large {}, rejected {}, unreachable {}, shutdown {})",
        signal.dropped(),
        signal.queue_full,
        signal.too_large,
        signal.rejected,
        signal.unreachable,
        signal.shutdown
    )
}

#[allow(clippy::too_many_arguments, reason = "the lines of one report")]
fn report(
    o: &Options,
    latencies: &[u32],
    took: Duration,
    cpu: f64,
    watched: &Watched,
    stats: &Stats,
    told: &str,
    made: &Made,
) {
    let seconds = took.as_secs_f64();
    let at = |share: f64| {
        let index = ((latencies.len() as f64 * share) as usize).min(latencies.len().saturating_sub(1));
        latencies.get(index).map_or(0.0, |nanos| f64::from(*nanos) / 1000.0)
    };
    let mib = |kib: u64| kib as f64 / 1024.0;
    let memory = &watched.memory;
    let third = memory.len() / 3;
    let mean = |part: &[u64]| mib(part.iter().sum::<u64>() / part.len().max(1) as u64);
    let told: Vec<u64> = told.split_whitespace().map(|n| n.parse().unwrap_or_default()).collect();
    let told = |at: usize| told.get(at).copied().unwrap_or_default();
    let mut out = String::new();
    let mut line = |name: &str, value: String| out.push_str(&format!("{name:<24} {value}\n"));
    line("asked for", format!("{} calls/s of {} bytes for {} s, {}", o.rate, o.bytes, o.seconds, o.exporter));
    line("fault", o.fault.name().into());
    line("calls", format!("{} = {:.0}/s", latencies.len(), latencies.len() as f64 / seconds));
    line(
        "added to a call",
        format!("p50 {:.1} us, p99 {:.1} us, p99.9 {:.1} us, max {:.1} us", at(0.5), at(0.99), at(0.999), at(1.0)),
    );
    line(
        "CPU",
        format!(
            "{cpu:.1} s = {:.1} % of a core, {:.1} us a call",
            cpu / seconds * 100.0,
            cpu * 1e6 / latencies.len().max(1) as f64
        ),
    );
    line(
        "memory",
        format!(
            "first third {:.1} MiB, last third {:.1} MiB, peak {:.1} MiB",
            mean(&memory[..third]),
            mean(&memory[memory.len() - third..]),
            mib(status("VmHWM:"))
        ),
    );
    let tenths: Vec<_> =
        memory.chunks(memory.len().div_ceil(10).max(1)).map(|part| format!("{:.1}", mean(part))).collect();
    line("", format!("by tenths of the time: {} MiB", tenths.join(" ")));
    line("exported", stats.spans.exported.to_string());
    line("dropped", dropped(&stats.spans));
    line("without content", format!("{} (cut {})", stats.spans.content_dropped, stats.spans.content_cut));
    line("sent again", format!("{} batches", stats.spans.retries));
    line(
        "collector",
        format!(
            "{} requests, {} bytes, the largest {}, {} records taken, {} of them rejected",
            told(0),
            told(1),
            told(2),
            told(3),
            told(4)
        ),
    );
    let sum = |signal: &SignalStats| signal.exported + signal.dropped();
    let calls = latencies.len() as u64 + made.calls();
    line("accounted for", format!("{} of {} spans", sum(&stats.spans), calls + made.flood.load(Ordering::Relaxed)));
    if o.chaos {
        let (records, points) = (&stats.log_records, &stats.data_points);
        line("log records", format!("{} exported, dropped: {}", records.exported, dropped(records)));
        line("", format!("{} batches sent again, {} of {calls} accounted for", records.retries, sum(records)));
        line("data points", format!("{} exported, dropped: {}", points.exported, dropped(points)));
        let count = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
        line(
            "chaos",
            format!(
                "{} cancelled, {} dropped, {} panicked, {} in floods, {} policies",
                count(&made.cancelled),
                count(&made.dropped),
                count(&made.panicked),
                count(&made.flood),
                count(&made.policies)
            ),
        );
    }
    // The first second is left out: threads start in it.
    let threads = watched.threads.get(1..).unwrap_or_default().iter();
    let (fewest, most) = (threads.clone().min().copied(), threads.max().copied());
    line(
        "threads",
        format!(
            "{} to {} while it runs, {} at the end",
            fewest.unwrap_or_default(),
            most.unwrap_or_default(),
            status("Threads:")
        ),
    );
    // The reader may have closed the pipe.
    let _ = std::io::stdout().write_all(out.as_bytes());
}
