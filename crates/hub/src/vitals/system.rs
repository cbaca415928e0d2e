//! What the system says of this process: descriptors, memory, the disk. Linux says it in `/proc` and in its control
//! groups; elsewhere nothing is known, and nothing is said.
//!
//! Failure policy: where a file cannot be read (there may be no descriptor left to read it with) the answer is `None`.
//! Running out of descriptors itself is an answer.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// A limit of a control group at or above this is none: the old interface says "unlimited" so.
const UNLIMITED: u64 = 1 << 60;

/// What is asked where.
#[derive(Debug)]
pub(crate) struct System {
    /// Files that hold limits on the memory of this process's control group and of those around it.
    limits: Vec<PathBuf>,
    page: u64,
}

impl System {
    pub(super) fn new() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self { limits: limit_files(&groups), page: rustix::param::page_size() as u64 }
    }

    /// Descriptors that are open, and how many may be.
    #[expect(clippy::unused_self, reason = "what is asked of the system is asked here")]
    pub(super) fn descriptors(&self) -> Option<(u64, u64)> {
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        // Since Linux 6.2 the folder's size is the number of its entries, and asking for it takes no descriptor.
        let counted = match fs::metadata("/proc/self/fd").ok()?.len() {
            0 => fs::read_dir("/proc/self/fd").map(|open| open.count() as u64),
            counted => Ok(counted),
        };
        match counted {
            Ok(open) => Some((open, limit)),
            Err(error) if is_shortage(&error) => Some((limit, limit)),
            Err(_) => None,
        }
    }

    /// Memory in use, its limit where there is one, and whose limit that is: the closest.
    pub(super) fn memory(&self) -> Option<(u64, Option<u64>, &'static str)> {
        let (reserved, resident) = memory_used(&fs::read_to_string("/proc/self/statm").ok()?, self.page)?;
        let group = self.limits.iter().filter_map(|file| limit(&fs::read_to_string(file).ok()?)).min();
        let address_space = getrlimit(Resource::As).current;
        let limits = [(resident, group, "the control group's"), (reserved, address_space, "ulimit -v")];
        let limited = limits.into_iter().filter(|(_, limit, _)| limit.is_some());
        // The one of which the largest part is used.
        let closest = limited
            .max_by_key(|(used, limit, _)| used.saturating_mul(10_000) / limit.unwrap_or(u64::MAX).max(1));
        Some(closest.unwrap_or((resident, None, "none")))
    }

    /// Bytes that are free for us on the file system of `path`, and its size.
    #[expect(clippy::unused_self, reason = "what is asked of the system is asked here")]
    pub(super) fn disk(&self, path: &Path) -> Option<(u64, u64)> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let said = rustix::fs::statvfs(folder).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(said.f_frsize);
        Some((bytes(said.f_bavail), bytes(said.f_blocks)))
    }
}

/// Whether this process has no more of something that it is allowed only so much of.
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS))
}

/// Address space and resident memory in bytes, from `/proc/self/statm`: pages, in its first two words.
fn memory_used(statm: &str, page: u64) -> Option<(u64, u64)> {
    let mut pages = statm.split_whitespace().map(|word| word.parse::<u64>().ok());
    let mut next = || Some(pages.next()??.saturating_mul(page));
    Some((next()?, next()?))
}

/// The files that may hold a limit: of the group named in `/proc/self/cgroup`, and of all around it, in the new
/// hierarchy and in the old one.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            memory if memory.split(',').any(|c| c == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let inside = Path::new(group.trim_start_matches('/'));
        files.extend(inside.ancestors().map(|folder| Path::new(root).join(folder).join(name)));
    }
    files
}

fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|limit| *limit < UNLIMITED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_knows_its_own_figures() {
        let system = System::new();
        let (open, limit) = system.descriptors().unwrap();
        assert!(open >= 3 && open <= limit, "{open} of {limit}");
        let _held = fs::File::open("/proc/self/statm").unwrap();
        assert!(system.descriptors().unwrap().0 > open - 3);
        assert!(system.memory().unwrap().0 > 1 << 20);
        let (free, size) = system.disk(Path::new("/proc/../tmp/candor.db")).unwrap();
        assert!(free <= size && size > 0);
    }

    #[test]
    fn limits_of_control_groups_are_looked_for_up_to_the_root() {
        let new: Vec<_> = limit_files("0::/system.slice/candor.service\n");
        let new: Vec<_> = new.iter().map(|file| file.to_str().unwrap()).collect();
        assert_eq!(
            new,
            [
                "/sys/fs/cgroup/system.slice/candor.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        let old = limit_files("9:name=systemd:/\n4:cpu,memory:/box\n");
        assert_eq!(old.first().unwrap(), Path::new("/sys/fs/cgroup/memory/box/memory.limit_in_bytes"));
        assert_eq!(
            (limit("max\n"), limit("9223372036854771712\n"), limit("1048576\n")),
            (None, None, Some(1 << 20))
        );
    }

    #[test]
    fn memory_is_counted_in_pages() {
        assert_eq!(memory_used("100 20 3 4 0 5 0\n", 4_096), Some((409_600, 81_920)));
        assert_eq!(memory_used("", 4_096), None);
    }
}
