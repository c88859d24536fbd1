//! Trace context in HTTP headers: extracted from incoming requests, injected into outgoing ones.

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

/// The headers of an incoming request.
///
/// ```
/// use std::collections::HashMap;
///
/// let headers = HashMap::from([("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]);
/// llm_trace::scope().parent_from(&headers).run(|| { /* calls */ });
/// ```
///
/// This trait is sealed. For other types, put the headers into a map.
pub trait Headers: sealed::Sealed {
    /// The value of a header, by its name in lower case.
    #[doc(hidden)]
    fn header(&self, name: &str) -> Option<Cow<'_, str>>;

    /// The names of all headers.
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
        // `tracestate` and `baggage` may be split into several headers.
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

/// Joins split headers, because OpenTelemetry's extractor returns borrowed texts.
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

/// Whether a `traceparent` is valid by the W3C grammar.
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

/// The global propagator, or the W3C propagators if none is set.
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

/// The baggage of a context, filtered by key.
pub(crate) fn baggage(cx: &Context, keep: impl Fn(&str) -> bool) -> Vec<KeyValueMetadata> {
    let kept = cx.baggage().iter().filter(|(key, _)| keep(key.as_str()));
    kept.map(|(key, (value, more))| KeyValueMetadata::new(key.clone(), value.clone(), more.clone())).collect()
}

impl Scope {
    /// Sets the remote parent of the calls directly inside the scope, from the headers of an incoming request.
    /// OpenTelemetry's global propagator reads them: W3C `traceparent` and `tracestate` unless another one is set. An
    /// open local span becomes a link.
    ///
    /// Headers without a trace change nothing. An invalid `traceparent` is ignored too: the call starts a new trace,
    /// and a warning is logged once.
    ///
    /// ```
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap());
    /// llm_trace::scope().parent_from(&headers).run(|| { /* calls */ });
    /// ```
    pub fn parent_from<H: Headers + ?Sized>(mut self, headers: &H) -> Self {
        let mut joined = Joined::new(headers);
        // Propagators accept invalid values.
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
