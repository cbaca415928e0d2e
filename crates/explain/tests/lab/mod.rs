//! A private tree of real servers on loopback: NSD as the root, Knot as `test.`, BIND and NSD for `shop.test.`, Unbound as a
//! resolver. All listen on one port that was free, each at an address of its own; they end with the test.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "each test file uses a part of it, and nothing else does"
)]

pub mod signed;
pub mod told;

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::finding::Finding;
use candor_explain::{Known, judge};
use candor_names::walk::{Bounds, Start};
use candor_names::{AskOptions, Question, Rcode, Walk, WalkRequest, ask, walk};

pub const ROOT: &str = "127.77.0.10";
pub const TEST: &str = "127.77.0.11";
/// BIND listens only on addresses that an interface really has.
pub const NS1: &str = "127.0.0.1";
pub const NS2: &str = "127.77.0.13";
pub const NS3: &str = "127.77.0.14";
pub const RESOLVER: &str = "127.77.0.20";

/// The zone when all is well.
pub const SHOP: &str = "$TTL 300\n@ SOA ns1 hostmaster 100 600 300 86400 60\n@ NS ns1\n@ NS ns2\n@ MX 10 mail\nns1 A 127.0.0.1\nns2 A 127.77.0.13\n\
                        www A 192.0.2.10\napi A 192.0.2.20\nlogin CNAME edge\nedge A 192.0.2.30\nmail A 192.0.2.40\n";

/// What `test.` says of it when all is well.
pub const DELEGATION: &str =
    "shop NS ns1.shop\nshop NS ns2.shop\nns1.shop A 127.0.0.1\nns2.shop A 127.77.0.13\n";

/// A zone without one line.
pub fn without(zone: &str, line: &str) -> String {
    assert!(zone.contains(&format!("{line}\n")), "the zone has no line {line}");
    zone.replace(&format!("{line}\n"), "").replace(" 100 600", " 101 600")
}

/// A zone with one line in the place of another.
pub fn with(zone: &str, line: &str, other: &str) -> String {
    assert!(zone.contains(&format!("{line}\n")), "the zone has no line {line}");
    zone.replace(&format!("{line}\n"), &format!("{other}\n")).replace(" 100 600", " 101 600")
}

/// Whose server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    Nsd,
    Bind,
    Knot,
}

struct Running {
    ip: String,
    child: Child,
    folder: tempfile::TempDir,
}

impl Running {
    fn signal(&self, signal: &str) {
        let _ = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
    }

    /// To it and to its children: NSD answers by children of children.
    fn signal_all(&self, signal: &str) {
        let mut all = vec![self.child.id().to_string()];
        let mut at = 0;
        while let Some(id) = all.get(at) {
            let children =
                std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            all.extend(children.split_whitespace().map(str::to_owned));
            at += 1;
        }
        let _ = Command::new("kill").arg(signal).args(&all).status();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal_all("-CONT");
        self.signal("-TERM");
        let _ = self.child.wait();
    }
}

pub struct Lab {
    pub port: u16,
    servers: Vec<Running>,
}

impl Lab {
    /// A root and `test.` with this delegation in it, and no server of `shop.test.` yet.
    pub async fn with_delegation(delegation: &str) -> Self {
        Self::with_tops("", &zone_of_test(delegation)).await
    }

    /// A root and `test.` that are signed, with this delegation in it, and no server of `shop.test.` yet.
    pub async fn with_signed_delegation(delegation: &str) -> Self {
        let plain = zone_of_test(delegation);
        let test = signed::sign("test.", &plain, signed::How::Well);
        let root = signed::sign(".", &root_zone(&format!("{}\n", test.ds)), signed::How::Well);
        Self::with_roots(&root.zone, &test.zone).await
    }

    /// A root with these lines more, and this zone as `test.`.
    pub async fn with_tops(more: &str, test: &str) -> Self {
        Self::with_roots(&root_zone(more), test).await
    }

    /// These zones as the root and as `test.`.
    pub async fn with_roots(root: &str, test: &str) -> Self {
        Self::at_port(free_port(), root, test).await
    }

    /// The same on a port that is known to be free: 53, where the test has a network of its own.
    pub async fn at_port(port: u16, root: &str, test: &str) -> Self {
        let mut lab = Self { port, servers: Vec::new() };
        lab.start(Make::Nsd, ROOT, &[(".", root)]).await;
        lab.start(Make::Knot, TEST, &[("test.", test)]).await;
        lab
    }

