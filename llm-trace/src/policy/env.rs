//! The environment variables of the policy.

use super::content_ratio::Share;
use super::masks::Masks;
use super::policy::{Capture, Policy};
use crate::diag::outside;

const CAPTURE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
const MASK: &str = "LLM_TRACE_MASK";
/// The smallest of these limits applies to spans and events.
const LENGTHS: [&str; 3] = [
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
];
const RATIO: &str = "LLM_TRACE_CONTENT_RATIO";

/// An error for environment variables with invalid values.
///
/// [`into_policy`](Self::into_policy) returns a safe policy: an invalid capture variable disables capture, and an
/// invalid mask variable masks everything.
///
/// ```
/// use llm_trace::{Capture, Policy};
/// use tracing_subscriber::prelude::*;
///
/// let policy = Policy::new().capture(Capture::Span).with_env().unwrap_or_else(|error| {
///     eprintln!("{error}");
///     error.into_policy()
/// });
/// tracing_subscriber::registry().with(llm_trace::layer().with_policy(policy)).init();
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{}", problems.join("; "))]
pub struct PolicyError {
    problems: Vec<String>,
    policy: Box<Policy>,
}

impl PolicyError {
    /// The policy with a safe default in place of each invalid variable.
    pub fn into_policy(self) -> Policy {
        *self.policy
    }
}

impl Policy {
    /// Creates a policy from the environment.
    ///
    /// - `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`: `NO_CONTENT` or `false`, `SPAN_ONLY` or `true`,
    ///   `EVENT_ONLY`, `SPAN_AND_EVENT`, in any case
    /// - `LLM_TRACE_MASK`: `input`, `output`, `all` or `none`, separated by commas
    /// - `LLM_TRACE_CONTENT_RATIO`: from 0 to 1, see [`content_ratio`](Self::content_ratio)
    /// - `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` and its variants for spans and log records: limits content and other texts to
    ///   this many bytes; the JSON of content stays valid
    ///
    /// # Errors
    ///
    /// If a variable holds any other value. The error holds a policy with safe defaults.
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

    /// Applies the environment to this policy: the capture variable replaces [`capture`](Self::capture), the mask
    /// variable adds masks, and the smaller of two ratios applies.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn with_env(self) -> Result<Self, PolicyError> {
        self.with_vars(|name| {
            // A value that is not Unicode is invalid.
            std::env::var_os(name).map(|value| value.into_string().unwrap_or_else(|_| "\u{fffd}".to_owned()))
        })
    }

    pub(crate) fn with_vars(mut self, var: impl Fn(&str) -> Option<String>) -> Result<Self, PolicyError> {
        // An empty variable counts as unset, as specified by OpenTelemetry.
        let var = |name| var(name).filter(|value| !value.trim().is_empty());
        let mut problems = Vec::new();
        if let Some(value) = var(CAPTURE) {
            self.capture = read_capture(&value).unwrap_or_else(|| {
                problems.push(format!(
                    "{CAPTURE}=\"{}\" is not one of NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT: no content \
                     is captured; set it to one of these",
                    outside(&value)
                ));
                Capture::Off
            });
        }
        if let Some(value) = var(MASK) {
            let masks = read_masks(&value).unwrap_or_else(|| {
                problems.push(format!(
                    "{MASK}=\"{}\" is not a list of input, output, all or none: everything is masked; set it to \
                     one of these, or to several separated by commas",
                    outside(&value)
                ));
                Masks::all()
            });
            self.masks = self.masks.union(masks);
        }
        if let Some(value) = var(RATIO) {
            let ratio = value.trim().parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio)).unwrap_or_else(|| {
                problems.push(format!(
                    "{RATIO}=\"{}\" is not a number from 0 to 1: no content is captured",
                    outside(&value)
                ));
                0.0
            });
            self.content_share = self.content_share.min(Share::new(ratio));
        }
        for name in LENGTHS {
            let Some(value) = var(name) else { continue };
            match value.trim().parse::<usize>() {
                Ok(bytes) => self = self.limit_attributes(bytes),
                Err(_) => problems.push(format!(
                    "{name}=\"{}\" is not a number of bytes: set it to one, or unset it",
                    outside(&value)
                )),
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(PolicyError { problems, policy: Box::new(self) }) }
    }
}

impl Policy {
    /// Lowers all content limits to this many bytes.
    fn limit_attributes(mut self, bytes: usize) -> Self {
        self.budgets.attribute = self.budgets.attribute.min(bytes);
        self.budgets.text = self.budgets.text.min(bytes);
        self
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

    #[test]
    fn opentelemetrys_limit_of_lengths_is_contents_too() {
        let read = |name: &'static str, value: &'static str| {
            Policy::new().with_vars(move |asked| (asked == name).then(|| value.to_owned()))
        };
        for name in LENGTHS {
            let budgets = read(name, "100").expect("a number").budgets;
            assert_eq!((budgets.attribute, budgets.text), (100, 100), "{name}");
            let default = read(name, " ").expect("unset").budgets;
            assert_eq!(read(name, "100000000").expect("a number").budgets, default);
            assert!(read(name, "long").expect_err("no number").to_string().contains(name));
        }
    }

    #[test]
    fn the_smaller_ratio_counts_and_one_that_is_none_keeps_nothing() {
        let read = |policy: Policy, value: &str| policy.with_vars(|name| (name == RATIO).then(|| value.to_owned()));
        for (value, ratio) in [("", 1.0), ("1", 1.0), (" 0.25 ", 0.25), ("0", 0.0)] {
            assert_eq!(read(Policy::new(), value).expect(value).content_share, Share::new(ratio), "{value}");
        }
        let half = Policy::new().content_ratio(0.5);
        assert_eq!(read(half.clone(), "0.75").expect("a ratio").content_share, Share::new(0.5));
        assert_eq!(read(half, "0.25").expect("a ratio").content_share, Share::new(0.25));
        for value in ["10%", "1.5", "-1", "nan", "many"] {
            let error = read(Policy::new(), value).expect_err(value);
            assert!(error.to_string().contains(RATIO), "{error}");
            assert_eq!(error.into_policy().content_share, Share::new(0.0));
        }
    }

    fn read(capture: &str, mask: &str) -> Result<Policy, PolicyError> {
        Policy::new().with_vars(|name| match name {
            CAPTURE => Some(capture.to_owned()),
            MASK => Some(mask.to_owned()),
            _ => None,
        })
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
