//! What the tests need besides cargo: real servers and a real browser, from Debian's packages.
//!
//! Where apt-get and root are there, what is missing is installed without a question; else the one command to run is
//! printed and we stop: a test that silently skips its server proves nothing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Stop;
use crate::run::{Outcome, quietly_with};

/// A program, and the Debian package that has it.
const PROGRAMS: &[(&str, &str)] = &[
    ("cc", "build-essential"),
    ("git", "git"),
    ("kill", "procps"),
    ("prlimit", "util-linux"),
    ("unshare", "util-linux"),
    ("ip", "iproute2"),
    ("faketime", "faketime"),
    ("openssl", "openssl"),
    ("curl", "curl"),
    ("dig", "bind9-dnsutils"),
    ("nginx", "nginx-light"),
    ("wrk", "wrk"),
    ("nsd", "nsd"),
    ("named", "bind9"),
    ("dnssec-signzone", "bind9-utils"),
    ("knotd", "knot"),
    ("unbound", "unbound"),
    ("aiosmtpd", "python3-aiosmtpd"),
    ("python3", "python3"),
    ("mandoc", "mandoc"),
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
];

/// Where Debian keeps servers, which the PATH of a user may leave out.
const SYSTEM_FOLDERS: &[&str] = &["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// Package lists and a browser over a slow line.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Makes sure that every program is there, or says what to do.
pub(super) fn make_sure(root: &Path) -> Result<(), Stop> {
    println!("programs: what the tests need besides cargo is installed");
    let wanted = missing();
    if wanted.is_empty() {
        println!("    all {} are there", PROGRAMS.len());
        return Ok(());
    }
    if find("apt-get").is_some() && is_root(root) {
        println!("    installing {}", wanted.join(" "));
        let said = install(root, &wanted);
        let still = missing();
        if still.is_empty() {
            return Ok(());
        }
        println!("{}", said.trim_end());
        return Err(Stop::CouldNotRun(format!("could not install {}", still.join(" "))));
    }
    Err(Stop::CouldNotRun(format!(
        "the tests need programs that are not here; run this and come back:\n  sudo apt-get install --yes --no-install-recommends {}",
        wanted.join(" ")
    )))
}

/// The packages of the programs that are not there.
fn missing() -> Vec<&'static str> {
    PROGRAMS.iter().filter(|(program, _)| find(program).is_none()).map(|(_, package)| *package).collect()
}

/// Where a program is, if it is there.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SYSTEM_FOLDERS.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn is_root(root: &Path) -> bool {
    crate::run::ask(root, "id", &["-u"]).is_some_and(|id| id.trim() == "0")
}

/// Installs without a question, and without starting the servers: the tests start their own.
fn install(root: &Path, packages: &[&str]) -> String {
    let mut said = apt_get(root, &["update"]).output;
    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(packages);
    said.push_str(&apt_get(root, &args).output);
    said
}

fn apt_get(root: &Path, args: &[&str]) -> Outcome {
    let mut command = Command::new("apt-get");
    command.args(args).current_dir(root);
    // RUNLEVEL=1 keeps invoke-rc.d from starting what was just installed.
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    quietly_with(&mut command, LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_outside_of_the_path_of_a_user_are_found() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program-here").is_none());
    }

    #[test]
    fn every_program_has_a_package() {
        assert!(PROGRAMS.iter().all(|(program, package)| !program.is_empty() && !package.is_empty()));
    }
}
