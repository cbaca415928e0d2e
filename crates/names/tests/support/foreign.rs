//! Name servers of others, as Debian has them: NSD, BIND, Knot; each on a port and in a folder of its own, ended by its
//! process id.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use candor_names::{AskOptions, Key, ask};

use super::{LOOPBACK, options, question};

/// The key that transfers of these tests are signed with.
pub const KEY_NAME: &str = "xfr.example";
const SECRET: &str = "dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cyBhbG9uZSE=";

pub fn key() -> Key {
    Key::new(KEY_NAME, "hmac-sha256", SECRET).unwrap()
}

/// Whose server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    Nsd,
    Bind,
    Knot,
}

/// What it does beside answering.
#[derive(Debug, Clone, Copy)]
pub enum Role<'a> {
    /// Has this zone, for itself.
    Alone(&'a str),
    /// Has this zone, and gives it to the other; signed or not.
    Primary(&'a str, SocketAddr, bool),
    /// Copies the zone from the other; signed or not.
    Secondary(SocketAddr, bool),
}

/// A running server.
pub struct Foreign {
    child: Child,
    pub address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Foreign {
    /// Starts a server with one zone of its own and waits until it answers for it.
    pub async fn alone(make: Make, origin: &str, text: &str) -> Self {
        Self::start(make, free(), origin, Role::Alone(text)).await
    }

    /// Starts a server and waits until it answers, with the zone or (a secondary) without.
    ///
    /// NSD's processes now and then miss each other at the start ("did not get start signal"); it is started again then.
    pub async fn start(make: Make, address: SocketAddr, origin: &str, role: Role<'_>) -> Self {
        let mut said = String::new();
        for _ in 0..5 {
            let mut server = Self::spawn(make, address, origin, role);
            if server.answers(origin, matches!(role, Role::Secondary(..))).await {
                return server;
            }
            said = server.log();
        }
        panic!("{make:?} does not answer for {origin}: {said}");
    }

    fn spawn(make: Make, address: SocketAddr, origin: &str, role: Role<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Role::Alone(text) | Role::Primary(text, ..) = role {
            std::fs::write(folder.path().join("test.zone"), text).unwrap();
        }
        let file = folder.path().join("conf");
        let (program, package, before, conf) = match make {
            Make::Nsd => {
                ("/usr/sbin/nsd", "nsd", vec!["-d", "-c"], nsd(folder.path(), address, origin, role))
            }
            Make::Bind => {
                ("/usr/sbin/named", "bind9", vec!["-g", "-c"], bind(folder.path(), address, origin, role))
            }
            Make::Knot => ("/usr/sbin/knotd", "knot", vec!["-c"], knot(folder.path(), address, origin, role)),
        };
        std::fs::write(&file, conf).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command.args(before).arg(&file).stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null());
        if make == Make::Knot {
            command.arg("-s").arg(folder.path().join("sock"));
        }
        let child = command.spawn();
        let child = child.unwrap_or_else(|_| {
            panic!("{program} must be installed for this test: Debian package {package}")
        });
        Self { child, address, folder }
    }

    async fn answers(&mut self, origin: &str, empty: bool) -> bool {
        for _ in 0..100 {
            let asked = AskOptions { deadline: Duration::from_millis(200), ..options() };
            match ask(self.address, &question(origin, "SOA"), &asked).await {
                Ok(answer) if empty || !answer.answer.is_empty() => return true,
                _ if self.child.try_wait().unwrap().is_some() => return false,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        false
    }

    /// Gives it another text of its zone.
    pub fn rewrite(&self, text: &str) {
        // A time stamp of the same second would pass for the same file.
        let file = self.folder.path().join("test.zone");
        std::fs::write(&file, text).unwrap();
        let later = std::time::SystemTime::now() + Duration::from_secs(5);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        assert!(self.signal("-HUP"), "the server is gone: {}", self.log());
    }

    fn signal(&self, signal: &str) -> bool {
        Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .is_ok_and(|status| status.success())
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // Server processes end with the first one when it is asked to, not when it is killed.
        self.signal("-TERM");
        let _ = self.child.wait();
    }
}

/// An address that was free for UDP and TCP a moment ago.
pub fn free() -> SocketAddr {
    loop {
        let udp = std::net::UdpSocket::bind((LOOPBACK, 0)).unwrap();
        let port = udp.local_addr().unwrap().port();
        if std::net::TcpListener::bind((LOOPBACK, port)).is_ok() {
            return SocketAddr::new(LOOPBACK, port);
        }
    }
}

fn nsd(folder: &Path, address: SocketAddr, origin: &str, role: Role<'_>) -> String {
    let folder = folder.display();
    let at = |other: SocketAddr| format!("{}@{}", other.ip(), other.port());
    let named = |signed| if signed { KEY_NAME } else { "NOKEY" };
    let zone = match role {
        Role::Alone(_) => String::new(),
        Role::Primary(_, other, signed) => {
            let key = named(signed);
            format!(
                "  notify: {} {key}\n  provide-xfr: 127.0.0.1 {key}\n  store-ixfr: yes\n  create-ixfr: yes\n",
                at(other)
            )
        }
        Role::Secondary(other, signed) => {
            let key = named(signed);
            format!("  request-xfr: {} {key}\n  allow-notify: 127.0.0.1 {key}\n", at(other))
        }
    };
    format!(
        "server:\n  ip-address: {}\n  username: \"\"\n  database: \"\"\n  chroot: \"\"\n  pidfile: \"{folder}/pid\"\n  zonesdir: \"{folder}\"\n  \
         zonelistfile: \"{folder}/zone.list\"\n  xfrdfile: \"{folder}/xfrd.state\"\n  xfrdir: \"{folder}\"\n  \
         cookie-secret-file: \"{folder}/cookies\"\n  server-count: 1\n  minimal-responses: yes\n  refuse-any: no\n  \
         xfrd-reload-timeout: 0\n  verbosity: 2\nremote-control:\n  control-enable: no\nkey:\n  name: \"{KEY_NAME}\"\n  algorithm: hmac-sha256\n  \
         secret: \"{SECRET}\"\nzone:\n  name: \"{origin}\"\n  zonefile: \"{folder}/test.zone\"\n{zone}",
        at(address)
    )
}

fn bind(folder: &Path, address: SocketAddr, origin: &str, role: Role<'_>) -> String {
    let folder = folder.display();
    let keyed = |signed| if signed { format!(" key \"{KEY_NAME}\"") } else { String::new() };
    let allow = |signed| if signed { format!("key \"{KEY_NAME}\"") } else { "127.0.0.1".to_owned() };
    let zone = match role {
        Role::Alone(_) => "type primary; check-names ignore;".to_owned(),
        Role::Primary(_, other, signed) => format!(
            "type primary; check-names ignore; ixfr-from-differences yes; notify explicit; notify-delay 0; allow-transfer {{ {}; }}; also-notify {{ {} port {}{}; }};",
            allow(signed),
            other.ip(),
            other.port(),
            keyed(signed)
        ),
        Role::Secondary(other, signed) => format!(
            "type secondary; check-names ignore; masterfile-format text; primaries {{ {} port {}{}; }};",
            other.ip(),
            other.port(),
            keyed(signed)
        ),
    };
    format!(
        "options {{ directory \"{folder}\"; listen-on port {} {{ {}; }}; listen-on-v6 {{ none; }}; pid-file \"{folder}/pid\"; \
         session-keyfile none; recursion no; dnssec-validation no; notify no; minimal-responses yes; }};\ncontrols {{ }};\n\
         key \"{KEY_NAME}\" {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};\n\
         zone \"{origin}\" {{ file \"test.zone\"; {zone} }};\n",
        address.port(),
        address.ip()
    )
}

fn knot(folder: &Path, address: SocketAddr, origin: &str, role: Role<'_>) -> String {
    let folder = folder.display();
    let at = |other: SocketAddr| format!("{}@{}", other.ip(), other.port());
    let keyed = |signed| if signed { format!("    key: {KEY_NAME}\n") } else { String::new() };
    let (others, zone) = match role {
        Role::Alone(_) => (String::new(), ""),
        Role::Primary(_, other, signed) | Role::Secondary(other, signed) => {
            let key = keyed(signed);
            let others = format!(
                "remote:\n  - id: other\n    address: {}\n{key}acl:\n  - id: other\n    address: 127.0.0.1\n{key}    action: [transfer, notify]\n",
                at(other)
            );
            let primary = matches!(role, Role::Primary(..));
            (
                others,
                if primary {
                    "    notify: other\n    acl: other\n"
                } else {
                    "    master: other\n    acl: other\n"
                },
            )
        }
    };
    format!(
        "server:\n  rundir: \"{folder}\"\n  listen: {}\nlog:\n  - target: stderr\n    any: info\ndatabase:\n  storage: \"{folder}\"\n\
         key:\n  - id: {KEY_NAME}\n    algorithm: hmac-sha256\n    secret: {SECRET}\n{others}zone:\n  - domain: {origin}\n    storage: \"{folder}\"\n    \
         file: test.zone\n    zonefile-load: difference\n    journal-content: changes\n{zone}",
        at(address)
    )
}
