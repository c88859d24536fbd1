#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use super::paint::Paint;
use super::{ConsoleProcessor, Form, content};
use crate::diag::output::TextWriter;
use crate::{Capture, Policy, PolicyHandle, RedactProcessor};

/// Keeps each write separately: a tree must be a single write.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<Vec<String>>>, Arc<OnceLock<TextWriter>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Out {
    fn writes(&self) -> Vec<String> {
        assert!(self.1.get().unwrap().flush(Duration::from_secs(20)));
        self.0.lock().unwrap().clone()
    }
}

fn console(form: Form) -> (Out, SdkTracerProvider, SdkTracer) {
    let out = Out::default();
    let writer = TextWriter::new(Box::new(out.clone()));
    let processor = ConsoleProcessor::to(form, writer.clone());
    out.1.set(writer).unwrap();
    let resource = opentelemetry_sdk::Resource::builder_empty().with_service_name("shop").build();
    let provider = SdkTracerProvider::builder().with_resource(resource).with_span_processor(processor).build();
    let tracer = provider.tracer("app");
    (out, provider, tracer)
}

fn plain() -> (Out, SdkTracerProvider, SdkTracer) {
    console(Form::Tree(Paint(false)))
}

fn at(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_000 + ms)
}

fn start(tracer: &SdkTracer, name: &'static str, ms: u64, parent: &Context) -> Context {
    let span = tracer.span_builder(name).with_start_time(at(ms)).start_with_context(tracer, parent);
    parent.with_span(span)
}

fn end(span: &Context, ms: u64) {
    span.span().end_with_timestamp(at(ms));
}

fn set(span: &Context, attributes: Vec<(&'static str, Value)>) {
    span.span().set_attributes(attributes.into_iter().map(|(k, v)| KeyValue::new(k, v)));
}

/// Trace ids are random.
fn without_id(text: &str) -> String {
    let id = text.find("trace ").map(|at| &text[at + 6..at + 38]).unwrap_or_default();
    text.replace(id, "<id>")
}

#[test]
fn a_trace_is_one_tree_in_one_write_when_its_root_ends() {
    let (out, _provider, tracer) = plain();
    let root = start(&tracer, "answer question", 0, &Context::new());
    let chat = start(&tracer, "chat gpt-4o-mini", 100, &root);
    let input = r#"[{"role":"user","parts":[{"type":"text","content":"old"}]},{"role":"assistant","parts":[]},{"role":"user","parts":[{"type":"text","content":"How is\nthe weather in Paris?"}]}]"#;
    let output = r#"[{"role":"assistant","parts":[{"type":"tool_call","id":"1","name":"weather","arguments":{"city":"Paris"}}],"finish_reason":"tool_call"}]"#;
    set(
        &chat,
        vec![
            ("gen_ai.operation.name", "chat".into()),
            ("gen_ai.provider.name", "openai".into()),
            ("gen_ai.request.model", "gpt-4o-mini".into()),
            ("gen_ai.response.model", "gpt-4o-mini-2024-07-18".into()),
            ("gen_ai.usage.input_tokens", 1204.into()),
            ("gen_ai.usage.output_tokens", 87.into()),
            ("gen_ai.usage.cache_read.input_tokens", 1024.into()),
            ("llm_trace.cost.total", 0.0003.into()),
            ("gen_ai.response.finish_reasons", Value::Array(vec![StringValue::from("tool_calls")].into())),
            ("gen_ai.system_instructions", r#"[{"type":"text","content":"Be brief."}]"#.into()),
            ("gen_ai.input.messages", input.into()),
            ("gen_ai.output.messages", output.into()),
            ("llm_trace.outcome", "completed".into()),
            ("llm_trace.redaction", Value::Array(vec![StringValue::from("masked:text=2")].into())),
        ],
    );
    end(&chat, 900);
    let failed = start(&tracer, "chat gpt-4o", 900, &root);
    set(&failed, vec![("gen_ai.operation.name", "chat".into()), ("error.type", "429".into())]);
    failed.span().set_status(Status::error("slow down"));
    let given_up = start(&tracer, "chat gpt-4o", 1000, &failed);
    set(&given_up, vec![("gen_ai.operation.name", "chat".into()), ("llm_trace.outcome", "cancelled".into())]);
    end(&given_up, 1200);
    end(&failed, 1000);
    assert!(out.writes().is_empty());
    end(&root, 1250);
    let expected = "\
trace <id> · shop · 1.25 s
answer question        1.25 s  ━━━━━━━━━━━━━━━━
├─ chat gpt-4o-mini    800 ms  ·━━━━━━━━━━━····  openai · gpt-4o-mini-2024-07-18 · 1,204 → 87 tokens (1,024 cached) · $0.0003 · ✓ tool_calls · ⊘ masked text × 2
│      system  Be brief.
│           …  1 earlier
│        user  How is the weather in Paris?
│   assistant  → weather({\"city\":\"Paris\"})
└─ chat gpt-4o         100 ms  ············━···  ✗ 429: slow down
   └─ chat gpt-4o      200 ms  ·············━━·  ◌ cancelled
";
    let writes = out.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert_eq!(without_id(&writes[0]), expected, "\n{}", writes[0]);
}

#[test]
fn a_span_that_ends_after_its_root_is_printed_as_a_separate_tree() {
    let (out, _provider, tracer) = plain();
    let root = start(&tracer, "root", 0, &Context::new());
    let late = start(&tracer, "late", 1, &root);
    let inner = start(&tracer, "inner", 2, &late);
    end(&root, 5);
    end(&inner, 6);
    assert_eq!(out.writes().len(), 1);
    end(&late, 7);
    let writes = out.writes();
    assert_eq!(writes.len(), 2);
    assert!(writes[1].contains("below an earlier span"), "{}", writes[1]);
    assert!(writes[1].contains("\nlate ") && writes[1].contains("\n└─ inner "), "{}", writes[1]);
}

#[test]
fn a_span_below_another_program_is_a_root_here() {
    let (out, _provider, tracer) = plain();
    let far = {
        let own = start(&tracer, "x", 0, &Context::new());
        let id = own.span().span_context().clone();
        SpanContext::new(id.trace_id(), id.span_id(), id.trace_flags(), true, Default::default())
    };
    let parent = Context::new().with_remote_span_context(far);
    end(&start(&tracer, "handler", 0, &parent), 5);
    assert!(out.writes().iter().any(|w| w.contains("below a span of another program")), "{:?}", out.writes());
}

#[test]
fn spans_of_an_open_root_are_limited_and_printed_at_the_end() {
    let (out, provider, tracer) = plain();
    let root = start(&tracer, "root", 0, &Context::new());
    for _ in 0..4097 {
        end(&start(&tracer, "step", 1, &root), 2);
    }
    assert_eq!(out.writes().len(), 1);
    end(&start(&tracer, "step", 1, &root), 2);
    provider.shutdown().unwrap();
    assert_eq!(out.writes().len(), 2);
    assert_eq!(out.writes().concat().matches("step").count(), 4098);
}

#[test]
fn json_is_one_line_per_span() {
    let (out, _provider, tracer) = console(Form::Json);
    let span = start(&tracer, "chat\nm", 0, &Context::new());
    set(&span, vec![("gen_ai.usage.input_tokens", 3.into()), ("ok", true.into())]);
    span.span().set_status(Status::error("no"));
    end(&span, 250);
    let writes = out.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].matches('\n').count(), 1);
    let line: serde_json::Value = serde_json::from_str(&writes[0]).unwrap();
    assert_eq!(line["name"], "chat\nm");
    assert_eq!(line["attributes"], serde_json::json!({"gen_ai.usage.input_tokens": 3, "ok": true}));
    assert_eq!(line["status"], serde_json::json!({"code": "error", "message": "no"}));
    assert_eq!(line["duration_ms"], 250.0);
    assert_eq!(line["parent_span_id"], serde_json::Value::Null);
    assert_eq!(line["resource"]["service.name"], "shop");
}

#[test]
fn trees_of_many_threads_never_mix() {
    let (out, _provider, tracer) = plain();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let root = start(&tracer, "root", 0, &Context::new());
                    end(&start(&tracer, "leaf", 1, &root), 2);
                    end(&root, 3);
                }
            });
        }
    });
    let writes = out.writes();
    assert_eq!(writes.len(), 200);
    assert!(writes.iter().all(|w| w.lines().count() == 3), "{:?}", writes[0]);
}

