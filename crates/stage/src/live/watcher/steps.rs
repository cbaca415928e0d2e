//! The wall clock of whoever watches, which a scenario may step: libfaketime answers in its place, steered by a file.
//! The monotonic clock stays the machine's own.
//!
//! Failure policy: without the library, a scenario that steps the clock is not played, and the error names the package.

use std::path::{Path, PathBuf};

use crate::live::LiveError;

/// Where Debian's package `libfaketime` has the library, by architecture.
const FOLDERS: [&str; 3] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];

/// A clock that is steered by a file.
#[derive(Debug)]
pub(super) struct WallClock {
    file: PathBuf,
    library: PathBuf,
    off_ms: i64,
}

impl WallClock {
    /// A clock that goes right.
    pub(super) fn new(folder: &Path) -> Result<Self, LiveError> {
        let of = |folder: &str| Path::new(folder).join("faketime/libfaketimeMT.so.1");
        let library = FOLDERS.iter().map(|folder| of(folder)).find(|file| file.exists());
        let library = library.ok_or(LiveError::NoFaketime)?;
        let mut clock = Self { file: folder.join("clock"), library, off_ms: 0 };
        clock.step(0)?;
        Ok(clock)
    }

    /// Steps it.
    pub(super) fn step(&mut self, by_ms: i64) -> Result<(), LiveError> {
        self.off_ms = self.off_ms.saturating_add(by_ms);
        let sign = if self.off_ms < 0 { '-' } else { '+' };
        let off = self.off_ms.unsigned_abs();
        let part = self.file.with_extension("new");
        let written = std::fs::write(&part, format!("{sign}{}.{:03}\n", off / 1000, off % 1000));
        let moved = written.and_then(|()| std::fs::rename(&part, &self.file));
        moved.map_err(|error| LiveError::file(&self.file, error))
    }

    /// What a process that is to go by it is started with.
    pub(super) fn environment(&self) -> Vec<(&'static str, std::ffi::OsString)> {
        vec![
            ("LD_PRELOAD", self.library.clone().into()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.clone().into()),
            // It looks at the file once a second: more often would be a file for every look at the clock.
            ("FAKETIME_CACHE_DURATION", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }
}
