//! A common interface to OTLP requests: their records can be counted, split and cut.

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value as Any};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::export::exporter::Signal;
use crate::guard::otel::shrink::is_content;
use crate::policy::Report;

/// A request of one signal.
pub(crate) trait OtlpRequest: Message + Default + Serialize + DeserializeOwned {
    const SIGNAL: Signal;
    /// The singular and the plural name of a record in messages.
    const RECORD: [&'static str; 2];
    type Response: Message + Default + DeserializeOwned;

    /// The number of records.
    fn count(&self) -> usize;

    /// Splits off about half of the records; `None` if there is only one.
    fn split(&mut self) -> Option<Self>;

    /// Visits the values of all attributes.
    fn visit_values(&mut self, visit: Visit<'_>);

    /// Drops the content of a request's only record and notes that in the record. Returns its name; `None` if it had no
    /// content.
    fn drop_content(&mut self) -> Option<String>;

    /// The number of records rejected in a successful response, and the reason.
    fn partial_success(response: Self::Response) -> (i64, String);
}

/// An encoded request.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    pub(crate) signal: Signal,
    pub(crate) body: Bytes,
}

/// Is called with the value of each attribute.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&mut AnyValue);

/// Encodes a request as JSON. Numbers that are not finite become texts, because JSON has no such numbers: collectors
/// reject a whole request with a `null` in place of a number.
pub(super) fn to_json<Q: OtlpRequest>(request: &mut Q) -> Result<Vec<u8>, String> {
    request.visit_values(&mut spell_out);
    serde_json::to_vec(request).map_err(|error| error.to_string())
}

fn spell_out(value: &mut AnyValue) {
    match &mut value.value {
        Some(Any::DoubleValue(number)) if !number.is_finite() => {
            let text = match *number {
                f64::INFINITY => "Infinity",
                f64::NEG_INFINITY => "-Infinity",
                _ => "NaN",
            };
            value.value = Some(Any::StringValue(text.to_owned()));
        }
        Some(Any::ArrayValue(array)) => array.values.iter_mut().for_each(spell_out),
        Some(Any::KvlistValue(map)) => visit_all(&mut map.values, &mut spell_out),
        _ => {}
    }
}

pub(super) fn visit_all(attributes: &mut [KeyValue], visit: Visit<'_>) {
    attributes.iter_mut().filter_map(|attribute| attribute.value.as_mut()).for_each(visit);
}

/// Implements the common structure of requests: resources contain scopes, and scopes contain items.
macro_rules! nested {
    ($request:ty, $resources:ident, $scopes:ident, $items:ident: $item:ty) => {
        fn items(request: &$request) -> impl Iterator<Item = &$item> {
            request.$resources.iter().flat_map(|resource| &resource.$scopes).flat_map(|scope| &scope.$items)
        }

        fn items_mut(request: &mut $request) -> impl Iterator<Item = &mut $item> {
            let scopes = request.$resources.iter_mut().flat_map(|resource| &mut resource.$scopes);
            scopes.flat_map(|scope| &mut scope.$items)
        }

        /// Visits the values of the attributes of resources and scopes.
        fn visit_outer(request: &mut $request, visit: $crate::export::otlp::request::Visit<'_>) {
            for resource in &mut request.$resources {
                resource
                    .resource
                    .iter_mut()
                    .for_each(|resource| $crate::export::otlp::request::visit_all(&mut resource.attributes, visit));
                let scopes = resource.$scopes.iter_mut().filter_map(|scope| scope.scope.as_mut());
                scopes.for_each(|scope| $crate::export::otlp::request::visit_all(&mut scope.attributes, visit));
            }
        }

        /// Moves `wanted` items of a request, with their resource and scope, into a new request.
        fn take(request: &mut $request, wanted: usize) -> $request {
            let mut left = wanted;
            let mut taken = <$request>::default();
            for resource in &mut request.$resources {
                let mut scopes = Vec::new();
                for scope in &mut resource.$scopes {
                    let rest = scope.$items.split_off(left.min(scope.$items.len()));
                    let items = std::mem::take(&mut scope.$items);
                    left = left.saturating_sub(items.len());
                    if !items.is_empty() {
                        let mut own = scope.clone();
                        own.$items = items;
                        scopes.push(own);
                    }
                    scope.$items = rest;
                }
                if !scopes.is_empty() {
                    let rest = std::mem::take(&mut resource.$scopes);
                    let mut own = resource.clone();
                    own.$scopes = scopes;
                    taken.$resources.push(own);
                    resource.$scopes = rest;
                }
                resource.$scopes.retain(|scope| !scope.$items.is_empty());
            }
            request.$resources.retain(|resource| !resource.$scopes.is_empty());
            taken
        }

        /// Splits off half of the items; `None` if there is only one.
        fn half(request: &mut $request) -> Option<$request> {
            let count = items(request).count();
            (count > 1).then(|| take(request, count / 2))
        }
    };
}
pub(super) use nested;

pub(super) fn without_content(attributes: &mut Vec<KeyValue>) -> usize {
    let before = attributes.len();
    attributes.retain(|attribute| !is_content(&attribute.key));
    before.saturating_sub(attributes.len())
}

/// Notes how many values with content were dropped; `None` if there were none.
pub(super) fn note(attributes: &mut Vec<KeyValue>, dropped: usize) -> Option<()> {
    if dropped == 0 {
        return None;
    }
    let note = AnyValue { value: Some(Any::StringValue(format!("cut:content={dropped}"))) };
    match attributes.iter_mut().find(|attribute| attribute.key == Report::KEY) {
        Some(KeyValue { value: Some(AnyValue { value: Some(Any::ArrayValue(notes)) }), .. }) => notes.values.push(note),
        _ => attributes.push(KeyValue {
            key: Report::KEY.to_owned(),
            value: Some(AnyValue { value: Some(Any::ArrayValue(ArrayValue { values: vec![note] })) }),
            ..KeyValue::default()
        }),
    }
    Some(())
}

#[cfg(test)]
mod tests;
