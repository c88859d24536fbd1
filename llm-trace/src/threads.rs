//! Background threads.

/// Starts a thread with a name that begins with `llm-trace-`.
///
/// The work is boxed, because the standard library's code is compiled again for each type of work.
pub(crate) fn spawn(name: &str, work: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
    std::thread::Builder::new().name(format!("llm-trace-{name}")).spawn(work).map(drop)
}
