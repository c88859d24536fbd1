//! Trace context in the headers of incoming requests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use opentelemetry::Context;
use opentelemetry::baggage::{BaggageExt, KeyValueMetadata};
use opentelemetry::propagation::{Extractor, TextMapCompositePropagator, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

use super::existing_trace::Parent;
use super::traceparent::Traceparent;
use crate::ambient::scope::Scope;
use crate::diag;

/// A header of an incoming request, or an entry of a map that carries trace context: a name and a value.
///
/// Implemented for pairs and references to pairs, of a text and a [`HeaderText`]. [`Scope::parent_from`] takes any
/// iterator of them, so it takes a `&http::HeaderMap`, a map or the object of a JSON message.
///
/// ```
/// use std::collections::HashMap;
///
/// let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let from_a_map = llm_trace::scope().parent_from(&HashMap::from([("traceparent", traceparent)]));
/// // Headers of a message queue are bytes.
/// let headers: Vec<(String, Vec<u8>)> = vec![("traceparent".into(), traceparent.into())];
/// let from_a_message = llm_trace::scope().parent_from(&headers);
/// # from_a_map.run(|| from_a_message.run(|| ()));
/// ```
pub trait HeaderPair: sealed::Pair {
    /// The name and the value, if the value is a text.
    #[doc(hidden)]
    fn name_and_value(&self) -> Option<(&str, &str)>;
}

/// The value of a [`HeaderPair`]: a text, bytes, an `http::HeaderValue` or a `serde_json::Value`.
///
/// Bytes that are not UTF-8 and JSON values that are not strings are left out.
///
/// ```
/// let message = serde_json::json!({"_meta": {
///     "progressToken": 7,
///     "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
/// }});
/// if let Some(meta) = message["_meta"].as_object() {
///     llm_trace::scope().parent_from(meta).run(|| { /* calls */ });
/// }
/// ```
pub trait HeaderText: sealed::Text {
    #[doc(hidden)]
    fn as_text(&self) -> Option<&str>;
}

mod sealed {
    pub trait Pair {}
    pub trait Text {}
}

impl<K, V> sealed::Pair for (K, V) {}
impl<K: AsRef<str>, V: HeaderText> HeaderPair for (K, V) {
    fn name_and_value(&self) -> Option<(&str, &str)> {
        Some((self.0.as_ref(), self.1.as_text()?))
    }
}

impl<P: sealed::Pair + ?Sized> sealed::Pair for &P {}
impl<P: HeaderPair + ?Sized> HeaderPair for &P {
    fn name_and_value(&self) -> Option<(&str, &str)> {
        (**self).name_and_value()
    }
}

impl<T: sealed::Text + ?Sized> sealed::Text for &T {}
impl<T: HeaderText + ?Sized> HeaderText for &T {
    fn as_text(&self) -> Option<&str> {
        (**self).as_text()
    }
}

macro_rules! header_texts {
    ($($(#[$cfg:meta])? $type:ty: |$value:ident| $text:expr;)*) => {$(
        $(#[$cfg])?
        impl sealed::Text for $type {}
        $(#[$cfg])?
        impl HeaderText for $type {
            fn as_text(&self) -> Option<&str> {
                let $value = self;
                $text
            }
        }
    )*};
}

header_texts! {
    str: |text| Some(text);
    String: |text| Some(text);
    Cow<'_, str>: |text| Some(text);
    [u8]: |bytes| std::str::from_utf8(bytes).ok();
    Vec<u8>: |bytes| std::str::from_utf8(bytes).ok();
    serde_json::Value: |value| value.as_str();
    #[cfg(feature = "http")]
    http::HeaderValue: |value| value.to_str().ok();
}

/// The headers by name in lower case. Values of one name, as `tracestate` and `baggage` may have, are joined.
struct Extracted<'h>(BTreeMap<String, Cow<'h, str>>);

impl<'h> Extracted<'h> {
    fn new<P: HeaderPair + 'h>(pairs: &'h [P]) -> Self {
        let mut all = BTreeMap::<_, Cow<'h, str>>::new();
        for (name, value) in pairs.iter().filter_map(HeaderPair::name_and_value) {
            match all.entry(name.to_ascii_lowercase()) {
                Entry::Vacant(first) => {
                    first.insert(Cow::Borrowed(value));
                }
                Entry::Occupied(more) => {
                    let joined = more.into_mut().to_mut();
                    joined.push(',');
                    joined.push_str(value);
                }
            }
        }
        Self(all)
    }
}

impl Extractor for Extracted<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(&*key.to_ascii_lowercase()).map(|value| &**value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| &**name).collect()
    }
}

const TRACEPARENT: &str = "traceparent";

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
    ///
    /// // Any iterator of pairs: here the environment, as a parent process set it.
    /// llm_trace::scope().parent_from(std::env::vars()).run(|| { /* calls */ });
    /// ```
    pub fn parent_from<I>(mut self, headers: I) -> Self
    where
        I: IntoIterator,
        I::Item: HeaderPair,
    {
        let pairs: Vec<I::Item> = headers.into_iter().collect();
        let mut extracted = Extracted::new(&pairs);
        // Propagators accept invalid values.
        let unreadable = extracted.0.get(TRACEPARENT).is_some_and(|value| Traceparent::parse(value).is_none());
        if unreadable {
            extracted.0.remove(TRACEPARENT);
        }
        let cx = with_propagator(|propagator| propagator.extract_with_context(&Context::new(), &extracted));
        let span = cx.span().span_context().clone();
        if span.is_valid() {
            self.parent = Some(Parent::Remote(span, baggage(&cx, |_| true)));
        } else if unreadable {
            diag::warn_once(
                "traceparent",
                "a request has an invalid `traceparent` header: its trace is not continued and a new trace is started",
            );
        }
        self
    }
}
