//! What the user wrote: one file, or a folder of them, read whole and bounded.
//!
//! Failure policy: a file that cannot be read, is too large or is not UTF-8 fails the whole reading, with its place;
//! half a configuration would be worse than none. Sub-folders and hidden files are not read.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Longest file, in bytes.
pub const FILE_MAX: u64 = 1024 * 1024;

/// Longest sum of all files, in bytes.
pub const ALL_MAX: u64 = 10 * 1024 * 1024;

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
        error: std::io::Error,
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
        let system = |error| ReadError::System { file: path.display().to_string(), error };
        if !fs::metadata(path).map_err(system)?.is_dir() {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            return Ok(Self { files: vec![read_file(path)?], folder: folder.to_path_buf() });
        }
        let mut paths = Vec::new();
        for entry in fs::read_dir(path).map_err(system)? {
            let file = entry.map_err(system)?.path();
            if is_config(&file) {
                paths.push(file);
            }
        }
        paths.sort();
        let files = paths.iter().map(|p| read_file(p)).collect::<Result<Vec<_>, _>>()?;
        let name = path.display().to_string();
        if files.is_empty() {
            return Err(ReadError::Empty { file: name });
        }
        if files.iter().map(|f| f.text.len() as u64).sum::<u64>() > ALL_MAX {
            return Err(ReadError::TooLarge { file: name, limit: ALL_MAX });
        }
        Ok(Self { files, folder: path.to_path_buf() })
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
    let hidden = path.file_name().and_then(|n| n.to_str()).is_none_or(|n| n.starts_with('.'));
    let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
    yaml && !hidden && path.is_file()
}

fn read_file(path: &Path) -> Result<SourceFile, ReadError> {
    let name = path.display().to_string();
    let system = |error| ReadError::System { file: name.clone(), error };
    // A pipe or a device could block or never end; opening a pipe alone can.
    if !fs::metadata(path).map_err(system)?.is_file() {
        return Err(system(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let file = fs::File::open(path).map_err(system)?;
    let mut bytes = Vec::new();
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
