//! Files of JSON lines, rotated by size.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use fs4::FileExt;

use crate::export::disk::DiskLimits;
use crate::export::exporter::Signal;
use crate::files;

/// Counts the records of a line.
pub(crate) type CountRecords = fn(&[u8]) -> Option<u64>;

/// The files of one signal in a directory: `traces.jsonl`, and closed ones such as `traces.00000007.jsonl`.
#[derive(Debug)]
pub(crate) struct JsonLines {
    directory: PathBuf,
    signal: Signal,
    limits: DiskLimits,
    count: CountRecords,
    /// Oldest first.
    closed: VecDeque<ClosedFile>,
    open: Option<OpenFile>,
    next_number: u64,
    /// Locked while this exists, so that no other process writes or removes these files.
    _lock: File,
}

#[derive(Debug)]
pub(crate) struct ClosedFile {
    pub(crate) path: PathBuf,
    bytes: u64,
    /// The number of records that this process wrote to it; `None` if an earlier process wrote it.
    pub(crate) records: Option<u64>,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    bytes: u64,
    records: Option<u64>,
}

/// Records removed from disk because the directory was full.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Removed {
    pub(crate) of_this_process: u64,
    pub(crate) of_an_earlier_one: u64,
}

impl JsonLines {
    /// Opens a directory, and creates it if necessary. It can be used by one process, and by one exporter in it.
    pub(crate) fn open(directory: &Path, signal: Signal, limits: DiskLimits, count: CountRecords) -> io::Result<Self> {
        create_directory(directory)?;
        let lock = directory.join(format!("{signal}.lock"));
        let lock = files::open(&lock, open_options().create(true).truncate(false).write(true))?;
        if FileExt::try_lock(&lock).is_err() {
            let text = "another process or exporter writes there: give each a directory of its own";
            return Err(io::Error::new(io::ErrorKind::WouldBlock, text));
        }
        let mut numbered: Vec<(u64, PathBuf)> = fs::read_dir(directory)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter_map(|path| Some((number(&path, signal)?, path)))
            .collect();
        numbered.sort_unstable();
        let next_number = numbered.last().map_or(1, |(number, _)| number.saturating_add(1));
        let closed = numbered.into_iter().filter_map(|(_, path)| {
            let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
            Some(ClosedFile { path, bytes: metadata.len(), records: None })
        });
        let closed = closed.collect();
        Ok(Self {
            directory: directory.to_owned(),
            signal,
            limits,
            count,
            closed,
            open: None,
            next_number,
            _lock: lock,
        })
    }

    fn open_path(&self) -> PathBuf {
        self.directory.join(format!("{}.jsonl", self.signal))
    }

    /// Appends a line that contains `records` records. Returns the records that were removed to make room for it.
    ///
    /// # Errors
    /// If the line cannot be written. The file then contains no part of it.
    pub(crate) fn append(&mut self, line: &[u8], records: u64) -> io::Result<Removed> {
        let mut text = Vec::with_capacity(line.len().saturating_add(1));
        text.extend_from_slice(line);
        text.push(b'\n');
        let size = text.len() as u64;
        let is_full = |open: &OpenFile| open.bytes > 0 && open.bytes.saturating_add(size) > self.limits.file_bytes();
        if self.open.as_ref().is_some_and(is_full) {
            self.close_file()?;
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open_file()?,
        };
        let written = open.file.write_all(&text);
        match written {
            Ok(()) => {
                open.bytes = open.bytes.saturating_add(size);
                open.records = open.records.map(|known| known.saturating_add(records));
            }
            Err(_) => open.file.set_len(open.bytes)?,
        }
        self.open = Some(open);
        written?;
        Ok(self.make_room())
    }

    /// Opens a new file. Truncates an incomplete line of an earlier process, and closes that process's file.
    fn open_file(&mut self) -> io::Result<OpenFile> {
        let path = self.open_path();
        if fs::symlink_metadata(&path).is_ok() {
            let file = files::open(&path, OpenOptions::new().read(true).write(true))?;
            let length = whole_lines(&file)?;
            file.set_len(length)?;
            drop(file);
            // A file that is there has the permissions that somebody gave it.
            if length > 0 { self.archive(None)? } else { fs::remove_file(&path)? }
        }
        let file = files::open(&path, open_options().create_new(true).append(true))?;
        Ok(OpenFile { file, bytes: 0, records: Some(0) })
    }

    /// Closes the current file, or the one that an earlier process left, so that it can be read.
    pub(crate) fn close_file(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else {
            if fs::metadata(self.open_path()).is_ok_and(|metadata| metadata.len() > 0) {
                self.archive(None)?;
            }
            return Ok(());
        };
        if open.bytes == 0 {
            self.open = Some(open);
            return Ok(());
        }
        open.file.sync_all()?;
        self.archive(open.records)
    }

    fn archive(&mut self, records: Option<u64>) -> io::Result<()> {
        let from = self.open_path();
        let path = self.directory.join(format!("{}.{:08}.jsonl", self.signal, self.next_number));
        let bytes = fs::metadata(&from)?.len();
        fs::rename(from, &path)?;
        self.next_number = self.next_number.saturating_add(1);
        self.closed.push_back(ClosedFile { path, bytes, records });
        Ok(())
    }

    /// Removes the oldest files while the total size exceeds the limit, but never the current file.
    fn make_room(&mut self) -> Removed {
        let mut removed = Removed::default();
        loop {
            let open = self.open.as_ref().map(|open| open.bytes);
            let bytes = self.closed.iter().map(|file| file.bytes).chain(open).fold(0, u64::saturating_add);
            if bytes <= self.limits.bytes {
                return removed;
            }
            let Some(file) = self.closed.pop_front() else { return removed };
            let (count, records) = match file.records {
                Some(records) => (&mut removed.of_this_process, records),
                None => (&mut removed.of_an_earlier_one, self.count_file(&file.path)),
            };
            *count = count.saturating_add(records);
            let _ = fs::remove_file(&file.path);
        }
    }

    fn count_file(&self, path: &Path) -> u64 {
        let lines = read_lines(path).unwrap_or_default();
        lines.iter().filter_map(|line| (self.count)(line)).sum()
    }

    /// Takes the oldest closed file from the list. It stays on disk.
    pub(crate) fn take_oldest(&mut self) -> Option<ClosedFile> {
        self.closed.pop_front()
    }

    /// Whether no file is on disk.
    pub(crate) fn is_empty(&self) -> bool {
        let open = self
            .open
            .as_ref()
            .map_or_else(|| fs::metadata(self.open_path()).map_or(0, |metadata| metadata.len()), |open| open.bytes);
        self.closed.is_empty() && open == 0
    }

    /// Waits until all data is written to disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.open.as_ref().map_or(Ok(()), |open| open.file.sync_all())
    }
}

/// The lines of a file. An incomplete last line, left by a killed process, is omitted.
pub(crate) fn read_lines(path: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut reader = BufReader::new(files::open(path, OpenOptions::new().read(true))?);
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 || line.pop() != Some(b'\n') {
            return Ok(lines);
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
}

/// The length of a file up to the end of its last complete line.
fn whole_lines(file: &File) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let mut whole = 0;
    loop {
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line)? as u64;
        if read == 0 || line.last() != Some(&b'\n') {
            return Ok(whole);
        }
        whole = whole.saturating_add(read);
    }
}

fn number(path: &Path, signal: Signal) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix(&format!("{signal}."))?.strip_suffix(".jsonl")?.parse().ok()
}

/// New files can be read and written only by the process's user.
fn open_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}
