//! Looking at the files of a config, cheaply: what the system says about them, and their content only where that says
//! something new.
//!
//! Failure policy: whatever cannot be asked about is part of what is seen, so a file that vanishes is a change. What was
//! written a moment ago is read all the same: clocks of file systems are coarse, and two writes can bear one time. So is
//! everything every [`READ_EVERY`] looks, for file systems whose times cannot be believed.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use candor_config::{ReadError, Source};

use crate::config::Secrets;

/// Looks after which everything is read, whatever the system says.
pub(crate) const READ_EVERY: u32 = 60;
/// What was changed less long ago may have been changed again within one tick of the file system's clock.
const COARSE: Duration = Duration::from_secs(3);

/// What the files and the secrets that they name hold: a number of each.
pub(crate) type State = (String, u64);

/// What a look saw.
#[derive(Debug)]
pub(crate) enum Look {
    /// Nothing has been touched since the last look.
    Untouched,
    /// The content, whether it is another or not.
    Read(Stamp, Result<(State, Source), ReadError>),
}

/// What the system says about the files, without reading them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp(BTreeMap<PathBuf, Option<About>>);

/// Device, inode, size, and the seconds and nanoseconds of the last change of content and of anything.
type About = (u64, u64, u64, [(i64, i64); 2]);

impl Stamp {
    fn of(path: &Path, secrets: &Secrets) -> Self {
        // An error here comes again when it is read, and is said then.
        let mut paths = Source::paths(path).unwrap_or_default();
        paths.extend(secrets.paths().cloned());
        paths.push(path.to_path_buf());
        Self(paths.into_iter().map(|path| (about(&path), path)).map(|(about, path)| (path, about)).collect())
    }

    /// Whether the last change is so long ago that a further one would bear another time.
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let times = self.0.values().flatten().flat_map(|(.., times)| times);
        times.into_iter().all(|(seconds, _)| {
            u64::try_from(*seconds).is_ok_and(|changed| now.abs_diff(changed) > COARSE.as_secs())
        })
    }
}

fn about(path: &Path) -> Option<About> {
    let about = std::fs::metadata(path).ok()?;
    let times = [(about.mtime(), about.mtime_nsec()), (about.ctime(), about.ctime_nsec())];
    Some((about.dev(), about.ino(), about.len(), times))
}

/// Looks at a config and its secrets; `last` is what was seen before, where that may be relied on.
pub(crate) fn look(path: &Path, secrets: &Secrets, last: Option<&Stamp>) -> Look {
    let stamp = Stamp::of(path, secrets);
    if last == Some(&stamp) && stamp.is_settled(SystemTime::now()) {
        return Look::Untouched;
    }
    let read = Source::read(path).map(|source| ((source.hash(), secrets.now().state()), source));
    Look::Read(stamp, read)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, FileTimes};

    use super::*;

    fn age(path: &Path) {
        let old = SystemTime::now() - Duration::from_secs(60);
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_times(FileTimes::new().set_modified(old))
            .unwrap();
    }

    /// As it will be once the file system's clock has moved on.
    fn settled(stamp: &Stamp) -> bool {
        stamp.is_settled(SystemTime::now() + Duration::from_secs(60))
    }

    #[test]
    fn what_was_written_a_moment_ago_is_read_again_although_its_times_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("candor.yaml");
        fs::write(&path, "a: 1\n").unwrap();
        let Look::Read(stamp, Ok(_)) = look(&path, &Secrets::default(), None) else {
            panic!("nothing was seen before")
        };
        assert!(!stamp.is_settled(SystemTime::now()) && settled(&stamp));
        assert!(matches!(look(&path, &Secrets::default(), Some(&stamp)), Look::Read(..)));
    }

    #[test]
    fn every_way_of_replacing_a_file_is_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("candor.yaml"), folder.path().join("other"));
        let stamp = || Stamp::of(&path, &Secrets::default());
        fs::write(&path, "a: 1\n").unwrap();
        age(&path);
        let mut seen = vec![stamp()];
        let mut note = |what: &str| {
            let now = stamp();
            assert!(!seen.contains(&now), "{what}");
            seen.push(now);
        };
        fs::write(&path, "a: 2\n").unwrap();
        note("written in place");
        fs::write(&other, "a: 3\n").unwrap();
        age(&other);
        fs::rename(&other, &path).unwrap();
        note("renamed over");
        fs::remove_file(&path).unwrap();
        note("taken away");
        fs::create_dir(&path).unwrap();
        note("a folder in its place");
        fs::write(path.join("a.yaml"), "a: 4\n").unwrap();
        note("a file in the folder");
        fs::remove_dir_all(&path).unwrap();
        std::os::unix::fs::symlink("other", &path).unwrap();
        fs::write(&other, "a: 5\n").unwrap();
        note("a link");
    }
}
