//! Access to files named by variables and arguments.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read as _};
use std::path::Path;

/// Opens a regular file, or creates it if the options permit that. A pipe or device could block the program forever or
/// exhaust its memory.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<File, Error> {
    // Checked before opening, because opening a pipe blocks until its other end is opened.
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(refused("it is not a regular file".to_owned()));
    }
    options.open(path)
}

fn refused(reason: String) -> Error {
    Error::new(ErrorKind::InvalidInput, reason)
}

/// Reads a regular file of at most `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(refused(format!("it is larger than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_up_to_a_size_are_read() {
        let own = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/files.rs"));
        assert!(read(own, 1 << 20).is_ok_and(|bytes| bytes.starts_with(b"//! ")));
        let error = |path: &str, most| read(Path::new(path), most).map_err(|error| error.to_string());
        assert_eq!(read(own, 10).map_err(|error| error.to_string()), Err("it is larger than 10 bytes".to_owned()));
        assert_eq!(error("/", 10), Err("it is not a regular file".to_owned()));
        #[cfg(unix)]
        assert_eq!(error("/dev/zero", 10), Err("it is not a regular file".to_owned()));
    }
}
