//! The conventions' schemas of the message attributes, in their strict form.

use std::collections::BTreeMap;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Map, Value};

/// The attributes that have a schema.
pub const ATTRIBUTES: &[&str] =
    &["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions"];

/// One validator per attribute.
pub struct Schemas(BTreeMap<&'static str, Validator>);

impl Schemas {
    /// Loads the schemas from the tests' folder.
    ///
    /// # Panics
    /// If one is missing or invalid.
    pub fn load() -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/core-1.41.1");
        let load = |name: &&'static str| {
            let file = format!("{}.json", name.replace(['.', '_'], "-"));
            let schema: Value = std::fs::read(dir.join(&file))
                .map_err(|error| error.to_string())
                .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()))
                .unwrap_or_else(|error| panic!("{file}: {error}"));
            (*name, jsonschema::draft7::new(&schema).unwrap_or_else(|error| panic!("{file}: {error}")))
        };
        Self(ATTRIBUTES.iter().map(load).collect())
    }

    /// The schema violation of an attribute, if it is present and invalid.
    pub fn invalid(&self, attributes: &Map<String, Value>, name: &str) -> Option<String> {
        let text = attributes.get(name)?.as_str()?;
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => return Some(format!("{name} is no JSON: {error}")),
        };
        let error = self.0.get(name)?.iter_errors(&value).next()?;
        let place = error.instance_path().to_string();
        let held = value.pointer(&place).map(ToString::to_string).unwrap_or_default();
        Some(format!("{name} at {place}: {held:.300}"))
    }
}
