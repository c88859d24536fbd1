//! Faults of a collector, by name and in a fixed order.

use std::str::FromStr;
use std::time::Duration;

use crate::collector::{Answer, Request};

/// A fault of a collector.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// No fault.
    None,
    /// One request in five has one of the faults below.
    Mixed,
    /// One request in three is to be retried: 429 with `Retry-After`, UNAVAILABLE.
    Later,
    /// One request in three is answered with 503 without `Retry-After`.
    Unavailable,
    /// Every answer takes 100 ms.
    Slow,
    /// One connection in three is closed before an answer.
    Reset,
    /// One answer in three is incomplete.
    Half,
    /// One request in three has a rejected span.
    Partial,
    /// Messages above 64 KiB are rejected.
    TooLarge,
    /// No request is answered.
    BlackHole,
    /// One answer in three consists of meaningless bytes.
    Garbage,
    /// One request in two has one of the faults above.
    Chaos,
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 12] = [
        Fault::None,
        Fault::Mixed,
        Fault::Later,
        Fault::Unavailable,
        Fault::Slow,
        Fault::Reset,
        Fault::Half,
        Fault::Partial,
        Fault::TooLarge,
        Fault::BlackHole,
        Fault::Garbage,
        Fault::Chaos,
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Fault::None => "none",
            Fault::Mixed => "mixed",
            Fault::Later => "later",
            Fault::Unavailable => "unavailable",
            Fault::Slow => "slow",
            Fault::Reset => "reset",
            Fault::Half => "half",
            Fault::Partial => "partial",
            Fault::TooLarge => "too-large",
            Fault::BlackHole => "black-hole",
            Fault::Garbage => "garbage",
            Fault::Chaos => "chaos",
        }
    }

    /// The answers of a collector with this fault, in sequence.
    pub fn answers(self) -> impl FnMut(&Request) -> Answer + Send + 'static {
        let mut number = 0_usize;
        move |request| {
            number += 1;
            self.answer(number, request)
        }
    }

    fn answer(self, number: usize, request: &Request) -> Answer {
        let grpc = request.is_grpc();
        let third = number.is_multiple_of(3);
        match self {
            Fault::Later if third && grpc => Answer::Grpc(14),
            Fault::Later if third => Answer::Status(429, Some(0)),
            Fault::Unavailable if third && grpc => Answer::Grpc(14),
            Fault::Unavailable if third => Answer::Status(503, None),
            Fault::Slow => Answer::After(Duration::from_millis(100)),
            Fault::Reset if third => Answer::Reset,
            Fault::Half if third => Answer::Half,
            Fault::Partial if third => Answer::Partial(1),
            Fault::TooLarge if request.body.len() > 64 << 10 => Answer::TooLarge,
            Fault::Garbage if third => Answer::Garbage,
            Fault::BlackHole => Answer::Slow(Duration::from_secs(3600)),
            Fault::Mixed if number.is_multiple_of(5) => {
                const KINDS: [Fault; 6] =
                    [Fault::Later, Fault::Reset, Fault::Partial, Fault::Slow, Fault::Half, Fault::Unavailable];
                KINDS[number / 5 % KINDS.len()].answer(3, request)
            }
            Fault::Chaos if number.is_multiple_of(2) => {
                const KINDS: [Fault; 8] = [
                    Fault::Later,
                    Fault::Reset,
                    Fault::Partial,
                    Fault::Slow,
                    Fault::Half,
                    Fault::Unavailable,
                    Fault::TooLarge,
                    Fault::Garbage,
                ];
                KINDS[number / 2 % KINDS.len()].answer(3, request)
            }
            _ => Answer::Ok,
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name).ok_or_else(|| {
            let names: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
            format!("there is no fault {name:?}: use one of {}", names.join(", "))
        })
    }
}