    /// The whole tree; the two servers of `shop.test.` with these zones.
    pub async fn with_zones(one: &str, two: &str) -> Self {
        let mut lab = Self::with_delegation(DELEGATION).await;
        lab.start(Make::Bind, NS1, &[("shop.test.", one)]).await;
        lab.start(Make::Nsd, NS2, &[("shop.test.", two)]).await;
        lab
    }

    /// The same zone on both.
    pub async fn with_zone(zone: &str) -> Self {
        Self::with_zones(zone, zone).await
    }

    pub fn at(&self, ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse::<IpAddr>().unwrap(), self.port)
    }

    /// Starts a server with zones, and waits until it answers; NSD now and then misses its own start.
    pub async fn start(&mut self, make: Make, ip: &str, zones: &[(&str, &str)]) {
        let origin = zones.first().map_or("nowhere.", |(origin, _)| origin);
        let mut said = String::new();
        for _ in 0..5 {
            let running = spawn(make, self.at(ip), zones);
            if answers(self.at(ip), origin).await {
                self.servers.push(running);
                return;
            }
            said = log_of(running.folder.path());
        }
        panic!("{make:?} does not answer at {ip}: {said}");
    }

    /// A secondary (NSD) of a zone that it takes from another server, with its copy of it.
    pub async fn secondary(&mut self, ip: &str, origin: &str, primary: &str) {
        let folder = tempfile::tempdir().unwrap();
        let at = self.at(ip);
        let zone = format!(
            "zone:\n  name: \"{origin}\"\n  zonefile: \"copy.zone\"\n  request-xfr: AXFR {primary}@{} NOKEY\n  allow-notify: 127.0.0.0/8 NOKEY\n",
            self.port
        );
        let conf = nsd(folder.path(), at, &[]) + &zone;
        let child = run("/usr/sbin/nsd", "nsd", folder.path(), &["-d", "-c"], &conf, &[]);
        self.servers.push(Running { ip: ip.to_owned(), child, folder });
        self.until(ip, origin, Rcode::NOERROR).await;
    }

    /// Waits until a server answers so when it is asked for a zone's SOA.
    pub async fn until(&self, ip: &str, origin: &str, rcode: Rcode) {
        let options = AskOptions { recursion_desired: false, ..AskOptions::default() };
        let begun = std::time::Instant::now();
        loop {
            let said = ask(self.at(ip), &question(origin, "SOA"), &options).await;
            if said.as_ref().is_ok_and(|said| said.rcode == rcode) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{ip} does not come to {rcode}: {said:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A resolver that asks the servers of `shop.test.` itself; `more` goes into its `server:` part.
    pub async fn resolver(&mut self, more: &str) -> SocketAddr {
        let at = self.at(RESOLVER);
        let folder = tempfile::tempdir().unwrap();
        let servers = [NS1, NS2].map(|ip| format!("  stub-addr: {ip}@{}\n", self.port)).concat();
        let conf = format!(
            "server:\n  interface: {ip}@{port}\n  username: \"\"\n  chroot: \"\"\n  directory: \"{dir}\"\n  pidfile: \"{dir}/pid\"\n  \
             use-syslog: no\n  do-daemonize: no\n  do-not-query-localhost: no\n  local-zone: \"test.\" nodefault\n  do-ip6: no\n  \
             access-control: 127.0.0.0/8 allow\n  ede: yes\n{more}\nremote-control:\n  control-enable: no\n\
             stub-zone:\n  name: \"shop.test.\"\n{servers}",
            ip = RESOLVER,
            port = self.port,
            dir = folder.path().display()
        );
        let child = run("/usr/sbin/unbound", "unbound", folder.path(), &["-d", "-c"], &conf, &[]);
        self.servers.push(Running { ip: RESOLVER.to_owned(), child, folder });
        for _ in 0..200 {
            let options = AskOptions { deadline: Duration::from_millis(200), ..AskOptions::default() };
            if ask(at, &question("localhost", "A"), &options).await.is_ok() {
                return at;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("unbound does not answer");
    }

    /// A resolver that walks from the lab's own root, on port 53, and holds it to this key.
    pub async fn resolver_from_the_root(&mut self, anchor: &str) -> SocketAddr {
        let at = self.at(RESOLVER);
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().display().to_string();
        std::fs::write(folder.path().join("hints"), format!(". NS a.root.\na.root. A {ROOT}\n")).unwrap();
        std::fs::write(folder.path().join("anchor"), format!("{anchor}\n")).unwrap();
        let conf = format!(
            "server:\n  interface: {RESOLVER}\n  username: \"\"\n  chroot: \"\"\n  directory: \"{dir}\"\n  pidfile: \"{dir}/pid\"\n  \
             use-syslog: no\n  do-daemonize: no\n  do-not-query-localhost: no\n  local-zone: \"test.\" nodefault\n  do-ip6: no\n  \
             access-control: 127.0.0.0/8 allow\n  ede: yes\n  root-hints: \"{dir}/hints\"\n  trust-anchor-file: \"{dir}/anchor\"\n  \
             module-config: \"validator iterator\"\nremote-control:\n  control-enable: no\n"
        );
        let child = run("/usr/sbin/unbound", "unbound", folder.path(), &["-d", "-c"], &conf, &[]);
        self.servers.push(Running { ip: RESOLVER.to_owned(), child, folder });
        assert!(answers(at, "localhost.").await, "unbound does not answer");
        at
    }

    /// BIND as a resolver that asks NS2 for `shop.test.`; `more` goes beside its options. It has the address of NS1.
    pub async fn bind_resolver(&mut self, more: &str) -> SocketAddr {
        let at = self.at(NS1);
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().display();
        let conf = format!(
            "options {{ directory \"{dir}\"; listen-on port {port} {{ {NS1}; }}; listen-on-v6 {{ none; }}; pid-file \"{dir}/pid\"; \
             session-keyfile none; recursion yes; allow-query {{ any; }}; dnssec-validation yes; empty-zones-enable no; }};\ncontrols {{ }};\n{more}\n\
             zone \".\" {{ type forward; forward only; forwarders {{ {NS2} port {port}; }}; }};\n",
            port = self.port
        );
        let child = run("/usr/sbin/named", "bind9", folder.path(), &["-g", "-n", "1", "-c"], &conf, &[]);
        self.servers.push(Running { ip: NS1.to_owned(), child, folder });
        assert!(answers(at, "shop.test.").await, "BIND does not answer");
        at
    }

    /// Ends a server: its port is closed from then on.
    pub fn stop(&mut self, ip: &str) {
        self.servers.retain(|running| running.ip != ip);
    }

    /// Halts a server: it is there, and says nothing.
    pub fn halt(&self, ip: &str) {
        for running in self.servers.iter().filter(|running| running.ip == ip) {
            running.signal_all("-STOP");
        }
    }

    pub fn start_of_walk(&self) -> Start {
        Start::hints(&format!(". NS a.root.\na.root. A {ROOT}\n")).unwrap().with_port(self.port)
    }

    pub async fn walk(&self, name: &str, known: &Known, resolvers: &[SocketAddr]) -> Walk {
        let (name, types) = match name.split_once('/') {
            Some((name, rtype)) => (name, vec![rtype]),
            None => (name, vec!["A", "AAAA"]),
        };
        let others = known.names.iter().filter(|other| other.name.trim_end_matches('.') != name);
        let request = WalkRequest {
            questions: types.into_iter().map(|rtype| question(name, rtype)).collect(),
            resolvers: resolvers.to_vec(),
            neighbours: others.map(|other| question(&other.name, &other.rtype)).collect(),
            former: known.servers(self.port),
            bounds: Bounds { time: Duration::from_secs(60), ..Bounds::default() },
        };
        walk(&self.start_of_walk(), &request, &|_| {}).await
    }

    pub async fn explain(&self, name: &str) -> Finding {
        self.explain_with(name, &Known::default(), &[]).await
    }

    pub async fn explain_with(&self, name: &str, known: &Known, resolvers: &[SocketAddr]) -> Finding {
        judge(&self.walk(name, known, resolvers).await, known, Timestamp::now())
    }
}

/// The root, with these lines more.
pub fn root_zone(more: &str) -> String {
    format!(
        "$TTL 300\n. SOA a.root. hostmaster.root. 1 600 300 86400 60\n. NS a.root.\na.root. A {ROOT}\ntest. NS ns.test.\nns.test. A {TEST}\n{more}"
    )
}

/// `test.`, with these lines more.
pub fn zone_of_test(more: &str) -> String {
    format!("$TTL 300\n@ SOA ns hostmaster 7 600 300 86400 60\n@ NS ns\nns A {TEST}\n{more}")
}

pub fn question(name: &str, rtype: &str) -> Question {
    Question::parse(name, rtype).unwrap()
}

/// What is expected of names.
pub fn known(list: &[&str]) -> Known {
    let mut known = Known::default();
    for text in list {
        known.expect(text).unwrap();
    }
    known
}

fn free_port() -> u16 {
    loop {
        let udp = UdpSocket::bind((NS1, 0)).unwrap();
        let port = udp.local_addr().unwrap().port();
        let free = |ip: &str| TcpListener::bind((ip, port)).is_ok();
        if [NS1, NS2, NS3, ROOT, TEST, RESOLVER].into_iter().all(free) {
            return port;
        }
    }
}

async fn answers(at: SocketAddr, origin: &str) -> bool {
    for _ in 0..200 {
        let options = AskOptions {
            deadline: Duration::from_millis(200),
            recursion_desired: false,
            ..AskOptions::default()
        };
        if ask(at, &question(origin, "SOA"), &options).await.is_ok() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    false
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

fn run(program: &str, package: &str, folder: &Path, before: &[&str], conf: &str, after: &[&str]) -> Child {
    let file = folder.join("conf");
    std::fs::write(&file, conf).unwrap();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut command = Command::new(program);
    command
        .args(before)
        .arg(&file)
        .args(after)
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .stdin(Stdio::null());
    command
        .spawn()
        .unwrap_or_else(|_| panic!("{program} must be installed for this test: Debian package {package}"))
}

fn spawn(make: Make, at: SocketAddr, zones: &[(&str, &str)]) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for (index, (_, text)) in zones.iter().enumerate() {
        std::fs::write(dir.join(format!("{index}.zone")), text).unwrap();
    }
    let child = match make {
        Make::Nsd => run("/usr/sbin/nsd", "nsd", dir, &["-d", "-c"], &nsd(dir, at, zones), &[]),
        Make::Bind => {
            run("/usr/sbin/named", "bind9", dir, &["-g", "-n", "1", "-c"], &bind(dir, at, zones), &[])
        }
        Make::Knot => {
            let socket = dir.join("sock");
            let after = ["-s", socket.to_str().unwrap()];
            run("/usr/sbin/knotd", "knot", dir, &["-c"], &knot(dir, at, zones), &after)
        }
    };
    Running { ip: at.ip().to_string(), child, folder }
}

fn nsd(dir: &Path, at: SocketAddr, zones: &[(&str, &str)]) -> String {
    let dir = dir.display();
    let mut conf = format!(
        "server:\n  ip-address: {}@{}\n  username: \"\"\n  database: \"\"\n  chroot: \"\"\n  pidfile: \"{dir}/pid\"\n  zonesdir: \"{dir}\"\n  \
         zonelistfile: \"{dir}/zone.list\"\n  xfrdfile: \"{dir}/xfrd.state\"\n  xfrdir: \"{dir}\"\n  cookie-secret-file: \"{dir}/cookies\"\n  \
         server-count: 1\nremote-control:\n  control-enable: no\n",
        at.ip(),
        at.port()
    );
    for (index, (origin, _)) in zones.iter().enumerate() {
        let _ = write!(
            conf,
            "zone:\n  name: \"{origin}\"\n  zonefile: \"{dir}/{index}.zone\"\n  provide-xfr: 127.0.0.0/8 NOKEY\n"
        );
    }
    conf
}

fn bind(dir: &Path, at: SocketAddr, zones: &[(&str, &str)]) -> String {
    let dir = dir.display();
    let mut conf = format!(
        "options {{ directory \"{dir}\"; listen-on port {} {{ {}; }}; listen-on-v6 {{ none; }}; pid-file \"{dir}/pid\"; \
         session-keyfile none; recursion no; dnssec-validation no; notify no; }};\ncontrols {{ }};\n",
        at.port(),
        at.ip()
    );
    for (index, (origin, _)) in zones.iter().enumerate() {
        let _ = writeln!(
            conf,
            "zone \"{origin}\" {{ file \"{index}.zone\"; type primary; check-names ignore; }};"
        );
    }
    conf
}

fn knot(dir: &Path, at: SocketAddr, zones: &[(&str, &str)]) -> String {
    let dir = dir.display();
    let mut conf = format!(
        "server:\n  rundir: \"{dir}\"\n  listen: {}@{}\nlog:\n  - target: stderr\n    any: info\ndatabase:\n  storage: \"{dir}\"\nzone:\n",
        at.ip(),
        at.port()
    );
    for (index, (origin, _)) in zones.iter().enumerate() {
        let _ = write!(
            conf,
            "  - domain: {origin}\n    storage: \"{dir}\"\n    file: {index}.zone\n    zonefile-load: whole\n    journal-content: none\n    semantic-checks: off\n"
        );
    }
    conf
}
