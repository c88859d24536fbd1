//! The library can be used under another path.

mod vendored {
    pub use llm_trace as telemetry;
}

mod llm_trace_is_not_here {
    #[crate::vendored::telemetry::llm_call(crate = crate::vendored::telemetry, model = "gpt-4o")]
    pub fn call() -> &'static str {
        "hi"
    }
}

fn main() {
    llm_trace_is_not_here::call();
}
