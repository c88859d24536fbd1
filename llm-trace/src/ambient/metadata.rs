//! A scope from the metadata of a gateway request.

use serde::Serialize;
use serde_json::{Map, Value};

use super::caller::{Caller, Id};
use super::scope::Scope;
use super::trace;
use super::trace_error::TraceError;
use super::trace_update::TraceUpdate;
use crate::credentials::keys::is_credential;
use crate::diag;
use crate::policy::Masks;
use crate::semconv::AttributeValue;

/// An error in the metadata of a request. [`into_scope`](MetadataError::into_scope) returns a scope with the valid
/// rest.
///
/// ```
/// use llm_trace::Scope;
///
/// let metadata = serde_json::json!({"existing_trace_id": "17", "mask_input": true});
/// let error = Scope::from_metadata(&metadata).unwrap_err();
/// assert!(error.reason().to_string().contains("17"));
/// let scope = error.into_scope(); // the mask still applies
/// scope.run(|| { /* calls */ });
/// ```
#[derive(Debug, thiserror::Error)]
#[error("metadata: {source}")]
pub struct MetadataError {
    source: TraceError,
    scope: Box<Scope>,
}

impl MetadataError {
    /// The scope with the valid part of the metadata, including its masks.
    pub fn into_scope(self) -> Scope {
        *self.scope
    }

    /// The invalid id.
    pub fn reason(&self) -> &TraceError {
        &self.source
    }
}

impl Scope {
    /// Creates a scope from the metadata object of a gateway request. These keys are read:
    ///
    /// | sets | keys |
    /// |---|---|
    /// | masks | `mask_input`, `mask_output` |
    /// | caller | `user_api_key_hash`, `_alias`, `_user_id`, `_team_id`, `_team_alias`, `_org_id`, `_end_user_id`, `_user_email`, `_request_route`, also without `user_api_key_` |
    /// | caller, by its key | `user_api_key`: stored as SHA-256 |
    /// | user | `user_id`, `trace_user_id` |
    /// | session | `session_id`, `litellm_session_id` |
    /// | conversation | `conversation_id` |
    /// | tags | `tags`: a list, or a text with commas |
    /// | prompt | `prompt_name`, `prompt_version` |
    /// | trace | `existing_trace_id`, and `parent_span_id` or `parent_observation_id`; `trace_id` if it is valid |
    /// | update of the trace | `update_trace_keys`: `input`, `output` |
    ///
    /// Any other key with a text, a number or a flag is recorded as metadata with the same name, including
    /// `trace_name`, `generation_name`, and a `trace_id` that is not an OpenTelemetry id. Lists, objects, texts of more
    /// than 512 bytes, texts and numbers under the name of a credential (`api_key`, `authorization`), other
    /// `user_api_key_…` keys, and keys of more than 64 bytes or with characters besides ASCII letters, digits, `_`, `-`
    /// and `.` are omitted. A warning lists the keys once.
    ///
    /// ```
    /// use llm_trace::Scope;
    ///
    /// let metadata = serde_json::json!({"session_id": "s1", "mask_input": "true", "existing_trace_id": "17"});
    /// let scope = Scope::from_metadata(&metadata).unwrap_or_else(|error| {
    ///     eprintln!("{error}");
    ///     error.into_scope()
    /// });
    /// scope.run(|| { /* calls */ });
    /// ```
    ///
    /// # Errors
    ///
    /// If a trace or span id is invalid.
    pub fn from_metadata<M: Serialize + ?Sized>(metadata: &M) -> Result<Scope, MetadataError> {
        let Ok(Value::Object(map)) = serde_json::to_value(metadata) else { return Ok(Scope::default()) };
        let scope = read(&map);
        let get = |name: &str| text(map.get(name)?);
        let span = get("parent_span_id").or_else(|| get("parent_observation_id"));
        match trace::named_parent(get("existing_trace_id"), get("trace_id"), span) {
            Ok(parent) => Ok(Scope { parent, ..scope }),
            Err(source) => Err(MetadataError { source, scope: Box::new(scope) }),
        }
    }
}

fn read(map: &Map<String, Value>) -> Scope {
    let get = |names: &[&str]| Id(names.iter().find_map(|name| text(map.get(*name)?)));
    let caller = match get(&["user_api_key"]) {
        Id(Some(key)) if is_sha256(&key) => Caller::new().key_hash(key),
        Id(Some(key)) => Caller::from_api_key(key),
        Id(None) => Caller::new(),
    };
    let caller = Caller::new()
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
    let mut unread = Vec::new();
    for (key, value) in map.iter().filter(|(key, value)| !KNOWN.contains(&key.as_str()) && !value.is_null()) {
        match metadata(key, value) {
            Some(value) if scope.facts.metadata.len() < MAX_KEYS => scope.facts.set_metadata(key.clone().into(), value),
            _ => unread.push(key.as_str()),
        }
    }
    if !unread.is_empty() {
        unread.retain(|key| is_name(key));
        unread.truncate(MAX_KEYS);
        diag::warn_once("metadata-keys", &format!("metadata is not recorded: {}", unread.join(", ")));
    }
    scope
}

