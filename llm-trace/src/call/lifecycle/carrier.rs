//! Where the trace context of a call is written: headers, maps, messages.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use serde_json::{Map, Value};

/// Where [`inject`](crate::inject) writes a trace context to: an `http::HeaderMap`, a map of texts, the object of a
/// JSON message, the parameters of an MCP request ([`McpMeta`]), or a closure that takes name and value.
///
/// ```
/// use std::collections::HashMap;
///
/// # struct Message;
/// # impl Message { fn set_header(&mut self, _name: &str, _value: &[u8]) {} }
/// # fn send(message: &mut Message) {
/// let mut map = HashMap::<String, String>::new();
/// llm_trace::inject_to("queue.internal", &mut map);
/// // A client with headers of its own.
/// llm_trace::inject_to("queue.internal", &mut |name: &str, value: &str| {
///     message.set_header(name, value.as_bytes());
/// });
/// # }
/// # send(&mut Message);
/// ```
pub trait Carrier: sealed::Sealed {
    /// Whether the carrier took it.
    #[doc(hidden)]
    fn set(&mut self, name: &str, value: String) -> bool;
}

mod sealed {
    pub trait Sealed {}
}

#[cfg(feature = "http")]
impl sealed::Sealed for http::HeaderMap {}
#[cfg(feature = "http")]
impl Carrier for http::HeaderMap {
    fn set(&mut self, name: &str, value: String) -> bool {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(value)) = (name, http::HeaderValue::from_str(&value)) else { return false };
        self.insert(name, value);
        true
    }
}

impl<F: FnMut(&str, &str)> sealed::Sealed for F {}
impl<F: FnMut(&str, &str)> Carrier for F {
    fn set(&mut self, name: &str, value: String) -> bool {
        self(name, &value);
        true
    }
}

macro_rules! maps {
    ($([$($generics:tt)*] $map:ty;)*) => {$(
        impl<$($generics)*> sealed::Sealed for $map {}
        impl<$($generics)*> Carrier for $map {
            fn set(&mut self, name: &str, value: String) -> bool {
                self.insert(name.to_owned().into(), value.into());
                true
            }
        }
    )*};
}

maps! {
    [K: From<String> + Eq + Hash, V: From<String>, S: BuildHasher] HashMap<K, V, S>;
    [K: From<String> + Ord, V: From<String>] BTreeMap<K, V>;
    [] Map<String, Value>;
}

/// The parameters of a request of the Model Context Protocol. [`inject`](crate::inject) writes the trace context into
/// their `_meta`, where [SEP-414] has it: `traceparent`, `tracestate` and `baggage`.
///
/// Other keys of `_meta` stay. Missing parameters become an object; parameters that are a list have no `_meta` and
/// stay as they are. A server over stdio has no host: name it `stdio`.
///
/// [SEP-414]: https://modelcontextprotocol.io/community/seps/414-request-meta
///
/// ```
/// use llm_trace::{McpMeta, Propagation, inject_to, llm_tool};
/// use serde_json::{Value, json};
///
/// #[llm_tool(name = name)]
/// fn call_tool(name: &str, arguments: &Value) -> Value {
///     let mut request = json!({
///         "jsonrpc": "2.0", "id": 2, "method": "tools/call",
///         "params": {"name": name, "arguments": arguments},
///     });
///     inject_to("stdio", &mut McpMeta::new(&mut request["params"]));
///     // … and send it.
///     request
/// }
///
/// # use tracing_subscriber::prelude::*;
/// let layer = llm_trace::layer().with_propagation(Propagation::new().to_host("stdio"));
/// # let layer = layer.with_tracer_provider(&opentelemetry_sdk::trace::SdkTracerProvider::default());
/// # tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
/// let request = call_tool("get_weather", &json!({"city": "Oslo"}));
/// assert!(request["params"]["_meta"]["traceparent"].as_str().is_some_and(|text| text.starts_with("00-")));
/// # });
/// ```
#[derive(Debug)]
pub struct McpMeta<'p>(&'p mut Value);

impl<'p> McpMeta<'p> {
    /// Creates a carrier for the `params` of a request.
    pub fn new(params: &'p mut Value) -> Self {
        Self(params)
    }
}

impl sealed::Sealed for McpMeta<'_> {}
impl Carrier for McpMeta<'_> {
    fn set(&mut self, name: &str, value: String) -> bool {
        let Some(params) = object(self.0) else { return false };
        let Some(meta) = object(params.entry("_meta").or_insert(Value::Null)) else { return false };
        meta.set(name, value)
    }
}

/// An object; what is null or absent becomes one.
fn object(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}
