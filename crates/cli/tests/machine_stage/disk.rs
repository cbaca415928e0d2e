//! A disk that takes its time to sync: a library, compiled here, that waits before `fsync` and `fdatasync`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void wait_a_little(void) {
    const char *path = getenv("SLOW_DISK");
    FILE *file = path ? fopen(path, "r") : NULL;
    long ms = 0;
    if (file) {
        if (fscanf(file, "%ld", &ms) != 1) ms = 0;
        fclose(file);
    }
    struct timespec time = { ms / 1000, (ms % 1000) * 1000000 };
    nanosleep(&time, NULL);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int)) dlsym(RTLD_NEXT, "fsync");
    wait_a_little();
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    wait_a_little();
    return real(fd);
}
"#;

/// A disk, steered by a file.
pub(crate) struct SlowDisk {
    file: PathBuf,
    library: PathBuf,
}

impl SlowDisk {
    /// A disk that is as quick as it is.
    pub(crate) fn new(folder: &Path) -> Self {
        let (source, library) = (folder.join("slow_disk.c"), folder.join("slow_disk.so"));
        std::fs::write(&source, SOURCE).expect("a source can be written");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
        let made = cc.output().expect("cc is here: install the Debian package build-essential");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let disk = Self { file: folder.join("slow_disk"), library };
        disk.takes(Duration::ZERO);
        disk
    }

    /// How long each sync takes from now on.
    pub(crate) fn takes(&self, time: Duration) {
        let part = self.file.with_extension("new");
        std::fs::write(&part, time.as_millis().to_string()).expect("the disk's file can be written");
        std::fs::rename(&part, &self.file).expect("a file can be renamed");
    }

    /// What a process that is to have it is started with.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_str().expect("a path is text").to_owned();
        vec![("LD_PRELOAD", text(&self.library)), ("SLOW_DISK", text(&self.file))]
    }
}
