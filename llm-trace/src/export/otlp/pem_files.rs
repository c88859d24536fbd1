//! Reads certificates and keys from the PEM files that variables name.

use std::path::{Path, PathBuf};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::export::error::InitError;
use crate::files;

/// A bundle of all public root certificates is about a quarter of this size.
const LARGEST: u64 = 1 << 20;

/// A PEM file and its certificates.
pub(super) struct Certificates {
    pub(super) pem: Vec<u8>,
    pub(super) all: Vec<CertificateDer<'static>>,
}

/// Reads at least one certificate.
pub(super) fn certificates(variable: &str, path: &Path) -> Result<Certificates, InitError> {
    let pem = read(variable, path)?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(all) if !all.is_empty() => Ok(Certificates { pem, all }),
        Ok(_) => Err(error(variable, path, "it holds no certificate")),
        Err(_) => Err(error(variable, path, "it is not valid PEM")),
    }
}

/// Reads a file with a private key.
pub(super) fn private_key(variable: &str, path: &Path) -> Result<Vec<u8>, InitError> {
    let pem = read(variable, path)?;
    match PrivateKeyDer::from_pem_slice(&pem) {
        Ok(_) => Ok(pem),
        // The parser's error could quote the file.
        Err(_) => Err(error(variable, path, "it holds no private key that can be read")),
    }
}

fn read(variable: &str, path: &Path) -> Result<Vec<u8>, InitError> {
    files::read(path, LARGEST).map_err(|reason| error(variable, path, &reason.to_string()))
}

pub(super) fn error(variable: &str, path: &Path, reason: &str) -> InitError {
    InitError::File { variable: variable.to_owned(), path: PathBuf::from(path), reason: reason.to_owned() }
}
