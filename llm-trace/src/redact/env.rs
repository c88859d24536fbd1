//! The policy's environment variables.

use super::masks::Masks;
use super::policy::{Capture, Policy};

const CAPTURE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
const MASK: &str = "LLM_TRACE_MASK";

/// Environment variables that could not be read.
///
/// Content stays off where the capture variable was not understood, and everything is masked
/// where the mask variable was not: [`into_policy`](Self::into_policy) has that policy.
#[derive(Debug, thiserror::Error)]
#[error("{}", problems.join("; "))]
pub struct PolicyError {
    problems: Vec<String>,
    policy: Box<Policy>,
}

impl PolicyError {
    /// The policy to go on with: closed wherever a variable was not understood.
    pub fn into_policy(self) -> Policy {
        *self.policy
    }
}

impl Policy {
    /// Reads `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` (`NO_CONTENT`, `SPAN_ONLY`,
    /// `EVENT_ONLY`, `SPAN_AND_EVENT`, `true` for `SPAN_ONLY`, `false`; in any case) and
    /// `LLM_TRACE_MASK` (`input`, `output`, `all`, `none`, separated by commas).
    ///
    /// # Errors
    ///
    /// If a variable holds another value. The error has a closed policy to go on with.
    ///
    /// ```
    /// let policy = llm_trace::Policy::from_env().unwrap_or_else(|error| {
    ///     eprintln!("{error}");
    ///     error.into_policy()
    /// });
    /// ```
    pub fn from_env() -> Result<Self, PolicyError> {
        Self::new().with_env()
    }

    /// This policy, with what the environment says: a capture variable replaces
    /// [`capture`](Self::capture), a mask variable adds masks.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn with_env(self) -> Result<Self, PolicyError> {
        self.with_vars(|name| {
            // What is not Unicode is no value we know.
            std::env::var_os(name).map(|value| value.into_string().unwrap_or_else(|_| "\u{fffd}".to_owned()))
        })
    }

    pub(crate) fn with_vars(mut self, var: impl Fn(&str) -> Option<String>) -> Result<Self, PolicyError> {
        // An empty variable counts as unset, as everywhere in OpenTelemetry.
        let var = |name| var(name).filter(|value| !value.trim().is_empty());
        let mut problems = Vec::new();
        if let Some(value) = var(CAPTURE) {
            self.capture = read_capture(&value).unwrap_or_else(|| {
                problems.push(format!(
                    "{CAPTURE}={value:?} is none of NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT: \
                     no content is captured; set it to one of these"
                ));
                Capture::Off
            });
        }
        if let Some(value) = var(MASK) {
            let masks = read_masks(&value).unwrap_or_else(|| {
                problems.push(format!(
                    "{MASK}={value:?} is not made of input, output, all or none: \
                     everything is masked; set it to one of these, or to several separated by commas"
                ));
                Masks::all()
            });
            self.masks = self.masks.union(masks);
        }
        if problems.is_empty() { Ok(self) } else { Err(PolicyError { problems, policy: Box::new(self) }) }
    }
}

fn read_capture(value: &str) -> Option<Capture> {
    match value.trim().to_ascii_uppercase().as_str() {
        "NO_CONTENT" | "FALSE" => Some(Capture::Off),
        "SPAN_ONLY" | "TRUE" => Some(Capture::Span),
        "EVENT_ONLY" => Some(Capture::Event),
        "SPAN_AND_EVENT" => Some(Capture::SpanAndEvent),
        _ => None,
    }
}

fn read_masks(value: &str) -> Option<Masks> {
    value.split(',').try_fold(Masks::new(), |masks, word| match word.trim().to_ascii_lowercase().as_str() {
        "input" => Some(masks.mask_input(true)),
        "output" => Some(masks.mask_output(true)),
        "all" => Some(Masks::all()),
        "none" => Some(masks),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(capture: &str, mask: &str) -> Result<Policy, PolicyError> {
        Policy::new().with_vars(|name| Some(if name == CAPTURE { capture } else { mask }.to_owned()))
    }

    #[test]
    fn capture_is_read_in_any_case() {
        for (value, capture) in [
            ("", Capture::Off),
            ("NO_CONTENT", Capture::Off),
            ("false", Capture::Off),
            ("span_only", Capture::Span),
            ("True", Capture::Span),
            ("Event_Only", Capture::Event),
            ("SPAN_AND_EVENT", Capture::SpanAndEvent),
        ] {
            assert_eq!(read(value, "").expect(value).capture, capture);
        }
    }

    #[test]
    fn an_unknown_capture_value_is_off_and_an_error() {
        let error = read("SPAN", "").expect_err("unknown");
        assert!(error.to_string().contains("\"SPAN\""), "{error}");
        assert_eq!(error.into_policy().capture, Capture::Off);
    }

    #[test]
    fn masks_add_up() {
        assert_eq!(read("", "input").expect("known").masks, Masks::new().mask_input(true));
        assert_eq!(read("", "Input, OUTPUT").expect("known").masks, Masks::all());
        assert_eq!(read("", "all").expect("known").masks, Masks::all());
        assert_eq!(read("", "none").expect("known").masks, Masks::new());
        assert_eq!(read("", "none,output").expect("known").masks, Masks::new().mask_output(true));
    }

    #[test]
    fn an_unreadable_mask_masks_all_and_is_an_error() {
        for value in ["inputs", "input;output", "true", "\u{fffd}", "input,,"] {
            let error = read("SPAN_ONLY", value).expect_err(value);
            let policy = error.into_policy();
            assert_eq!((policy.masks, policy.capture), (Masks::all(), Capture::Span), "{value}");
        }
    }
}
