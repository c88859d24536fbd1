//! Reading variables: a blank one counts as unset, the first of several wins.

use std::time::Duration;

use super::error::ConfigError;

/// A variable that is set.
#[derive(Clone, Debug)]
pub(crate) struct Var {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

impl Var {
    /// For comparing: lower case, `-` as `_`.
    pub(crate) fn folded(&self) -> String {
        self.value.to_ascii_lowercase().replace('-', "_")
    }

    pub(crate) fn choice(&self, choices: &'static str) -> ConfigError {
        ConfigError::Choice { variable: self.name.to_owned(), value: self.value.clone(), choices }
    }

    pub(crate) fn number(&self, expected: &'static str) -> ConfigError {
        ConfigError::Number { variable: self.name.to_owned(), value: self.value.clone(), expected }
    }
}

/// A variable of this process.
pub(crate) fn of_process(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Where variables come from.
pub(crate) struct Env<'a>(pub(crate) &'a dyn Fn(&str) -> Option<String>);

impl Env<'_> {
    /// The variable, trimmed; blank is unset.
    pub(crate) fn get(&self, name: &'static str) -> Option<Var> {
        self.value(name).map(|value| Var { name, value })
    }

    /// The value of a variable whose name is not to be kept.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The first of these that is set.
    pub(crate) fn first(&self, names: &[&'static str]) -> Option<Var> {
        names.iter().find_map(|name| self.get(name))
    }

    pub(crate) fn bool(&self, names: &[&'static str]) -> Result<Option<bool>, ConfigError> {
        self.first(names)
            .map(|var| match var.folded().as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(var.choice("true, false")),
            })
            .transpose()
    }

    /// A whole number of at least `least`.
    pub(crate) fn count(&self, name: &'static str, least: usize) -> Result<Option<usize>, ConfigError> {
        let expected = if least == 0 { "a whole number" } else { "a whole number above 0" };
        self.get(name)
            .map(|var| var.value.parse().ok().filter(|n| *n >= least).ok_or_else(|| var.number(expected)))
            .transpose()
    }

    /// A time in milliseconds.
    pub(crate) fn millis(&self, names: &[&'static str], least: u64) -> Result<Option<Duration>, ConfigError> {
        let expected = if least == 0 { "milliseconds" } else { "milliseconds above 0" };
        self.first(names)
            .map(|var| match var.value.parse::<u64>() {
                Ok(ms) if ms >= least => Ok(Duration::from_millis(ms)),
                _ => Err(var.number(expected)),
            })
            .transpose()
    }
}
