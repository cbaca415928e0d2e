//! What rows measure on, in reading order:
//!
//! * [`hub`]: `candor serve` on a config from [`plans`], in its [`mod@steady`] state
//! * [`nginx`], [`nsd`], [`target`]: what is checked
//! * [`tools`], [`mod@blackbox`], [`floor`]: what is measured beside it
//! * [`process`], [`programs`]: what a process takes, and where the peers' programs are

mod blackbox;
pub(super) mod floor;
mod hub;
mod nginx;
mod nsd;
pub(super) mod plans;
mod process;
mod programs;
mod steady;
mod target;
mod tools;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::row::Bench;
use crate::run::{ask, quietly};

pub(super) use blackbox::blackbox;
pub(super) use hub::{Hub, fetch};
pub(super) use nginx::Nginx;
pub(super) use nsd::{Nsd, wait_until_answered};
pub(super) use process::Server;
pub(super) use programs::{BLACKBOX, command, is_there, missing, versions};
pub(super) use steady::{Times, Took, steady};
pub(super) use target::{Target, latest_ms};
pub(super) use tools::{Load, ab, dnsperf, dnsperf_rate, pinned, wrk};

/// Addresses of loopback, each a host of its own to a schedule that paces its starts against one host.
const HOSTS: [&str; 8] =
    ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8"];

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);

/// Builds the binary for release, and says where it is; or takes the one that was given.
pub(super) fn binary(bench: &Bench<'_>) -> Result<PathBuf, String> {
    if let Some(given) = bench.candor {
        let path = bench.root.join(given);
        return path.is_file().then_some(path).ok_or_else(|| format!("there is no file {given}"));
    }
    let root = bench.root;
    let built = quietly(root, "cargo", &["build", "--quiet", "--release", "-p", "candor"], BUILD_LIMIT);
    if !built.ok {
        return Err(format!("the binary does not build: {}", built.output));
    }
    Ok(target_folder(root)?.join("release/candor"))
}

/// Builds an example of the core for release, and says where it is.
pub(super) fn example(root: &Path, name: &str) -> Result<PathBuf, String> {
    let args = ["build", "--quiet", "--release", "-p", "candor-core", "--example", name];
    let built = quietly(root, "cargo", &args, BUILD_LIMIT);
    if !built.ok {
        return Err(format!("the example does not build: {}", built.output));
    }
    Ok(target_folder(root)?.join("release/examples").join(name))
}

/// Where cargo puts what it builds.
pub(super) fn target_folder(root: &Path) -> Result<PathBuf, String> {
    let answer = ask(root, "cargo", &["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: serde_json::Value = serde_json::from_str(&answer.unwrap_or_default())
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let folder = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    folder.map(PathBuf::from).ok_or_else(|| "cargo metadata names no target folder".into())
}

/// An address of loopback that nobody listens on just now.
pub(super) fn free_address() -> Result<SocketAddr, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| error.to_string())
}

/// Takes as many descriptors as this process may have: a target that hangs holds one for each connection.
pub(super) fn raise_descriptors() -> Result<(), String> {
    let own = std::process::id().to_string();
    let raise = "prlimit --pid $0 --nofile=$(prlimit --pid $0 --nofile --output HARD --noheadings --raw):";
    let raised = command("sh").map(|mut sh| sh.args(["-c", raise, &own]).status());
    match raised?.map_err(|error| error.to_string())?.success() {
        true => Ok(()),
        false => Err("prlimit could not raise the limit on open files".into()),
    }
}

/// A folder that goes when this is dropped.
#[derive(Debug)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(word: &str) -> Result<Self, String> {
        let unique = free_address()?.port();
        let path = std::env::temp_dir().join(format!("candor-bench-{word}-{}-{unique}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Ours alone; one that stays costs a few files in the temporary folder.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
