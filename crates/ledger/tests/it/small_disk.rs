//! A small file system of the test's own, really mounted: full and read-only as a disk is.
//!
//! A limit to the size of files (`ulimit -f`) would work for every user, but is another failure: SQLite meets EFBIG there
//! and ENOSPC here, and takes them differently. So the real thing is used, in a mount namespace of its own, which root
//! may have and, on most machines, every user; where neither may, the test fails and says so: a test that passes
//! without having looked shows nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = "CANDOR_TEST_SMALL_DISK";

/// Runs the ignored test `name` of this binary with a file system of 4 MiB; fails as that fails.
pub(crate) fn run_on_a_small_disk(name: &str) {
    let folder = tempfile::TempDir::new().unwrap();
    let script = format!("mount -t tmpfs -o size=4m,mode=700 tmpfs \"${FOLDER}\" && exec \"$@\"");
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", &script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", name])
        .env(FOLDER, folder.path())
        .output()
        .expect("unshare starts (Debian package util-linux)");
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("running 1 test"),
        "this test needs a small tmpfs in a mount namespace: run it as root, or allow users namespaces of their own \
         (sysctl kernel.unprivileged_userns_clone=1)\n{said}{error}"
    );
    assert!(output.status.success() && said.contains("1 passed"), "{said}{error}");
}

/// The file system that the parent mounted.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn of_the_parent() -> Self {
        Self(std::env::var_os(FOLDER).expect("the parent says where").into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.0.join("ballast")).unwrap();
        for size in [65_536, 4_096, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    pub(crate) fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }

    pub(crate) fn set_read_only(&self, read_only: bool) {
        let how = if read_only { "remount,ro" } else { "remount,rw" };
        let done = Command::new("mount").args(["-o", how]).arg(&self.0).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}
