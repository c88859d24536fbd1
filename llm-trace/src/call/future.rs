//! A future as a call: the span starts at the first poll and ends with the future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::call::handle::LlmCall;
use crate::call::prepared::Prepared;
use crate::model::Outcome;

pin_project_lite::pin_project! {
    /// A future whose span is entered on every poll.
    #[doc(hidden)]
    pub struct TracedFuture<F, O> {
        #[pin]
        future: F,
        guard: Guard,
        observe: O,
    }
}

struct Guard {
    state: FutureState,
}

enum FutureState {
    Prepared(Prepared),
    Started(LlmCall),
    Done,
}

impl Guard {
    fn take(&mut self) -> LlmCall {
        match std::mem::replace(&mut self.state, FutureState::Done) {
            FutureState::Started(call) => call,
            FutureState::Prepared(_) | FutureState::Done => LlmCall::disabled(),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let FutureState::Started(call) = std::mem::replace(&mut self.state, FutureState::Done) {
            call.give_up(Outcome::Cancelled);
        }
    }
}

/// Instruments a future as a call. `observe` reads its output, ends the call and returns the output.
#[doc(hidden)]
pub fn trace_future<F, O, R>(prepared: Prepared, future: F, observe: O) -> TracedFuture<F, O>
where
    F: Future,
    O: FnMut(LlmCall, F::Output) -> R,
{
    TracedFuture { future, guard: Guard { state: FutureState::Prepared(prepared) }, observe }
}

impl<F, O, R> Future for TracedFuture<F, O>
where
    F: Future,
    O: FnMut(LlmCall, F::Output) -> R,
{
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        let guard = this.guard;
        if let FutureState::Prepared(_) = guard.state
            && let FutureState::Prepared(prepared) = std::mem::replace(&mut guard.state, FutureState::Done)
        {
            let call = prepared.start();
            call.set_running(true);
            guard.state = FutureState::Started(call);
        }
        let FutureState::Started(call) = &guard.state else {
            // Polled after completion: the inner future decides what happens.
            return this.future.poll(cx).map(|output| (this.observe)(LlmCall::disabled(), output));
        };
        call.poll(|| this.future.poll(cx)).map(|output| {
            // This is the only handle of llm-trace; all others are the user's.
            let call = guard.take();
            call.set_running(false);
            (this.observe)(call, output)
        })
    }
}
