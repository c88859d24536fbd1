//! The output of a wrapped layer. No other guard is active: the content is that of other crates, which does not pass
//! the source gate, and no processor is wrapped.

use std::io;

use llm_trace::{Capture, FmtFields, Policy, PolicyHandle, Style, fmt_fields, redact};
use llm_trace_tests::collector::Collector;
use llm_trace_tests::lines::Lines;
use opentelemetry::trace::TracerProvider as _;
use tracing::{Subscriber, error, info, info_span};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, Layer, Registry};

const INPUT: &str = "SENTINEL-INPUT";
const OUTPUT: &str = "SENTINEL-OUTPUT";
const FREE: &str = "SENTINEL-FREE";
const ERROR: &str = "SENTINEL-ERROR";
const ALL: [&str; 4] = [INPUT, OUTPUT, FREE, ERROR];

fn open() -> Policy {
    Policy::new().capture(Capture::Span)
}

/// Another crate's output in a call: `rig`'s field names, an event's message, an error.
fn client() {
    let cause = io::Error::other(ERROR);
    let span = info_span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.input.messages = format!(r#"[{{"role":"user","parts":[{{"type":"text","content":"{INPUT}"}}]}}]"#),
        gen_ai.output.messages = tracing::field::Empty,
        gen_ai.usage.output_tokens = 7,
    );
    let _entered = span.enter();
    span.record("gen_ai.output.messages", format!(r#"[{{"role":"assistant","parts":[{{"content":"{OUTPUT}"}}]}}]"#));
    info!(prompt = INPUT, completion = %OUTPUT, tries = 3, "failed to parse: {FREE}");
    error!(error = &cause as &(dyn std::error::Error + 'static), body = ?FREE, "no answer");
}

fn run(subscriber: impl Subscriber + Send + Sync, input: bool, output: bool) {
    tracing::subscriber::with_default(subscriber, || {
        let scope = info_span!("scope", llm.mask_input = input, llm.mask_output = output);
        scope.in_scope(client);
    });
}

fn found(text: &str) -> Vec<&'static str> {
    ALL.into_iter().filter(|sentinel| text.contains(sentinel)).collect()
}

fn plain<S>(buffer: &Lines) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    Box::new(fmt::layer().with_ansi(false).with_writer(buffer.clone()).with_span_events(fmt::format::FmtSpan::CLOSE))
}

#[test]
fn fmt_prints_unmasked_content() {
    for (input, output, expected) in
        [(false, false, ALL.to_vec()), (true, false, vec![OUTPUT]), (false, true, vec![INPUT]), (true, true, vec![])]
    {
        let buffer = Lines::default();
        run(tracing_subscriber::registry().with(redact(plain(&buffer)).with_policy(open())), input, output);
        let text = buffer.text();
        assert_eq!(found(&text), expected, "{text}");
        for kept in ["tries=3", "gen_ai.usage.output_tokens=7", "gen_ai.operation.name=\"chat\""] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }
}

#[test]
fn without_a_policy_no_content_is_printed() {
    let buffer = Lines::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(redact(plain(&buffer))), client);
    // Outside of calls and scopes the log keeps its texts and errors.
    assert_eq!(found(&buffer.text()), [FREE, ERROR]);
}

#[test]
fn errors_inside_a_call_stay_in_local_logs_while_nothing_is_masked() {
    for (policy, shown) in [(Policy::new(), true), (Policy::new().mask_output(true), false)] {
        let buffer = Lines::default();
        let subscriber =
            tracing_subscriber::registry().with(llm_trace::layer().with_policy(policy)).with(redact(plain(&buffer)));
        tracing::subscriber::with_default(subscriber, || {
            llm_trace::LlmCall::builder("chat").provider("openai").run(|_| error!(error = ERROR, "no answer"));
        });
        assert_eq!(buffer.text().contains(ERROR), shown, "{}", buffer.text());
    }
}

#[test]
fn stop_sequences_are_masked_with_the_input_only() {
    for (policy, shown) in [(open().mask_output(true), true), (open().mask_input(true), false)] {
        let buffer = Lines::default();
        let subscriber = tracing_subscriber::registry()
            .with(llm_trace::layer().with_policy(policy).with_fields(true))
            .with(redact(plain(&buffer)));
        tracing::subscriber::with_default(subscriber, || {
            let request = serde_json::json!({"model": "m", "stop": ["END"], "messages": []});
            llm_trace::LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
        });
        assert_eq!(buffer.text().contains("END"), shown, "{}", buffer.text());
    }
}

#[test]
fn the_policy_is_that_of_the_subscribers_layer_in_either_order() {
    let handle = PolicyHandle::new(open().mask_input(true).mask_output(true));
    let (one, two) = (Lines::default(), Lines::default());
    let first = tracing_subscriber::registry().with(llm_trace::layer().with_policy(&handle)).with(redact(plain(&one)));
    tracing::subscriber::with_default(first, client);
    let second = tracing_subscriber::registry().with(redact(plain(&two))).with(llm_trace::layer().with_policy(&handle));
    tracing::subscriber::with_default(second, || {
        client();
        handle.set(open());
        client();
    });
    assert!(!one.text().contains(INPUT) && one.text().contains("[REDACTED]"), "{}", one.text());
    assert!(two.text().contains("[REDACTED]") && two.text().contains(INPUT), "{}", two.text());
}

#[test]
#[allow(clippy::type_complexity)] // A list of constructors.
fn json_filtered_and_boxed_layers_are_wrapped_alike() {
    let make: [fn(Lines) -> Box<dyn Layer<Registry> + Send + Sync>; 4] = [
        |buffer| Box::new(redact(fmt::layer().json().with_writer(buffer)).with_policy(open())),
        |buffer| {
            let inner = fmt::layer().with_ansi(false).with_writer(buffer).with_filter(EnvFilter::new("info"));
            Box::new(redact(inner).with_policy(open()))
        },
        |buffer| {
            let inner = redact(fmt::layer().with_ansi(false).with_writer(buffer)).with_policy(open());
            Box::new(inner.with_filter(EnvFilter::new("info")))
        },
        |buffer| Box::new(redact(plain(&buffer)).with_policy(open())),
    ];
    for layer in make {
        let buffer = Lines::default();
        run(tracing_subscriber::registry().with(layer(buffer.clone())), true, true);
        let text = buffer.text();
        assert_eq!(found(&text), Vec::<&str>::new(), "{text}");
        assert!(text.contains("[REDACTED]"), "{text}");
    }
}

#[test]
fn a_wrapped_fmt_layer_beside_a_plain_one_prints_nothing_of_it() {
    let (seen, masked, json) = (Lines::default(), Lines::default(), Lines::default());
    let subscriber = tracing_subscriber::registry()
        .with(fmt::layer().with_ansi(false).with_writer(seen.clone()))
        .with(
            redact(fmt::layer().fmt_fields(fmt_fields()).with_ansi(false).with_writer(masked.clone()))
                .with_policy(open()),
        )
        .with(
            redact(fmt::layer().json().fmt_fields(FmtFields::new(JsonFields::new())).with_writer(json.clone()))
                .with_policy(open()),
        );
    run(subscriber, true, true);
    assert_eq!(found(&seen.text()), ALL);
    assert_eq!(found(&masked.text()), Vec::<&str>::new(), "{}", masked.text());
    assert_eq!(found(&json.text()), Vec::<&str>::new(), "{}", json.text());
    for line in json.text().lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["span"]["gen_ai.usage.output_tokens"], 7, "{line}");
    }
}

