//! Certificates and keys in the PEM files that variables name.

use std::path::{Path, PathBuf};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::error::InitError;
use crate::files;

/// Bundles of all public roots take a quarter of this.
const LARGEST: u64 = 1 << 20;

/// A PEM file, and the certificates in it.
pub(super) struct Certificates {
    #[cfg_attr(not(feature = "otlp-grpc"), allow(dead_code))]
    pub(super) pem: Vec<u8>,
    #[cfg_attr(not(feature = "otlp-http"), allow(dead_code))]
    pub(super) all: Vec<CertificateDer<'static>>,
}

/// At least one certificate.
pub(super) fn certificates(variable: &str, path: &Path) -> Result<Certificates, InitError> {
    let pem = read(variable, path)?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(all) if !all.is_empty() => Ok(Certificates { pem, all }),
        Ok(_) => Err(error(variable, path, "it holds no certificate")),
        Err(_) => Err(error(variable, path, "it is not valid PEM")),
    }
}

/// A file with a private key.
pub(super) fn private_key(variable: &str, path: &Path) -> Result<Vec<u8>, InitError> {
    let pem = read(variable, path)?;
    match PrivateKeyDer::from_pem_slice(&pem) {
        Ok(_) => Ok(pem),
        // Its reasons could quote the file.
        Err(_) => Err(error(variable, path, "it holds no private key that can be read")),
    }
}

fn read(variable: &str, path: &Path) -> Result<Vec<u8>, InitError> {
    files::read(path, LARGEST).map_err(|reason| error(variable, path, &reason.to_string()))
}

pub(super) fn error(variable: &str, path: &Path, reason: &str) -> InitError {
    InitError::File { variable: variable.to_owned(), path: PathBuf::from(path), reason: reason.to_owned() }
}
