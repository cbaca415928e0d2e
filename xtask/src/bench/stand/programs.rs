//! Programs that rows measure against or with: where they are, and the Debian package of one that is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::ask;
use crate::test::find;

/// A program, and the Debian package that has it.
const PACKAGES: &[(&str, &str)] = &[
    ("ab", "apache2-utils"),
    ("dnsperf", "dnsperf"),
    ("wrk", "wrk"),
    ("nginx", "nginx-light"),
    ("nsd", "nsd"),
    ("taskset", "util-linux"),
    ("prlimit", "util-linux"),
    ("perf", "linux-perf"),
    (BLACKBOX, BLACKBOX),
];

/// A peer that is shown where it is installed, and not missed where it is not.
pub(in super::super) const BLACKBOX: &str = "prometheus-blackbox-exporter";

/// A command of this program.
///
/// # Errors
/// Names the package of a program that is not there.
pub(in super::super) fn command(program: &str) -> Result<Command, String> {
    find(program).map(Command::new).ok_or_else(|| missing(program))
}

/// Whether the program is there.
pub(in super::super) fn is_there(program: &str) -> bool {
    find(program).is_some()
}

/// What is said of a program that is not there.
pub(in super::super) fn missing(program: &str) -> String {
    let package = PACKAGES.iter().find(|(name, _)| *name == program).map_or(program, |(_, package)| package);
    format!("{program} is not installed (Debian package {package})")
}

/// The programs that are peers, each with its version as Debian numbers it.
pub(in super::super) fn versions(root: &Path) -> Vec<(&'static str, String)> {
    let peers =
        PACKAGES.iter().map(|(name, _)| *name).filter(|name| !["taskset", "prlimit", "perf"].contains(name));
    peers.map(|name| (name, version(root, name))).collect()
}

fn version(root: &Path, program: &str) -> String {
    let Some(path) = find(program) else { return missing(program) };
    let package = owner(root, &path);
    let version =
        package.and_then(|package| ask(root, "dpkg-query", &["-W", "-f", "${Package} ${Version}", &package]));
    version.unwrap_or_else(|| "not from a Debian package".into())
}

/// The package that a file belongs to: `nginx: /usr/sbin/nginx` in the words of dpkg.
fn owner(root: &Path, path: &Path) -> Option<String> {
    let path: PathBuf = path.canonicalize().ok()?;
    let said = ask(root, "dpkg-query", &["-S", path.to_str()?])?;
    said.split_once(": ").map(|(package, _)| package.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        assert!(command("no-such-program-here").unwrap_err().contains("no-such-program-here"));
        assert_eq!(missing("ab"), "ab is not installed (Debian package apache2-utils)");
        assert!(command("sh").is_ok());
    }
}