#[test]
fn a_wrapped_opentelemetry_layer_exports_nothing_masked() {
    let collector = Collector::start();
    let provider = collector.provider();
    let otel = tracing_opentelemetry::layer().with_tracer(provider.tracer("app"));
    run(tracing_subscriber::registry().with(redact(otel).with_policy(open())), true, true);
    provider.force_flush().expect("flushed");
    for sentinel in ALL {
        assert!(!collector.saw(sentinel), "{sentinel}");
    }
    let span = collector.span("chat");
    assert_eq!(
        span.attribute("gen_ai.input.messages"),
        Some(r#"[{"role":"user","parts":[{"type":"text","content":"[REDACTED]"}]}]"#.into())
    );
    assert_eq!(span.attribute("gen_ai.usage.output_tokens"), Some(7.into()));
}

#[test]
fn styles_hold_for_fields() {
    for (style, absent) in [(Style::Drop, true), (Style::hash("key"), false)] {
        let buffer = Lines::default();
        let policy = open().style(style).mask_input(true);
        run(tracing_subscriber::registry().with(redact(plain(&buffer)).with_policy(policy)), false, false);
        let text = buffer.text();
        assert_eq!(text.contains("prompt="), !absent, "{text}");
        assert_eq!(text.contains("hmac-sha256:"), !absent, "{text}");
        assert!(!text.contains(INPUT), "{text}");
    }
}

#[test]
fn scrubbers_run_over_fields_and_messages() {
    let buffer = Lines::default();
    let policy = open().scrub(|text, _| text.contains(FREE).then(|| text.replace(FREE, "***")));
    run(tracing_subscriber::registry().with(redact(plain(&buffer)).with_policy(policy)), false, false);
    let text = buffer.text();
    assert!(text.contains("failed to parse: ***") && !text.contains(FREE), "{text}");
}

#[test]
fn a_span_made_in_a_masked_scope_keeps_its_masks_on_another_thread() {
    let buffer = Lines::default();
    let subscriber = tracing_subscriber::registry().with(redact(plain(&buffer)).with_policy(open()));
    tracing::subscriber::with_default(subscriber, || {
        let span = info_span!("scope", llm.mask_input = true).in_scope(|| info_span!("task"));
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        std::thread::spawn(move || tracing::dispatcher::with_default(&dispatch, || span.in_scope(client)))
            .join()
            .expect("no panic");
    });
    assert_eq!(found(&buffer.text()), [OUTPUT], "{}", buffer.text());
}

/// Client crates that log whole requests, under known targets and targets that the policy names.
fn clients(policy: Policy) -> String {
    let buffer = Lines::default();
    tracing::subscriber::with_default(
        tracing_subscriber::registry().with(redact(plain(&buffer)).with_policy(policy)),
        || {
            info!(target: "async_openai::error", "failed deserialization of: {INPUT}");
            // An event of the `log` crate's bridge.
            info!(target: "log", { log.target = "reqwest::connect", log.line = 3 }, "0001 read: {OUTPUT}");
            info!(target: "my_client::wire", tries = 3, body = ERROR, "sent");
            info!(target: "app", "an own line {FREE}");
            info_span!(target: "genai", "chat", otel.name = "chat m", note = INPUT).in_scope(|| {});
        },
    );
    buffer.text()
}

#[test]
fn logs_of_client_crates_are_content_by_default() {
    let text = clients(Policy::new().content_target("my_client"));
    assert_eq!(found(&text), [FREE], "{text}");
    for kept in ["tries=3", "otel.name=\"chat m\"", "log.target=\"reqwest::connect\""] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    assert_eq!(found(&clients(open().content_target("my_client"))), ALL);
    assert_eq!(found(&clients(open().mask_output(true).content_target("my_client"))), [FREE]);
}

#[test]
fn a_plain_target_is_not_redacted_as_a_client() {
    let text = clients(Policy::new().plain_target("async_openai").plain_target("genai"));
    assert_eq!(found(&text), [INPUT, FREE, ERROR], "{text}");
    // A locked policy ignores this setting.
    let handle = PolicyHandle::new(Policy::new().lock_masked());
    handle.update(|policy| policy.plain_target("async_openai"));
    assert!(!clients(handle.get()).contains(INPUT));
}

/// `fmt` formats the fields of a span when they are recorded, and prints them on every line inside of it.
#[test]
fn lines_after_a_mask_keep_the_span_fields_that_were_formatted_before_it() {
    let buffer = Lines::default();
    let policy = PolicyHandle::new(open());
    let subscriber = tracing_subscriber::registry().with(redact(plain(&buffer)).with_policy(&policy));
    tracing::subscriber::with_default(subscriber, || {
        info_span!("before", prompt = INPUT).in_scope(|| {
            policy.update(Policy::lock_masked);
            info_span!("after", prompt = FREE).in_scope(|| info!(completion = OUTPUT, "a line"));
        });
    });
    let text = buffer.text();
    let line = text.lines().find(|line| line.contains("a line")).expect("a line");
    assert_eq!(found(line), [INPUT], "{line}");
    assert_eq!(found(&text), [INPUT]);
}

#[test]
fn of_two_wrapped_fmt_layers_with_different_policies_one_needs_fmt_fields() {
    let strict = || Policy::new().lock_masked();
    for (own_fields, expected) in [(false, vec![INPUT]), (true, vec![])] {
        let (loose, locked) = (Lines::default(), Lines::default());
        let fmt = fmt::layer().with_ansi(false).with_writer(locked.clone());
        let fmt: Box<dyn Layer<_> + Send + Sync> = match own_fields {
            true => redact(fmt.fmt_fields(fmt_fields())).with_policy(strict()).boxed(),
            false => redact(fmt).with_policy(strict()).boxed(),
        };
        let subscriber = tracing_subscriber::registry().with(redact(plain(&loose)).with_policy(open())).with(fmt);
        tracing::subscriber::with_default(subscriber, || {
            llm_trace::scope()
                .run(|| info_span!("work", prompt = INPUT).in_scope(|| info!(completion = OUTPUT, "a line")));
        });
        assert_eq!(found(&loose.text()), [INPUT, OUTPUT]);
        assert_eq!(found(&locked.text()), expected, "{}", locked.text());
    }
}
