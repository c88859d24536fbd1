//! Programs that fork after they have set up telemetry. The tests check the data that a collector received from them.
//!
//! `forked inherited` uses the parent's telemetry in the child, `forked own` a new one in each of two children, and with
//! `forked outliving` the child ends when its stdin is closed.

use std::io::Read as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use llm_trace::LlmCall;
use llm_trace::export::{self, Parts};
use tracing_subscriber::prelude::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A child that waits for a thread that it does not have waits longer than the test.
const LONG: Duration = Duration::from_secs(24 * 3600);

fn main() -> Outcome {
    match std::env::args().nth(1).as_deref().unwrap_or_default() {
        "inherited" => inherited(),
        "own" => own(),
        "outliving" => outliving(),
        other => Err(format!("no program {other:?}").into()),
    }
}

/// The calls that this process passed to closures of `with_call_hook`.
static HANDED_OVER: AtomicUsize = AtomicUsize::new(0);

fn call(parts: &Parts, model: &str) {
    let layer = parts.layer().with_call_hook(|_| {
        HANDED_OVER.fetch_add(1, Ordering::Relaxed);
    });
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        LlmCall::builder("chat").provider("openai").model(model).run(|_| ());
    });
}

fn inherited() -> Outcome {
    let parts = export::from_env()?;
    call(&parts, "of-parent");
    if let Some(child) = fork()? {
        wait_for(child)?;
        println!("parent: shutdown {}", parts.telemetry.shutdown(Duration::from_secs(60)));
        return Ok(());
    }
    HANDED_OVER.store(0, Ordering::Relaxed);
    (0..3).for_each(|_| call(&parts, "of-child"));
    println!("child: flushed {} {}", parts.provider.force_flush().is_ok(), parts.telemetry.flush());
    println!("child: with_call_hook {}", HANDED_OVER.load(Ordering::Relaxed));
    let stats = parts.telemetry.stats();
    println!("child: spans {} of {}", stats.spans.forked, stats.spans.dropped());
    println!("child: log records {} of {}", stats.log_records.forked, stats.log_records.dropped());
    println!("child: exported {}, in flight {}", stats.spans.exported, stats.in_flight());
    let wrong = llm_trace::check().problems().filter(|line| line.contains("3 ended in a forked child")).count();
    println!("child: {wrong} problems");
    println!("child: shutdown {}", parts.telemetry.shutdown(LONG));
    Ok(())
}

fn own() -> Outcome {
    let parts = export::from_env()?;
    call(&parts, "of-parent");
    for model in ["of-child-1", "of-child-2"] {
        let Some(child) = fork()? else {
            let parts = export::from_env()?;
            call(&parts, model);
            println!("{model}: shutdown {}", parts.telemetry.shutdown(Duration::from_secs(60)));
            return Ok(());
        };
        wait_for(child)?;
    }
    println!("parent: shutdown {}", parts.telemetry.shutdown(Duration::from_secs(60)));
    Ok(())
}

fn outliving() -> Outcome {
    let parts = export::from_env()?;
    if fork()?.is_none() {
        std::io::stdin().read_to_end(&mut Vec::new())?;
    }
    drop(parts);
    Ok(())
}

/// Returns the child's process id in the parent, and `None` in the child.
#[allow(unsafe_code)]
fn fork() -> std::io::Result<Option<i32>> {
    // SAFETY: the main thread forks, and the other threads hold no lock that the child takes.
    match unsafe { libc::fork() } {
        -1 => Err(std::io::Error::last_os_error()),
        0 => Ok(None),
        child => Ok(Some(child)),
    }
}

#[allow(unsafe_code)]
fn wait_for(child: i32) -> Outcome {
    let mut status = 0;
    // SAFETY: `status` lives longer than the call.
    match unsafe { libc::waitpid(child, &raw mut status, 0) } == child && status == 0 {
        true => Ok(()),
        false => Err(format!("the child ended with {status}").into()),
    }
}
