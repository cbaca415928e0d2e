//! `candor zone serve` twice: a primary and the copy of it, with a shared key, across restarts, counted; and what is wrong with
//! its arguments.

mod support;

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use candor_names::{AskOptions, Question, ask};
use support::candor::{Running, candor, run};
use support::http::get;

const KEY: &str = "xfr.example:hmac-sha256:xfr.key";
const SOON: Duration = Duration::from_secs(30);

/// The zone; its one host has the serial as its last number.
fn zone(serial: u8) -> String {
    format!(
        "$ORIGIN corp.example.\n$TTL 300\n@ SOA ns hostmaster {serial} 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\nshop A 192.0.2.{serial}\n"
    )
}

/// An address that was free for UDP and TCP a moment ago.
fn free() -> SocketAddr {
    loop {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

fn place(folder: &Path, serial: u8) {
    std::fs::write(folder.join("corp.zone"), zone(serial)).expect("a zone file can be written");
}

struct Pair {
    folder: tempfile::TempDir,
    primary: SocketAddr,
    copy: SocketAddr,
}

impl Pair {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key = folder.path().join("xfr.key");
        std::fs::write(&key, "dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cyBhbG9uZSE=\n").expect("a key can be written");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("its mode can be set");
        place(folder.path(), 1);
        Self { folder, primary: free(), copy: free() }
    }

    fn start_primary(&self) -> Running {
        let (listen, copy) = (self.primary.to_string(), format!("{}+key:xfr.example", self.copy));
        let words = ["zone", "serve", "corp.zone", "--listen", &listen, "--store", "zones.db", "--key", KEY];
        let more = ["--allow-transfer", "key:xfr.example", "--notify", &copy];
        Running::start(candor(self.folder.path()).args(words).args(more))
    }

    fn start_copy(&self) -> Running {
        let (listen, from) =
            (self.copy.to_string(), format!("corp.example={}+key:xfr.example", self.primary));
        let words = [
            "zone",
            "serve",
            "--listen",
            &listen,
            "--store",
            "copies.db",
            "--key",
            KEY,
            "--secondary",
            &from,
        ];
        Running::start(candor(self.folder.path()).args(words).args(["--metrics", "127.0.0.1:0"]))
    }

    /// Waits until the copy answers with this serial's address.
    async fn copied(&self, serial: u8) {
        let wanted = format!("192.0.2.{serial}");
        let begun = Instant::now();
        while address(self.copy).await.as_deref() != Some(&wanted) {
            assert!(begun.elapsed() < SOON, "version {serial} is not copied within {SOON:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn address(server: SocketAddr) -> Option<String> {
    let question = Question::parse("shop.corp.example", "A").expect("a name of the test");
    let options = AskOptions { recursion_desired: false, ..AskOptions::default() };
    let exchange = ask(server, &question, &options).await.ok()?;
    exchange.answer.first().map(|record| record.data.clone())
}

#[tokio::test]
async fn a_copy_follows_its_primary_and_both_go_on_where_they_were_when_killed() {
    let pair = Pair::new();
    let (mut primary, mut copy) = (pair.start_primary(), pair.start_copy());
    pair.copied(1).await;
    place(pair.folder.path(), 2);
    primary.signal("HUP");
    pair.copied(2).await;
    primary.kill();
    copy.kill();
    // Alone, from what it kept.
    let mut copy = pair.start_copy();
    pair.copied(2).await;
    place(pair.folder.path(), 3);
    let mut primary = pair.start_primary();
    pair.copied(3).await;
    let port = copy.port_after("counts at http://127.0.0.1");
    let counts = get(port, "/metrics").expect("the counts are served").body;
    for line in [
        "candor_dns_transfers_fetched_total{result=\"ixfr\"} 1",
        "candor_dns_transfers_fetched_total{result=\"axfr\"} 0",
        "candor_dns_zone_serial{zone=\"corp.example.\"} 3",
        "candor_dns_zone_served{zone=\"corp.example.\"} 1",
        "candor_dns_zone_expires_seconds{zone=\"corp.example.\"} 86",
        "candor_dns_zone_refreshed_seconds{zone=\"corp.example.\"} ",
    ] {
        assert!(counts.contains(line), "{line}: {counts}");
    }
    assert!(
        counts.contains("candor_dns_answers_total{type=\"A\",rcode=\"NOERROR\",transport=\"udp\"}"),
        "{counts}"
    );
    assert_eq!((primary.stop().code(), copy.stop().code()), (Some(0), Some(0)));
}

#[test]
fn what_is_wrong_with_keys_copies_and_stores_is_said() {
    let pair = Pair::new();
    let said = |words: &[&str]| {
        let all: Vec<&str> = ["zone", "serve"].iter().chain(words).copied().collect();
        run(pair.folder.path(), &all).all()
    };
    insta::assert_snapshot!(
        "unknown_key",
        said(&["corp.zone", "--allow-transfer", "key:other.example", "--key", KEY])
    );
    insta::assert_snapshot!("no_secret", said(&["corp.zone", "--key", "xfr.example:hmac-sha256:corp.zone"]));
    insta::assert_snapshot!("bad_copy", said(&["--secondary", "corp.example"]));
    insta::assert_snapshot!(
        "twice",
        said(&["corp.zone", "--listen", "127.0.0.1:0", "--secondary", "corp.example=192.0.2.1"])
    );
    insta::assert_snapshot!("foreign_store", said(&["corp.zone", "--store", "corp.zone"]));
}
