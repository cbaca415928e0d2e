//! What rows measure on: the binary built for release, a hub that runs on a config, and a peer's server.

mod hub;
mod nginx;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::run::{ask, quietly};

pub(super) use hub::Hub;
pub(super) use nginx::Nginx;

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);

/// Builds the binary for release, and says where it is.
pub(super) fn binary(root: &Path) -> Result<PathBuf, String> {
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
