//! How the process that stays asks for memory.
//!
//! The C library gives each thread an arena of its own and keeps in it what was let go; with views, pages and answers
//! made on one thread and let go on another, half of the memory of a hub with 10,000 checks was kept for nothing. One
//! arena for all, and large pieces asked of the system one by one and given back at once, cost no measurable time. The
//! library reads this from its environment before anything else runs, so the process puts itself in its own place once,
//! under the same id. Who has set any of it has decided otherwise, and is left alone; other C libraries ignore it.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// One arena; pieces from 128 KiB on by themselves; what is free at the end goes back from 1 MiB on.
const SETTINGS: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_TRIM_THRESHOLD_", "1048576")];

/// Puts this process in its own place with these settings. Returns where they are set already, or where that cannot be
/// done: then it needs more memory, and works all the same.
pub(crate) fn settle() {
    if SETTINGS.iter().any(|(name, _)| std::env::var_os(name).is_some()) {
        return;
    }
    let Ok(own) = std::env::current_exe() else { return };
    let mut words = std::env::args_os();
    let mut again = Command::new(own);
    again.arg0(words.next().unwrap_or_else(|| "candor".into())).args(words).envs(SETTINGS);
    // Only a failure comes back.
    let _ = again.exec();
}
