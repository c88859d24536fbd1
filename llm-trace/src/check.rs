//! A report on the setup of the current subscriber and its common mistakes.

use std::fmt;
use std::sync::Once;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;

use crate::call::lifecycle::pipeline::SpanReceiver;
use crate::call::{self, Pipeline};
use crate::sink::{CallHooks, fields};

const NO_LAYER: &str =
    "no layer of tracing-opentelemetry 0.34 was found in this subscriber (a reload::Layer would hide it)";

const OLDER_LAYER: &str = "a layer of another tracing-opentelemetry shows facts, status and parent; it shows lists as JSON \
                           texts, your own attributes as one JSON text, and no links and no attempts";

/// Checks the current default subscriber and reports how a call would be recorded.
///
/// With `LLM_TRACE_DEBUG=1` the same report is printed on stderr at the program's first call.
///
/// ```
/// let check = llm_trace::check();
/// if !check.is_ok() {
///     eprintln!("{check}");
/// }
/// ```
#[must_use]
pub fn check() -> Check {
    let mut check = Check::default();
    #[cfg(feature = "init")]
    check.destination();
    let none = tracing::dispatcher::get_default(|dispatch| dispatch.is::<NoSubscriber>());
    if none {
        check.wrong(match cfg!(feature = "init") {
            true => {
                "no tracing subscriber is set: call llm_trace::init(), or add llm_trace::layer() to your subscriber"
            }
            false => "no tracing subscriber is set: add llm_trace::layer() to your subscriber",
        });
        return check;
    }
    check.level();
    check.layers();
    check
}

/// The report of [`check`]. `Display` prints it, one finding per line.
///
/// ```
/// let check = llm_trace::check();
/// if !check.is_ok() {
///     eprintln!("{check}"); // or one by one:
///     check.problems().for_each(|problem| eprintln!("{problem}"));
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Check {
    lines: Vec<(Kind, String)>,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Right,
    /// No mistake, but some data is not masked.
    Note,
    Wrong,
}

impl Check {
    /// Whether the check found no mistake.
    pub fn is_ok(&self) -> bool {
        self.lines.iter().all(|(kind, _)| *kind != Kind::Wrong)
    }

