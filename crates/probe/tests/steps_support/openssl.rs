//! `openssl s_server` on a port of its own, its files in a folder of its own; ended by its process id.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use super::certificates::Leaf;

/// A TLS server that is not ours.
pub struct Openssl {
    child: Child,
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Openssl {
    pub fn start(leaf: &Leaf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&cert, &leaf.pem).unwrap();
        std::fs::write(&key, &leaf.key_pem).unwrap();
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert"])
            .arg(cert)
            .arg("-key")
            .arg(key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("OpenSSL must be installed for this test: Debian package openssl");
        // It says where it listens: "ACCEPT 127.0.0.1:37471".
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address =
            lines.map_while(Result::ok).find_map(|line| line.strip_prefix("ACCEPT ")?.trim().parse().ok());
        let address = address.unwrap_or_else(|| panic!("openssl s_server said nowhere where it listens"));
        Self { child, address, _folder: folder }
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
