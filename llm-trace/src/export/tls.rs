//! Reading the files that variables name.

use std::fmt::Display;
use std::path::Path;

use super::error::InitError;

pub(super) fn read(variable: &str, path: &Path) -> Result<Vec<u8>, InitError> {
    std::fs::read(path).map_err(|e| error(variable, path, &e))
}

pub(super) fn error(variable: &str, path: &Path, reason: &dyn Display) -> InitError {
    InitError::File { variable: variable.to_owned(), path: path.to_owned(), reason: reason.to_string() }
}