    /// The mistakes that were found: one sentence each, with a remedy.
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(|(kind, _)| *kind == Kind::Wrong).map(|(_, line)| line.as_str())
    }

    fn right(&mut self, line: impl Into<String>) {
        self.lines.push((Kind::Right, line.into()));
    }

    fn note(&mut self, line: impl Into<String>) {
        self.lines.push((Kind::Note, line.into()));
    }

    fn wrong(&mut self, line: impl Into<String>) {
        self.lines.push((Kind::Wrong, line.into()));
    }

    fn hooks(&mut self, hooks: &CallHooks) {
        if hooks.is_empty() {
            return;
        }
        self.right(format!(
            "closures of with_call_hook were given {} calls; {} wait",
            hooks.handed_over(),
            hooks.waiting()
        ));
        if hooks.content_dropped() > 0 {
            self.note(format!(
                "{} calls were queued for with_call_hook's closure without their content",
                hooks.content_dropped()
            ));
        }
        if hooks.dropped() > 0 {
            self.wrong(format!(
                "{} calls were not handed to a closure of with_call_hook: its queue was full, or it panicked; do less \
                 work in it, or send calls to a channel",
                hooks.dropped()
            ));
        }
    }

    /// Where the facts of calls are written.
    fn write_targets(&mut self, pipeline: &Pipeline, receiver: Option<SpanReceiver>) {
        let content = match pipeline.content_fields {
            true => "content that the policy permits is in fields too",
            false => "content is not: with_content_fields(true) adds what the policy permits",
        };
        let fields = format!("facts are fields of the calls' tracing spans, which layers of every kind see; {content}");
        if !cfg!(feature = "otel") {
            match pipeline.fields {
                Some(false) => self.wrong("with_fields(false) keeps facts out of tracing spans: remove it"),
                _ => {
                    self.right(fields);
                    self.note(OLDER_LAYER);
                }
            }
            return;
        }
        match (receiver, pipeline.fields) {
            (_, Some(true)) => self.right(fields),
            (Some(SpanReceiver::OtelLayer), _) => {
                self.right("an OpenTelemetry layer of tracing-opentelemetry 0.34 is there");
            }
            (Some(SpanReceiver::FilteredOtelLayer), None) => self.note(format!(
                "a filter keeps the newest call's span from the layer of tracing-opentelemetry 0.34, so {fields}"
            )),
            (Some(SpanReceiver::FilteredOtelLayer), Some(false)) => self.wrong(
                "a filter keeps the newest call's span from the layer of tracing-opentelemetry 0.34, and \
                 with_fields(false) keeps facts out of tracing spans: permit calls in the filter",
            ),
            (Some(SpanReceiver::NoOtelLayer), None) => {
                self.right(format!("{NO_LAYER}, so {fields}"));
                self.note(OLDER_LAYER);
            }
            (Some(SpanReceiver::NoOtelLayer), Some(false)) => self.wrong(format!(
                "{NO_LAYER}, and with_fields(false) keeps facts out of tracing spans: remove it, or give \
                 llm_trace::layer() a provider of OpenTelemetry 0.33"
            )),
            (None | Some(SpanReceiver::Disabled), off) => self.note(format!(
                "whether a layer of tracing-opentelemetry 0.34 is in this subscriber is not known before the first \
                 call that no filter disables; where there is none, {}",
                match off {
                    Some(false) => "facts are written nowhere, because of with_fields(false)".to_owned(),
                    _ => fields,
                }
            )),
        }
    }

    /// Notes data of other crates that is exported or printed without masks. Processors are those of one version of
    /// OpenTelemetry: without a layer of it there are none to wrap.
    fn guards(&mut self, receiver: Option<SpanReceiver>) {
        #[cfg(feature = "otel")]
        let is_installed = crate::guard::otel::is_installed();
        #[cfg(not(feature = "otel"))]
        let is_installed = false;
        if !cfg!(feature = "otel") || receiver == Some(SpanReceiver::NoOtelLayer) {
            if !tracing::dispatcher::get_default(|dispatch| dispatch.is::<crate::guard::Wrapped>()) {
                self.note(
                    "spans, fields and events besides those of calls pass no policy on their way to a layer of another \
                     version: wrap that layer with llm_trace::redact(layer), which masks them where a mask is set",
                );
            }
        } else if !is_installed {
            self.note(
                "no RedactProcessor was created in this process: content that other crates set on spans is exported \
                 unredacted; wrap your processor with llm_trace::RedactProcessor::new(processor, policy)",
            );
        }
        #[cfg(feature = "fmt")]
        tracing::dispatcher::get_default(|dispatch| {
            if dispatch.is::<tracing_subscriber::fmt::format::DefaultFields>()
                && !dispatch.is::<crate::guard::Wrapped>()
            {
                self.note(
                    "a fmt layer is not wrapped: it prints prompts and responses that other crates log; wrap it with \
                     llm_trace::redact(layer)",
                );
            }
        });
    }

    fn level(&mut self) {
        let level = LevelFilter::current();
        if level >= Level::INFO {
            return self.right(format!("spans up to level {level} are on"));
        }
        self.wrong(format!(
            "the subscriber disables levels below {level}, and calls are at INFO ({}): set RUST_LOG=info, or set the \
             level of calls with #[llm_call(level = \"…\")]",
            rust_log()
        ));
    }

    fn layers(&mut self) {
        let pipeline = Pipeline::current();
        match &pipeline {
            Some(pipeline) => {
                self.right(format!(
                    "llm_trace::layer() is in the subscriber; attribute names are those of {}",
                    pipeline.profile.schema_url()
                ));
                self.right(pipeline.policy.get().in_words());
            }
            None => self.wrong(
                "llm_trace::layer() was not found in this subscriber, so calls are plain tracing spans: add it, and not \
                 inside of a reload::Layer, which hides it",
            ),
        }
        let receiver = pipeline.as_ref().and_then(|pipeline| pipeline.newest_span.receiver());
        // A span would be exported, and a question about one would change how the next span is filtered.
        let interest = tracing::dispatcher::get_default(|dispatch| dispatch.register_callsite(fields::metadata()));
        if receiver == Some(SpanReceiver::Disabled) {
            self.wrong(format!(
                "a filter disables the span of the newest call ({}): enable INFO for the module of the call",
                rust_log()
            ));
        } else if interest.is_never() {
            self.note(format!(
                "a filter disables INFO spans of target `llm_trace` ({}), which calls by LlmCall::builder and by traced \
                 HTTP clients have; annotated functions have the target of their module",
                rust_log()
            ));
        }
        if let Some(pipeline) = &pipeline {
            self.write_targets(pipeline, receiver);
        }
        self.guards(receiver);
        for failure in crate::user_code::failures() {
            self.note(failure);
        }
        for report in crate::call::lifecycle::unread_answers::all() {
            self.note(report);
        }
        if let Some(pipeline) = pipeline {
            self.hooks(&pipeline.hook_registry);
            match pipeline.open.len() {
                0 => {}
                open => self.right(format!("{open} calls are open")),
            }
        }
    }
}

