//! A wall clock that the test sets while the hub runs: libfaketime, which answers `clock_gettime` in its place. The
//! monotonic clock stays the machine's own.

use std::path::{Path, PathBuf};

/// Where Debian's package `libfaketime` has the library, by architecture.
const FOLDERS: [&str; 3] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];

/// A clock, steered by a file.
pub(crate) struct WallClock {
    file: PathBuf,
    library: PathBuf,
}

impl WallClock {
    /// A clock whose file is in this folder; it goes right.
    pub(crate) fn new(folder: &Path) -> Self {
        let of = |folder: &str| Path::new(folder).join("faketime/libfaketimeMT.so.1");
        let library = FOLDERS.iter().map(|folder| of(folder)).find(|file| file.exists());
        let library = library.expect("libfaketimeMT.so.1 is not here: install the Debian package faketime");
        let clock = Self { file: folder.join("clock"), library };
        clock.set("+0");
        clock
    }

    /// Sets it by so much from the truth: `+7200`, `-1.5`, `+0 x1.01`.
    pub(crate) fn set(&self, by: &str) {
        let part = self.file.with_extension("new");
        std::fs::write(&part, format!("{by}\n")).expect("the clock's file can be written");
        std::fs::rename(&part, &self.file).expect("a file can be renamed");
    }

    /// What a process that is to go by it is started with.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_str().expect("a path is text").to_owned();
        vec![
            ("LD_PRELOAD", text(&self.library)),
            ("FAKETIME_TIMESTAMP_FILE", text(&self.file)),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }
}
