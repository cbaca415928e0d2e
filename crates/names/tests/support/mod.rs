//! Servers that tests of this crate ask: NSD, our own, and ones that misbehave; each ends with the test.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "each test file uses a part of it, and nothing else does"
)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use candor_names::{AskOptions, Exchange, Question, Record, Server, ServerHandle, Transport, Zone, ask};
use tokio::net::UdpSocket;
use tokio::sync::oneshot;

/// A zone with one of everything that an answer can meet.
pub const SHOP: &str = include_str!("shop.example.zone");

pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub fn question(name: &str, rtype: &str) -> Question {
    Question::parse(name, rtype).unwrap()
}

pub fn zone(text: &str) -> Zone {
    Zone::parse(text, None, "test.zone").unwrap()
}

/// Options that fail soon where an answer is due at once, but not on a busy machine.
pub fn options() -> AskOptions {
    AskOptions { deadline: Duration::from_secs(10), recursion_desired: false, ..AskOptions::default() }
}

/// Options under which silence shows soon.
pub fn impatient() -> AskOptions {
    AskOptions { deadline: Duration::from_millis(300), ..options() }
}

pub fn over(transport: Transport) -> AskOptions {
    AskOptions { transport, ..options() }
}

pub fn lines(records: &[Record]) -> Vec<String> {
    let mut list: Vec<String> = records.iter().map(ToString::to_string).collect();
    list.sort();
    list
}

/// NSD on a port of its own, its files in a folder of its own; ended by its process id.
pub struct Nsd {
    child: Child,
    pub address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Nsd {
    /// Starts NSD with one zone and waits until it answers for it.
    ///
    /// Its processes now and then miss each other at the start ("did not get start signal"); it is started again then.
    pub async fn start(origin: &str, text: &str) -> Self {
        let mut said = String::new();
        for _ in 0..5 {
            let mut nsd = Self::spawn(origin, text);
            if nsd.answers(origin).await {
                return nsd;
            }
            said = std::fs::read_to_string(nsd.folder.path().join("log")).unwrap_or_default();
        }
        panic!("NSD does not answer for {origin}: {said}");
    }

    fn spawn(origin: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::new(LOOPBACK, free_port());
        std::fs::write(folder.path().join("test.zone"), text).unwrap();
        std::fs::write(folder.path().join("nsd.conf"), nsd_conf(folder.path(), address, origin)).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("/usr/sbin/nsd")
            .arg("-d")
            .arg("-c")
            .arg(folder.path().join("nsd.conf"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("NSD must be installed for this test: Debian package nsd");
        Self { child, address, folder }
    }

    async fn answers(&mut self, origin: &str) -> bool {
        for _ in 0..100 {
            let asked = AskOptions { deadline: Duration::from_millis(200), ..options() };
            match ask(self.address, &question(origin, "SOA"), &asked).await {
                Ok(answer) if !answer.answer.is_empty() => return true,
                _ if self.child.try_wait().unwrap().is_some() => return false,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        false
    }
}

impl Drop for Nsd {
    fn drop(&mut self) {
        // Its server processes end with it when it is asked to, not when it is killed.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn nsd_conf(folder: &Path, address: SocketAddr, origin: &str) -> String {
    let folder = folder.display();
    format!(
        "server:\n  ip-address: {}@{}\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"{folder}/pid\"\n  \
         zonesdir: \"{folder}\"\n  zonelistfile: \"{folder}/zone.list\"\n  xfrdfile: \"{folder}/xfrd.state\"\n  \
         xfrdir: \"{folder}\"\n  cookie-secret-file: \"{folder}/cookies\"\n  server-count: 1\n  minimal-responses: yes\n  refuse-any: no\n\
         remote-control:\n  control-enable: no\nzone:\n  name: \"{origin}\"\n  zonefile: \"{folder}/test.zone\"\n",
        address.ip(),
        address.port()
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

/// Our own server in this process; it ends when this is dropped.
pub struct Ours {
    pub address: SocketAddr,
    pub handle: ServerHandle,
    _stop: oneshot::Sender<()>,
}

impl Ours {
    pub async fn start(zones: Vec<Zone>) -> Self {
        let server = Server::bind(&[SocketAddr::new(LOOPBACK, 0)], zones).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (address, handle) = (server.local_addrs()[0], server.handle());
        tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self { address, handle, _stop: stop }
    }
}

/// A UDP server that answers each packet with what `answer` makes of it; it ends with the test's runtime.
pub async fn misbehave<F>(answer: F) -> SocketAddr
where
    F: Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
{
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let Ok((size, client)) = socket.recv_from(&mut buffer).await else { continue };
            for reply in answer(&buffer[..size]) {
                let _ = socket.send_to(&reply, client).await;
            }
        }
    });
    address
}

/// The query as its own response: same id, same question, with these flags and records after the question.
pub fn response_to(query: &[u8], flags: [u8; 2], answers: u8, records: &[u8]) -> Vec<u8> {
    let mut end = 12;
    while query[end] != 0 {
        end += usize::from(query[end]) + 1;
    }
    let mut bytes = query[..end + 5].to_vec();
    bytes[2] = flags[0] | 0x80;
    bytes[3] = flags[1];
    bytes[6..12].copy_from_slice(&[0, answers, 0, 0, 0, 0]);
    bytes.extend_from_slice(records);
    bytes
}

/// An A record for the question's name.
pub const A_RECORD: [u8; 16] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];

pub async fn asked(server: SocketAddr, name: &str, rtype: &str, options: &AskOptions) -> Exchange {
    ask(server, &question(name, rtype), options).await.unwrap()
}
