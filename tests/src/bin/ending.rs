//! Programs with different endings. The tests check the data that a collector received from them.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use llm_trace::{LlmCall, Operation, export, llm_call};
use tracing_subscriber::prelude::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    match std::env::args().nth(1).as_deref().unwrap_or_default() {
        "plain" => plain(),
        "if-configured" => if_configured(),
        "block-on-current" => block_on(tokio::runtime::Builder::new_current_thread().enable_all().build()?),
        "block-on-multi" => block_on(tokio::runtime::Builder::new_multi_thread().enable_all().build()?),
        "error" => error(),
        "panic" => panic(),
        "inside" => inside(),
        "signal" => signal(),
        "twice" => twice(),
        "taken" => taken(),
        "parts" => parts(),
        "check" => check(),
        "acknowledge" => acknowledge(),
        "resume" => resume(),
        "second" => second(),
        "linger" => linger(),
        "chatter" => chatter(),
        "thread" => thread(&std::env::args().nth(2).unwrap_or_default()),
        other => Err(format!("no program {other:?}").into()),
    }
}

fn work() {
    tracing::info_span!("work").in_scope(|| tracing::info!("working"));
}

fn plain() -> Outcome {
    let _telemetry = llm_trace::init()?;
    work();
    Ok(())
}

fn if_configured() -> Outcome {
    let _telemetry = llm_trace::init_if_configured()?;
    work();
    Ok(())
}

fn block_on(runtime: tokio::runtime::Runtime) -> Outcome {
    let _telemetry = llm_trace::init()?;
    runtime.block_on(async { work() });
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn inside() -> Outcome {
    let _telemetry = llm_trace::init()?;
    work();
    Ok(())
}

fn error() -> Outcome {
    let _telemetry = llm_trace::init()?;
    work();
    Err("on purpose".into())
}

fn panic() -> Outcome {
    let _telemetry = llm_trace::init()?;
    work();
    panic!("on purpose");
}

/// A call that is dropped by a signal, and one that still runs in a task.
#[tokio::main]
async fn signal() -> Outcome {
    use tokio::signal::unix::{SignalKind, signal};

    let telemetry = llm_trace::init()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    work();
    let pending = |model| {
        let call = LlmCall::builder(Operation::Chat).provider("openai").model(model);
        call.instrument(std::future::pending::<()>())
    };
    let (started, running) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let call = pin!(pending("in-task"));
        futures_util::future::join(call, async { started.send(()) }).await
    });
    running.await?;
    let here = async {
        println!("ready");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = futures_util::future::join(pending("here"), here) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    telemetry.shutdown(Duration::from_secs(5));
    drop(task);
    Ok(())
}

fn twice() -> Outcome {
    let _telemetry = llm_trace::init()?;
    work();
    match llm_trace::init() {
        Ok(_) => Err("a second init() worked".into()),
        Err(error) => {
            println!("{error}");
            Ok(())
        }
    }
}

fn taken() -> Outcome {
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    println!("{}", llm_trace::init().err().ok_or("init() worked")?);
    Ok(())
}

fn check() -> Outcome {
    let telemetry = llm_trace::init()?;
    work();
    telemetry.flush();
    println!("{}", llm_trace::check());
    Ok(())
}

/// Runs long enough to send the files that an earlier process left on disk.
fn resume() -> Outcome {
    let telemetry = llm_trace::init()?;
    work();
    telemetry.flush();
    std::thread::sleep(Duration::from_secs(2));
    Ok(())
}

/// Works until it is killed, and prints how many spans are on disk or were accepted.
fn acknowledge() -> Outcome {
    let parts = export::from_env()?;
    let fmt = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
    tracing_subscriber::registry().with(parts.layer()).with(fmt).try_init()?;
    for number in 0.. {
        tracing::info_span!("work", otel.name = format!("work-{number}")).in_scope(|| ());
        if number % 7 == 0 {
            parts.telemetry.flush();
            let spans = parts.telemetry.stats().spans;
            println!("{}", spans.spilled + spans.exported);
        }
    }
    Ok(())
}

/// A second `init()` fails; the result of `check()` must not change.
fn second() -> Outcome {
    let telemetry = llm_trace::init()?;
    work();
    telemetry.flush();
    let before = llm_trace::check().to_string();
    if llm_trace::init().is_ok() {
        return Err("a second init() worked".into());
    }
    println!("{before}\n---\n{}", llm_trace::check());
    Ok(())
}

/// One span, and time for the exporter to trace itself.
fn linger() -> Outcome {
    let telemetry = llm_trace::init()?;
    work();
    for _ in 0..10 {
        telemetry.flush();
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// More than any pipe holds, of spans and of diagnostics.
fn chatter() -> Outcome {
    let telemetry = llm_trace::init()?;
    for _ in 0..80_000 {
        tracing::info_span!("work", text = "x".repeat(1000)).in_scope(|| {});
    }
    println!("{:?}", telemetry.stats());
    Ok(())
}

#[llm_call(provider = "openai", model = "annotated")]
fn annotated() {}

fn chat() -> LlmCall {
    LlmCall::builder(Operation::Chat).provider("openai").model("m").start()
}

/// Data of a thread. It is dropped after the thread-locals of other crates, because it is made before them.
struct Late(Cell<Option<Box<dyn FnOnce()>>>);

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(use_it) = self.0.take() {
            use_it();
        }
    }
}

thread_local! {
    static LATE: Late = const { Late(Cell::new(None)) };
}

/// Uses the library in the destructor of a thread-local.
fn thread(how: &str) -> Outcome {
    let _telemetry = llm_trace::init()?;
    let prepare: fn() -> Box<dyn FnOnce()> = match how {
        "annotated" => || Box::new(annotated),
        "built" => || Box::new(|| chat().finish()),
        "finished" => || {
            let call = chat();
            Box::new(move || call.finish())
        },
        "dropped" => || {
            let call = chat();
            Box::new(move || drop(call))
        },
        "run" => || {
            let call = chat();
            Box::new(move || call.run(|| ()))
        },
        "stream" => || {
            let mut stream = Box::pin(chat().stream(futures_util::stream::iter(["{}"; 3])));
            Box::new(move || assert!(stream.next().now_or_never().is_some()))
        },
        "future" => || {
            let future = LlmCall::builder(Operation::Chat).instrument(async {});
            Box::new(|| assert!(future.now_or_never().is_some()))
        },
        "scope" => || Box::new(|| llm_trace::scope().mask_input(true).run(annotated)),
        "current" => || {
            Box::new(|| {
                drop(llm_trace::Scope::current());
                annotated();
            })
        },
        other => return Err(format!("no use {other:?}").into()),
    };
    let how = how.to_owned();
    let thread = std::thread::spawn(move || {
        if how == "current" {
            // Uses contexts before the registry of spans is used.
            drop(LlmCall::current());
        }
        LATE.with(|late| late.0.set(None));
        work();
        LATE.with(|late| late.0.set(Some(prepare())));
    });
    thread.join().map_err(|_| "a panic")?;
    Ok(())
}

fn parts() -> Outcome {
    let parts = export::from_env()?;
    let fmt = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
    tracing_subscriber::registry().with(parts.layer()).with(fmt).try_init()?;
    work();
    Ok(())
}