#[test]
fn colour_is_decided_by_variables_and_then_by_the_terminal() {
    let paint = |vars: &[(&str, &str)], terminal| {
        let get = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Paint::decide(&get, terminal).0
    };
    assert!(paint(&[], true) && !paint(&[], false));
    assert!(!paint(&[("NO_COLOR", "1")], true) && paint(&[("NO_COLOR", "")], true));
    assert!(paint(&[("CLICOLOR_FORCE", "1")], false) && !paint(&[("CLICOLOR_FORCE", "0")], false));
    assert!(!paint(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true));
    assert!(!paint(&[("CLICOLOR", "0")], true) && !paint(&[("TERM", "dumb")], true));
}

#[test]
fn control_characters_are_not_printed() {
    assert_eq!(content::clean("a\x1b[31mred\r\n\t b\u{202e}c", 40), "a [31mred b c");
    assert_eq!(content::clean("héllo wörld", 8), "héllo w…");
    let (out, _provider, tracer) = plain();
    let span = tracer.span_builder("x\x1b]0;title\x07y").with_start_time(at(0)).start(&tracer);
    drop(span);
    assert!(!out.writes()[0].contains('\x1b'), "{:?}", out.writes());
}

#[test]
fn a_tree_follows_the_policy_of_the_time_when_it_is_printed() {
    for switches in [false, true] {
        let out = Out::default();
        let writer = TextWriter::new(Box::new(out.clone()));
        let policy = PolicyHandle::new(Policy::new().capture(Capture::Span));
        let console = ConsoleProcessor::to(Form::Tree(Paint(false)), writer.clone()).with_recheck(&policy);
        out.1.set(writer).unwrap();
        let guard = RedactProcessor::new(console, &policy).with_recheck();
        let provider = SdkTracerProvider::builder().with_span_processor(guard).build();
        let tracer = provider.tracer("app");
        let root = start(&tracer, "root", 0, &Context::new());
        let child = start(&tracer, "chat", 1, &root);
        let messages = r#"[{"role":"assistant","parts":[{"type":"text","content":"SENTINEL"}]}]"#;
        child.span().set_attribute(KeyValue::new("gen_ai.output.messages", messages));
        child.span().end_with_timestamp(at(2));
        if switches {
            policy.update(Policy::lock_masked);
        }
        root.span().end_with_timestamp(at(3));
        let text = out.writes().concat();
        assert!(text.contains("chat") && text.contains("SENTINEL") != switches, "{text}");
        assert!(!text.contains("llm_trace.internal"), "{text}");
    }
}
