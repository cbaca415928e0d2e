//! `aiosmtpd`, an SMTP server that is not ours, on a free port; ended by its process id.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::certificates::Leaf;
use super::closed_port;

/// Longest time until it listens, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// An SMTP server with STARTTLS.
pub struct Aiosmtpd {
    child: Child,
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Aiosmtpd {
    pub fn start(leaf: &Leaf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&cert, &leaf.pem).unwrap();
        std::fs::write(&key, &leaf.key_pem).unwrap();
        // It cannot say which port it took, so it is given one; somebody else may be quicker.
        for _ in 0..5 {
            let address = SocketAddr::from(([127, 0, 0, 1], closed_port()));
            let mut child = Command::new("aiosmtpd")
                .args(["-n", "--no-requiretls", "-l", &address.to_string()])
                .arg("--tlscert")
                .arg(&cert)
                .arg("--tlskey")
                .arg(&key)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("aiosmtpd must be installed for this test: Debian package python3-aiosmtpd");
            if listens(&mut child, address) {
                return Self { child, address, _folder: folder };
            }
        }
        panic!("aiosmtpd does not listen");
    }
}

fn listens(child: &mut Child, address: SocketAddr) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < READY_WITHIN && child.try_wait().unwrap().is_none() {
        if TcpStream::connect(address).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
