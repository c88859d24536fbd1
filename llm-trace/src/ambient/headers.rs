//! Trace context in headers: read from those that come in, written to those that go out.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use opentelemetry::Context;
use opentelemetry::baggage::{BaggageExt, KeyValueMetadata};
use opentelemetry::propagation::{Extractor, TextMapCompositePropagator, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

use super::scope::Scope;
use super::trace::Parent;
use crate::diag;

/// Headers of a request that came in.
///
/// ```
/// use std::collections::HashMap;
///
/// let headers = HashMap::from([("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]);
/// let scope = llm_trace::scope().parent_from(&headers);
/// # let _ = scope;
/// ```
///
/// Sealed: of other types put the headers into a map.
pub trait Headers: sealed::Sealed {
    /// A header's value, by its name in lower case.
    #[doc(hidden)]
    fn header(&self, name: &str) -> Option<Cow<'_, str>>;

    /// All names.
    #[doc(hidden)]
    fn names(&self) -> Vec<&str>;
}

mod sealed {
    use std::collections::{BTreeMap, HashMap};

    pub trait Sealed {}

    impl<K, V, S> Sealed for HashMap<K, V, S> {}
    impl<K, V> Sealed for BTreeMap<K, V> {}
    #[cfg(feature = "http")]
    impl Sealed for http::HeaderMap {}
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let first = values.next()?;
        // `tracestate` and `baggage` may come in several pieces.
        Some(values.fold(Cow::Borrowed(first), |all, more| Cow::Owned(format!("{all},{more}"))))
    }

    fn names(&self) -> Vec<&str> {
        self.keys().map(http::HeaderName::as_str).collect()
    }
}

macro_rules! of_maps {
    ($([$($generics:tt)*] $map:ty),*) => {$(
        impl<K: AsRef<str>, V: AsRef<str>, $($generics)*> Headers for $map {
            fn header(&self, name: &str) -> Option<Cow<'_, str>> {
                let mut all = self.iter();
                let (_, value) = all.find(|(key, _)| key.as_ref().eq_ignore_ascii_case(name))?;
                Some(Cow::Borrowed(value.as_ref()))
            }

            fn names(&self) -> Vec<&str> {
                self.iter().map(|(key, _)| key.as_ref()).collect()
            }
        }
    )*};
}

of_maps!([S] HashMap<K, V, S>, [] BTreeMap<K, V>);

/// OpenTelemetry's extractor hands out borrowed texts: those of several pieces are joined first.
struct Joined<'h>(Vec<(&'h str, Cow<'h, str>)>);

impl<'h> Joined<'h> {
    fn new<H: Headers + ?Sized>(headers: &'h H) -> Self {
        let names = headers.names().into_iter();
        Self(names.filter_map(|name| Some((name, headers.header(&name.to_ascii_lowercase())?))).collect())
    }
}

impl Extractor for Joined<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| &**value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }
}

const TRACEPARENT: &str = "traceparent";

/// Whether a `traceparent` is one by W3C's grammar.
fn is_traceparent(value: &str) -> bool {
    let hex = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let some = |part: &str| part.bytes().any(|byte| byte != b'0');
    let mut parts = value.trim().split('-');
    let [version, trace, span, flags] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let known = hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    known && hex(trace, 32) && some(trace) && hex(span, 16) && some(span) && hex(flags, 2)
}

/// The global propagator, or W3C's where none was set.
pub(crate) fn with_propagator<R>(mut use_it: impl FnMut(&dyn TextMapPropagator) -> R) -> R {
    opentelemetry::global::get_text_map_propagator(|global| {
        if global.fields().next().is_some() {
            return use_it(global);
        }
        use_it(&TextMapCompositePropagator::new(vec![
            Box::new(TraceContextPropagator::new()),
            Box::new(BaggagePropagator::new()),
        ]))
    })
}

/// The baggage of a context, by key.
pub(crate) fn baggage(cx: &Context, keep: impl Fn(&str) -> bool) -> Vec<KeyValueMetadata> {
    let kept = cx.baggage().iter().filter(|(key, _)| keep(key.as_str()));
    kept.map(|(key, (value, more))| KeyValueMetadata::new(key.clone(), value.clone(), more.clone())).collect()
}

impl Scope {
    /// Puts the calls right below under the span that the headers of an incoming request name,
    /// read by OpenTelemetry's global propagator: W3C's `traceparent` and `tracestate` unless another
    /// was set. A local span that is open here becomes a link.
    ///
    /// Headers without a trace change nothing. Nor does a `traceparent` that cannot be read: a new
    /// trace begins, and stderr is told once.
    ///
    /// ```
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap());
    /// llm_trace::scope().parent_from(&headers).run(|| { /* calls */ });
    /// ```
    pub fn parent_from<H: Headers + ?Sized>(mut self, headers: &H) -> Self {
        let mut joined = Joined::new(headers);
        // Propagators are not strict about it.
        let unreadable = joined.get(TRACEPARENT).is_some_and(|value| !is_traceparent(value));
        if unreadable {
            joined.0.retain(|(name, _)| !name.eq_ignore_ascii_case(TRACEPARENT));
        }
        let extracted = with_propagator(|propagator| propagator.extract_with_context(&Context::new(), &joined));
        let span = extracted.span().span_context().clone();
        if span.is_valid() {
            self.parent = Some(Parent::Remote(span, baggage(&extracted, |_| true)));
        } else if unreadable {
            diag::warn_once(
                "traceparent",
                "a request came with a `traceparent` that cannot be read; its trace is not continued, a new one begins",
            );
        }
        self
    }
}
