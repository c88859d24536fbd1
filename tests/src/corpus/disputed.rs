//! Facts of the corpus that the provider's documentation speaks against.

use std::path::Path;

use serde::Deserialize;

/// One argued disagreement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The directory name of the exchange; `*` at its end stands for any rest.
    pub exchange: String,
    /// The fact, as the report names it.
    pub fact: String,
    /// Why our value is right.
    pub reason: String,
    /// Where the provider documents it.
    pub documentation: String,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    dispute: Vec<Dispute>,
}

/// Reads the list.
///
/// # Errors
/// Says what in the file is not as it should be.
pub fn load(path: &Path) -> Result<Vec<Dispute>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: File = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(file.dispute)
}

impl Dispute {
    /// Whether this is about that fact of that exchange.
    pub fn covers(&self, exchange: &str, fact: &str) -> bool {
        let same = match self.exchange.strip_suffix('*') {
            Some(prefix) => exchange.starts_with(prefix),
            None => self.exchange == exchange,
        };
        same && self.fact == fact
    }
}
