//! Reads variables: a blank variable counts as unset, and the first of several takes precedence.

use std::time::Duration;

use super::error::ConfigError;
use super::limits::{Bound, LONGEST_MILLIS};

/// A variable that is set.
#[derive(Clone, Debug)]
pub(crate) struct Var {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

impl Var {
    /// For comparisons: lower case, with `_` instead of `-`.
    pub(crate) fn folded(&self) -> String {
        self.value.to_ascii_lowercase().replace('-', "_")
    }

    pub(crate) fn choice(&self, choices: &'static str) -> ConfigError {
        ConfigError::Choice { variable: self.name.to_owned(), value: self.value.clone(), choices }
    }

    /// Parses a whole number between `least` and the bound.
    fn whole(&self, least: u64, bound: Bound, expected: &'static str) -> Result<u64, ConfigError> {
        let is_whole = !self.value.is_empty() && self.value.bytes().all(|byte| byte.is_ascii_digit());
        match self.value.parse::<u64>() {
            Ok(number) if number > bound.most => Err(self.number(bound.expected)),
            Ok(number) if number >= least => Ok(number),
            // The number does not fit into a `u64`.
            Err(_) if is_whole => Err(self.number(bound.expected)),
            _ => Err(self.number(expected)),
        }
    }

    pub(crate) fn number(&self, expected: &'static str) -> ConfigError {
        ConfigError::Number { variable: self.name.to_owned(), value: self.value.clone(), expected }
    }
}

/// A variable of this process.
pub(crate) fn of_process(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// The source of variables.
pub(crate) struct Env<'a>(pub(crate) &'a dyn Fn(&str) -> Option<String>);

impl Env<'_> {
    /// The trimmed value; a blank one counts as unset.
    pub(crate) fn get(&self, name: &'static str) -> Option<Var> {
        self.value(name).map(|value| Var { name, value })
    }

    /// The value of a variable, without its name.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The first of these variables that is set.
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

    /// A whole number above 0 and within its bound.
    pub(crate) fn count(&self, name: &'static str, bound: Bound) -> Result<Option<usize>, ConfigError> {
        let Some(var) = self.get(name) else { return Ok(None) };
        let number = var.whole(1, bound, "a whole number above 0")?;
        // A 32-bit `usize` can be smaller than the bound.
        usize::try_from(number).map(Some).map_err(|_| var.number(bound.expected))
    }

    /// A duration in milliseconds.
    pub(crate) fn millis(&self, names: &[&'static str], least: u64) -> Result<Option<Duration>, ConfigError> {
        let expected = if least == 0 { "milliseconds" } else { "milliseconds above 0" };
        let time = |var: Var| var.whole(least, LONGEST_MILLIS, expected).map(Duration::from_millis);
        self.first(names).map(time).transpose()
    }
}
