//! NSD on a port of its own, its files in a folder of its own; ended by its process id.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use candor_names::{AskOptions, Question, ask};

use super::LOOPBACK;

/// NSD with one zone, `shop.example`.
pub struct Nsd {
    child: Child,
    pub address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Nsd {
    /// Starts NSD and waits until it answers. The zone has `serial` and these records below its SOA and NS.
    pub async fn start(serial: u32, records: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::new(LOOPBACK, free_port());
        let zone = format!(
            "$ORIGIN shop.example.\n$TTL 60\n@ SOA ns1 hostmaster {serial} 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.0.1\n{records}\n"
        );
        std::fs::write(folder.path().join("test.zone"), zone).unwrap();
        std::fs::write(folder.path().join("nsd.conf"), conf(folder.path(), address)).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("/usr/sbin/nsd")
            .arg("-d")
            .arg("-c")
            .arg(folder.path().join("nsd.conf"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("NSD must be installed for this test: Debian package nsd");
        let nsd = Self { child, address, folder };
        nsd.wait_until_it_answers().await;
        nsd
    }

    async fn wait_until_it_answers(&self) {
        let question = Question::parse("shop.example", "SOA").unwrap();
        let options = AskOptions { deadline: Duration::from_millis(100), ..AskOptions::default() };
        for _ in 0..200 {
            match ask(self.address, &question, &options).await {
                Ok(answer) if !answer.answer.is_empty() => return,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        panic!("NSD does not answer: {log}");
    }
}

impl Drop for Nsd {
    fn drop(&mut self) {
        // Its server processes end with it when it is asked to, not when it is killed.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn conf(folder: &Path, address: SocketAddr) -> String {
    let (folder, ip, port) = (folder.display(), address.ip(), address.port());
    format!(
        "server:\n  ip-address: {ip}@{port}\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"{folder}/pid\"\n  \
         zonesdir: \"{folder}\"\n  zonelistfile: \"{folder}/zone.list\"\n  xfrdfile: \"{folder}/xfrd.state\"\n  \
         xfrdir: \"{folder}\"\n  cookie-secret-file: \"{folder}/cookies\"\n  server-count: 1\n\
         remote-control:\n  control-enable: no\nzone:\n  name: \"shop.example\"\n  zonefile: \"{folder}/test.zone\"\n"
    )
}

/// A port that was free for UDP and TCP a moment ago.
fn free_port() -> u16 {
    loop {
        let udp = std::net::UdpSocket::bind((LOOPBACK, 0)).unwrap();
        let port = udp.local_addr().unwrap().port();
        if std::net::TcpListener::bind((LOOPBACK, port)).is_ok() {
            return port;
        }
    }
}