/// The keys that are not recorded as metadata.
const KNOWN: &[&str] = &[
    "conversation_id",
    "email",
    "end_user_id",
    "existing_trace_id",
    "key_alias",
    "key_hash",
    "litellm_session_id",
    "mask_input",
    "mask_output",
    "org_id",
    "parent_observation_id",
    "parent_span_id",
    "prompt_name",
    "prompt_version",
    "route",
    "session_id",
    "tags",
    "team_alias",
    "team_id",
    "trace_user_id",
    "update_trace_keys",
    "user_api_key",
    "user_api_key_alias",
    "user_api_key_end_user_id",
    "user_api_key_hash",
    "user_api_key_org_id",
    "user_api_key_request_route",
    "user_api_key_team_alias",
    "user_api_key_team_id",
    "user_api_key_user_email",
    "user_api_key_user_id",
    "user_id",
];

/// Maximum number of metadata keys per request.
const MAX_KEYS: usize = 64;

/// Maximum length of a metadata value, in bytes.
const MAX_TEXT: usize = 512;

/// Whether a key is a name. The sender of the request chose it, so it may be any text.
fn is_name(key: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=64).contains(&key.len()) && key.bytes().all(is_part)
}

/// The value of a key that is recorded under its own name.
fn metadata(key: &str, value: &Value) -> Option<AttributeValue> {
    if !is_name(key) || (!value.is_boolean() && is_credential(key)) || key.starts_with("user_api_key") {
        return None;
    }
    match value {
        Value::String(text) if text.len() <= MAX_TEXT => Some(AttributeValue::from(text.as_str())),
        Value::Bool(flag) => Some(AttributeValue::from(*flag)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Some(AttributeValue::from(whole)),
            (None, Some(number)) => Some(AttributeValue::from(number)),
            (None, None) => None,
        },
        _ => None,
    }
}

/// An identifier, as a text or a number.
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
    fn what_has_no_place_of_its_own_is_kept_as_metadata_or_left_out() {
        let scope = Scope::from_metadata(&json!({
            "trace_id": "my-trace", "trace_name": "nightly", "generation_name": "summary", "tenant": 7, "beta": true,
            "ratio": 0.5, "user_api_key_auth": "secret", "headers": {"authorization": "secret"}, "list": ["a"],
            "long": "x".repeat(600), "nothing": null, "api_key": "secret", "x-auth-token": "secret",
            "Authorization": "secret", "token": 12345678, "has_token": true, "a name": 1, "api_key=secret": 1, "": 1,
        }))
        .expect("a scope");
        let found: Vec<(String, AttributeValue)> =
            scope.facts.metadata.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
        let expected: Vec<(String, AttributeValue)> = [
            ("beta", AttributeValue::from(true)),
            ("generation_name", "summary".into()),
            ("has_token", true.into()),
            ("ratio", 0.5.into()),
            ("tenant", 7_i64.into()),
            ("trace_id", "my-trace".into()),
            ("trace_name", "nightly".into()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        let sorted = |mut list: Vec<(String, AttributeValue)>| {
            list.sort_by(|a, b| a.0.cmp(&b.0));
            list
        };
        assert_eq!(sorted(found), sorted(expected));
        assert!(scope.parent.is_none());
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert!(Scope::from_metadata(&json!({"trace_id": id})).expect("a scope").parent.is_some());
    }

    #[test]
    fn a_bad_trace_id_leaves_the_masks() {
        let metadata = json!({"existing_trace_id": "none", "mask_input": true});
        let error = Scope::from_metadata(&metadata).expect_err("an error");
        assert_eq!(error.reason(), &TraceError::TraceId("none".to_owned()));
        assert!(error.into_scope().masks.input());
        for metadata in [
            json!({"existing_trace_id": "api_key=secret"}),
            json!({"existing_trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "parent_span_id": "Bearer secret12"}),
        ] {
            let error = Scope::from_metadata(&metadata).expect_err("an error");
            let told = format!("{error} {:?}", error.reason());
            assert!(!told.contains("secret") && told.contains("[REDACTED]"), "{told}");
        }
    }
}