#[cfg(feature = "init")]
impl Check {
    fn destination(&mut self) {
        let Some((targets, stats, alive)) = crate::export::active() else { return };
        match alive {
            true => self.right("init()'s guard is alive"),
            false => self.wrong(
                "the guard that init() returned was dropped: spans that end from now on are lost; \
                 keep it in a variable with a name (`let _telemetry = …`, not `let _ = …`) until the program ends",
            ),
        }
        self.signal("spans", &targets.spans, &stats.spans);
        if let Some(target) = &targets.log_records {
            self.signal("log records", target, &stats.log_records);
        }
        if let Some(target) = &targets.metrics {
            self.signal("data points of metrics", target, &stats.data_points);
        }
    }

    fn signal(&mut self, records: &str, target: &str, stats: &crate::export::SignalStats) {
        self.right(format!("{records} go to {target}"));
        if stats.exported > 0 {
            self.right(format!("{} {records} have arrived", stats.exported));
        }
        if stats.in_flight > 0 {
            self.right(format!("{} {records} are queued or being sent", stats.in_flight));
        }
        if stats.spilled > 0 {
            self.note(format!("{} {records} wait on disk until the destination accepts them", stats.spilled));
        }
        if stats.dropped() > 0 {
            self.wrong(format!(
                "{} {records} did not arrive: {} could not be delivered in time, {} were refused, {} were too large, \
                 {} were too many, {} came after the end, {} failed, {} were dropped from disk, {} ended in a forked \
                 child; the lines on stderr say why",
                stats.dropped(),
                stats.unreachable,
                stats.rejected,
                stats.too_large,
                stats.queue_full,
                stats.shutdown,
                stats.failed,
                stats.spill_full,
                stats.forked,
            ));
        }
        if stats.restarts > 0 {
            self.wrong(format!(
                "the thread that exports {records} panicked and started again {} times",
                stats.restarts
            ));
        }
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Right => "ok   ",
            Kind::Note => "NOTE ",
            Kind::Wrong => "WRONG",
        }
    }
}

fn rust_log() -> String {
    match std::env::var("RUST_LOG") {
        Ok(value) => format!("RUST_LOG=\"{}\"", crate::diag::outside(&value)),
        Err(_) => "RUST_LOG is not set: EnvFilter::from_default_env() then enables errors only".to_owned(),
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (kind, line)) in self.lines.iter().enumerate() {
            let newline = if at == 0 { "" } else { "\n" };
            write!(f, "{newline}{} {line}", kind.as_str())?;
        }
        Ok(())
    }
}

/// Whether a subscriber records calls at this level. The first call prints the report of [`check`] if `LLM_TRACE_DEBUG`
/// is set.
#[doc(hidden)]
#[inline]
pub fn enabled(level: Level) -> bool {
    static FIRST: Once = Once::new();
    FIRST.call_once(print_if_asked);
    call::is_enabled(level)
}

fn print_if_asked() {
    if crate::diag::is_debugging() {
        for line in check().to_string().lines() {
            crate::diag::warn(line);
        }
    }
}
