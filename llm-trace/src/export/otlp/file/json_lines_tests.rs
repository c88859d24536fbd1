#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use super::json_lines::{JsonLines, Removed, read_lines};
use crate::export::disk::DiskLimits;
use crate::export::exporter::Signal;

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("llm-trace-lines-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn open(directory: &Path, bytes: u64) -> std::io::Result<JsonLines> {
    JsonLines::open(directory, Signal::Logs, DiskLimits { bytes }, |_| Some(3))
}

fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with(".lock"));
    names.sort();
    names
}

#[test]
fn files_are_rotated_and_the_oldest_are_removed_and_counted() {
    let directory = Directory::new("rotated");
    let mut lines = open(&directory.0, 80).unwrap();
    // A file of 10 bytes holds one line of 9 bytes.
    let removed: Vec<_> = (0..10).map(|_| lines.append(b"123456789", 2).unwrap().of_this_process).collect();
    assert_eq!(removed, [0, 0, 0, 0, 0, 0, 0, 0, 2, 2]);
    assert_eq!(files(&directory.0).len(), 8);
    drop(lines);
    // Lines of an earlier process are counted.
    let mut lines = open(&directory.0, 80).unwrap();
    assert_eq!(lines.append(b"123456789", 2).unwrap(), Removed { of_this_process: 0, of_an_earlier_one: 3 });
}

#[test]
fn a_directory_has_one_writer() {
    let directory = Directory::new("locked");
    let first = open(&directory.0, 80).unwrap();
    assert!(open(&directory.0, 80).unwrap_err().to_string().contains("another process"));
    drop(first);
    open(&directory.0, 80).unwrap();
}

#[test]
fn an_incomplete_line_is_omitted_and_not_appended_to() {
    let directory = Directory::new("torn");
    std::fs::create_dir_all(&directory.0).unwrap();
    std::fs::write(directory.0.join("logs.jsonl"), "{\"whole\":1}\n{\"torn").unwrap();
    assert_eq!(read_lines(&directory.0.join("logs.jsonl")).unwrap(), [b"{\"whole\":1}"]);
    let mut lines = open(&directory.0, 8000).unwrap();
    lines.append(b"{}", 1).unwrap();
    let text = |name: &str| std::fs::read_to_string(directory.0.join(name)).unwrap();
    assert_eq!(text("logs.00000001.jsonl"), "{\"whole\":1}\n");
    assert_eq!(text("logs.jsonl"), "{}\n");
}

#[cfg(unix)]
#[test]
fn other_users_cannot_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = Directory::new("mode");
    let mut lines = open(&directory.0, 80).unwrap();
    lines.append(b"{}", 1).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&directory.0), mode(&directory.0.join("logs.jsonl"))), (0o700, 0o600));
}
