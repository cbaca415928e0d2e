//! What the user wrote: one file, or a folder of them, read whole and bounded.
//!
//! Failure policy: a file that cannot be read, is too large or is not UTF-8 fails the whole reading, with its place;
//! half a configuration would be worse than none. Nothing is waited for: a pipe or a device in the place of a file is
//! refused. Sub-folders and hidden files are not read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::unseen::printable;

/// Longest file, in bytes.
pub const FILE_MAX: u64 = 1024 * 1024;

/// Longest sum of all files, in bytes.
pub const ALL_MAX: u64 = 10 * 1024 * 1024;

/// Most files that a folder may hold, of any kind.
pub const ENTRIES_MAX: usize = 10_000;

/// The text of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The files, in the order of their names.
    pub files: Vec<SourceFile>,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
}

/// One file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// As it is shown in faults.
    pub name: String,
    /// Its text, without a byte order mark.
    pub text: String,
}

/// Why a configuration could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("{file}: {error}")]
    System {
        /// The file or folder.
        file: String,
        /// What the system said.
        error: io::Error,
    },
    /// Longer than [`FILE_MAX`], or all together longer than [`ALL_MAX`].
    #[error("{file}: larger than {limit} bytes, which is more than any configuration needs")]
    TooLarge {
        /// The file or folder.
        file: String,
        /// The limit that it breaks.
        limit: u64,
    },
    /// A byte that is not UTF-8.
    #[error("{file}:{line}:{column}: not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
    /// More than [`ENTRIES_MAX`] files.
    #[error("{file}: more than {ENTRIES_MAX} files in this folder; give the configuration one of its own")]
    TooMany {
        /// The folder.
        file: String,
    },
    /// A folder without any `*.yaml` or `*.yml`.
    #[error("{file}: no *.yaml or *.yml file in this folder")]
    Empty {
        /// The folder.
        file: String,
    },
}

impl Source {
    /// A configuration that is not in any file; relative paths start from the current folder.
    #[must_use]
    pub fn of_text(name: &str, text: &str) -> Self {
        Self { files: vec![SourceFile::new(name, text)], folder: PathBuf::from(".") }
    }

    /// Reads a file, or every `*.yaml` and `*.yml` of a folder.
    ///
    /// # Errors
    /// [`ReadError`], which names the file.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let paths = Self::paths(path)?;
        let alone = paths.as_slice() == [path];
        let folder = if alone { path.parent().filter(|p| !p.as_os_str().is_empty()) } else { Some(path) };
        let (mut files, mut size) = (Vec::with_capacity(paths.len()), 0);
        for path in &paths {
            let file = read_file(path)?;
            size += file.text.len() as u64;
            files.push(file);
            if size > ALL_MAX {
                return Err(ReadError::TooLarge { file: shown(path), limit: ALL_MAX });
            }
        }
        Ok(Self { files, folder: folder.unwrap_or(Path::new(".")).to_path_buf() })
    }

    /// The files that [`Source::read`] reads, without reading them: the file itself, or those of a folder.
    ///
    /// # Errors
    /// [`ReadError`], which names the file.
    pub fn paths(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
        let system = |error| ReadError::System { file: shown(path), error };
        if !fs::metadata(path).map_err(system)?.is_dir() {
            return Ok(vec![path.to_path_buf()]);
        }
        let mut paths = Vec::new();
        for (n, entry) in fs::read_dir(path).map_err(system)?.enumerate() {
            if n >= ENTRIES_MAX {
                return Err(ReadError::TooMany { file: shown(path) });
            }
            let file = entry.map_err(system)?.path();
            // A link that leads nowhere is not left out: what it should bring would be missing without a word.
            if is_config(&file) && !file.is_dir() {
                paths.push(file);
            }
        }
        paths.sort();
        if paths.is_empty() { Err(ReadError::Empty { file: shown(path) }) } else { Ok(paths) }
    }

    /// A number of the whole text that changes when the text does: BLAKE3, in hex.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for file in &self.files {
            // The folder does not matter: the same files from elsewhere are the same configuration.
            let name = Path::new(&file.name).file_name().and_then(|n| n.to_str()).unwrap_or(&file.name);
            for part in [name, &file.text] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

impl SourceFile {
    /// A file with this text; a byte order mark is dropped.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { name: name.into(), text: text.into() }
    }
}

fn is_config(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|n| n.as_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|e| e == "yaml" || e == "yml")
}

/// A path as it may be printed.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// Opens a file, and nothing but a file: a pipe or a device could block or never end.
///
/// # Errors
/// What the system says; [`ErrorKind::InvalidInput`] for anything else, and [`ErrorKind::FileTooLarge`] for one that is
/// longer than `limit`.
pub fn open_regular(path: &Path, limit: u64) -> io::Result<File> {
    let regular = |about: &fs::Metadata| match about.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file")),
    };
    // Asked before it is opened, because to open a device can do something; and after, because it may have been
    // replaced between. Without the flag, to open a pipe waits until somebody writes.
    regular(&fs::metadata(path)?)?;
    let flags = OFlags::NONBLOCK.bits();
    let flags = i32::try_from(flags).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    regular(&about)?;
    if about.len() > limit { Err(ErrorKind::FileTooLarge.into()) } else { Ok(file) }
}

fn read_file(path: &Path) -> Result<SourceFile, ReadError> {
    let name = shown(path);
    let system = |error: io::Error| match error.kind() {
        ErrorKind::FileTooLarge => ReadError::TooLarge { file: name.clone(), limit: FILE_MAX },
        _ => ReadError::System { file: name.clone(), error },
    };
    let file = open_regular(path, FILE_MAX).map_err(system)?;
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(system)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(ReadError::TooLarge { file: name, limit: FILE_MAX });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(&name, &text)),
        Err(bad) => {
            let (line, column) = place_of(bad.as_bytes(), bad.utf8_error().valid_up_to());
            Err(ReadError::NotUtf8 { file: name, line, column })
        }
    }
}

fn place_of(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = bytes.get(..at).unwrap_or(bytes);
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    (line, column)
}
