//! A scope from the metadata of a gateway's request.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Caller, ExistingTrace, Id, Scope, TraceError, TraceUpdate};
use crate::redact::Masks;

/// What was wrong in a request's metadata; the rest of it is in [`into_scope`](MetadataError::into_scope).
///
/// ```
/// use llm_trace::Scope;
///
/// let metadata = serde_json::json!({"existing_trace_id": "17", "mask_input": true});
/// let error = Scope::from_metadata(&metadata).unwrap_err();
/// assert!(error.reason().to_string().contains("17"));
/// let scope = error.into_scope(); // the mask holds all the same
/// # let _ = scope;
/// ```
#[derive(Debug, thiserror::Error)]
#[error("metadata: {source}")]
pub struct MetadataError {
    source: TraceError,
    scope: Box<Scope>,
}

impl MetadataError {
    /// What the metadata says apart from what is wrong: masks above all.
    pub fn into_scope(self) -> Scope {
        *self.scope
    }

    /// What was wrong.
    pub fn reason(&self) -> &TraceError {
        &self.source
    }
}

impl Scope {
    /// Reads the metadata object of a gateway's request, in the names that gateways use:
    ///
    /// | says | keys |
    /// |---|---|
    /// | masks | `mask_input`, `mask_output` |
    /// | caller | `user_api_key_hash`, `_alias`, `_user_id`, `_team_id`, `_team_alias`, `_org_id`, `_end_user_id`, `_user_email`, `_request_route`, also without `user_api_key_` |
    /// | caller, by its key | `user_api_key`: kept as SHA-256 |
    /// | user | `user_id`, `trace_user_id` |
    /// | session | `session_id`, `litellm_session_id` |
    /// | conversation | `conversation_id` |
    /// | tags | `tags`: a list, or a text with commas |
    /// | prompt | `prompt_name`, `prompt_version` |
    /// | trace | `existing_trace_id`, and `parent_span_id` or `parent_observation_id` |
    /// | update of the trace | `update_trace_keys`: `input`, `output` |
    ///
    /// Everything else is left alone.
    ///
    /// ```
    /// use llm_trace::Scope;
    ///
    /// let metadata = serde_json::json!({"session_id": "s1", "mask_input": "true", "existing_trace_id": "17"});
    /// let scope = Scope::from_metadata(&metadata).unwrap_or_else(|error| {
    ///     eprintln!("{error}");
    ///     error.into_scope()
    /// });
    /// # let _ = scope;
    /// ```
    ///
    /// # Errors
    /// A trace or span id that is none.
    pub fn from_metadata<M: Serialize + ?Sized>(metadata: &M) -> Result<Scope, MetadataError> {
        let Ok(Value::Object(map)) = serde_json::to_value(metadata) else { return Ok(Scope::default()) };
        let scope = read(&map);
        match trace(&map) {
            Ok(None) => Ok(scope),
            Ok(Some(trace)) => Ok(Scope { parent: Some(trace.into()), ..scope }),
            Err(source) => Err(MetadataError { source, scope: Box::new(scope) }),
        }
    }
}

fn read(map: &Map<String, Value>) -> Scope {
    let get = |names: &[&str]| Id(names.iter().find_map(|name| text(map.get(*name)?)));
    let caller = match get(&["user_api_key"]) {
        Id(Some(key)) if is_sha256(&key) => Caller::builder().key_hash(key),
        Id(Some(key)) => Caller::from_api_key(key),
        Id(None) => Caller::builder(),
    };
    let caller = Caller::builder()
        .key_hash(get(&["user_api_key_hash", "key_hash"]))
        .key_alias(get(&["user_api_key_alias", "key_alias"]))
        .user_id(get(&["user_api_key_user_id"]))
        .team_id(get(&["user_api_key_team_id", "team_id"]))
        .team_alias(get(&["user_api_key_team_alias", "team_alias"]))
        .org_id(get(&["user_api_key_org_id", "org_id"]))
        .end_user_id(get(&["user_api_key_end_user_id", "end_user_id"]))
        .email(get(&["user_api_key_user_email", "email"]))
        .route(get(&["user_api_key_request_route", "route"]))
        .over(&caller);
    let mut scope = Scope::default()
        .masks(Masks::from_metadata(map))
        .caller(caller)
        .user(get(&["user_id", "trace_user_id"]))
        .session(get(&["session_id", "litellm_session_id"]))
        .conversation(get(&["conversation_id"]))
        .tags(list(map.get("tags")))
        .prompt(get(&["prompt_name"]), get(&["prompt_version"]));
    let update = list(map.get("update_trace_keys")).iter().fold(TraceUpdate::NONE, |update, key| match key.as_str() {
        "input" => update | TraceUpdate::INPUT,
        "output" => update | TraceUpdate::OUTPUT,
        _ => update,
    });
    if update != TraceUpdate::NONE {
        scope = scope.update_trace(update);
    }
    scope
}

fn trace(map: &Map<String, Value>) -> Result<Option<ExistingTrace>, TraceError> {
    let Some(id) = map.get("existing_trace_id").and_then(text) else { return Ok(None) };
    let trace = ExistingTrace::new(id)?;
    let parent = ["parent_span_id", "parent_observation_id"].iter().find_map(|name| text(map.get(*name)?));
    match parent {
        Some(parent) => trace.below(parent).map(Some),
        None => Ok(Some(trace)),
    }
}

/// An identifier, which may be a number.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(all)) => all.iter().filter_map(text).collect(),
        Some(Value::String(text)) => {
            text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_gateways_names_are_read() {
        let scope = read(
            json!({
                "user_api_key": "sk-plain", "user_api_key_alias": "ci", "user_api_key_team_id": 7,
                "session_id": "s", "tags": "a, b", "update_trace_keys": ["output", "name"], "mask_output": 1,
            })
            .as_object()
            .expect("an object"),
        );
        assert_eq!(scope.facts.caller, Caller::from_api_key("sk-plain").key_alias("ci").team_id("7"));
        assert_eq!(scope.facts.session.as_deref(), Some("s"));
        assert_eq!(scope.facts.tags, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(scope.facts.update, Some(TraceUpdate::OUTPUT));
        assert!(scope.masks.output() && !scope.masks.input());
    }

    #[test]
    fn a_bad_trace_id_leaves_the_masks() {
        let metadata = json!({"existing_trace_id": "none", "mask_input": true});
        let error = Scope::from_metadata(&metadata).expect_err("an error");
        assert_eq!(error.reason(), &TraceError::TraceId("none".to_owned()));
        assert!(error.into_scope().masks.input());
    }
}
