//! The attributes of the resource.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use percent_encoding::percent_decode_str;

use super::env::Env;
use crate::credentials::keys::is_credential;
use crate::credentials::{REDACTED, clean};

const ENVIRONMENT: &str = "deployment.environment.name";
const SERVICE: &str = "service.name";

/// Reads `OTEL_RESOURCE_ATTRIBUTES`, percent-decoded. The variables for service name and environment take precedence.
/// Credentials in keys and values are replaced.
pub(crate) fn attributes(env: &Env<'_>, warnings: &mut Vec<String>) -> Vec<(String, String)> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut set = |key: &str, value: &str| {
        let value = if is_credential(key) { REDACTED.into() } else { clean(value).0.into_owned() };
        let key = clean(key).0;
        match attributes.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => attributes.push((key.into_owned(), value)),
        }
    };
    if let Some(var) = env.get("OTEL_RESOURCE_ATTRIBUTES") {
        for (index, entry) in var.value.split(',').enumerate().filter(|(_, e)| !e.trim().is_empty()) {
            match entry.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    let key = percent_decode_str(key.trim()).decode_utf8_lossy();
                    let value = percent_decode_str(value.trim()).decode_utf8_lossy();
                    set(&key, &value);
                }
                _ => warnings.push(format!(
                    "`{}`: entry {} is not `key=value` and is skipped",
                    var.name,
                    index.saturating_add(1)
                )),
            }
        }
    }
    for (variable, key) in [("OTEL_ENVIRONMENT_NAME", ENVIRONMENT), ("OTEL_SERVICE_NAME", SERVICE)] {
        if let Some(var) = env.get(variable) {
            set(key, &var.value);
        }
    }
    attributes
}

/// Builds the resource: these attributes, the SDK's own, and always a service name.
pub(crate) fn resource(attributes: &[(String, String)]) -> Resource {
    let named = attributes.iter().any(|(key, value)| key == SERVICE && !value.is_empty());
    let service = (!named).then(|| KeyValue::new(SERVICE, unnamed_service()));
    let own = attributes.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| KeyValue::new(k.clone(), v.clone()));
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(service.into_iter().chain(own))
        .build()
}

/// The conventions' name for a service without one.
fn unnamed_service() -> String {
    let exe = std::env::current_exe().ok();
    match exe.as_deref().and_then(|path| path.file_name()).and_then(|name| name.to_str()) {
        Some(name) => format!("unknown_service:{name}"),
        None => "unknown_service".to_owned(),
    }
}
