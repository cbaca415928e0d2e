//! `candor zone serve`: a zone file answered over UDP and TCP, read again on SIGHUP, a bad one refused.

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use candor_names::{AskOptions, Question, Rcode, Transport, ask};
use support::candor::{Running, candor, run};

const ZONE: &str = "$ORIGIN corp.example.
$TTL 300
@    SOA ns hostmaster 1 3600 600 86400 60
@    NS  ns
ns   A   192.0.2.1
shop A   192.0.2.10
";
const SOON: Duration = Duration::from_secs(20);

/// The address of the name; `None` for a denial.
async fn address(server: SocketAddr, name: &str, transport: Transport) -> Option<String> {
    let question = Question::parse(name, "A").expect("a name of the test");
    let options = AskOptions { transport, recursion_desired: false, ..AskOptions::default() };
    let exchange = ask(server, &question, &options).await.expect("the server answers");
    assert!(exchange.flags.aa, "the answer is authoritative");
    assert!(matches!(exchange.rcode, Rcode::NOERROR | Rcode::NXDOMAIN), "{:?}", exchange.rcode);
    exchange.answer.first().map(|record| record.data.clone())
}

fn write(folder: &Path, text: &str) {
    std::fs::write(folder.join("corp.zone"), text).expect("a zone file can be written");
}

fn serve(folder: &Path) -> (Running, SocketAddr) {
    let mut server =
        Running::start(candor(folder).args(["zone", "serve", "corp.zone", "--listen", "127.0.0.1:0"]));
    let port = server.port_after(" on ");
    (server, SocketAddr::from(([127, 0, 0, 1], port)))
}

#[tokio::test]
async fn a_zone_file_is_answered_and_read_again_on_sighup() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), ZONE);
    let (mut server, at) = serve(folder.path());
    for transport in [Transport::Udp, Transport::Tcp] {
        assert_eq!(address(at, "shop.corp.example", transport).await.as_deref(), Some("192.0.2.10"));
        assert_eq!(address(at, "buy.corp.example", transport).await, None);
    }
    write(folder.path(), &ZONE.replace(" 1 3600", " 2 3600").replace("192.0.2.10", "192.0.2.20"));
    server.signal("HUP");
    becomes(at, "192.0.2.20").await;
    write(folder.path(), "shop A not-an-address\n");
    server.signal("HUP");
    server.after("refused, the old zones stay in force");
    assert_eq!(address(at, "shop.corp.example", Transport::Udp).await.as_deref(), Some("192.0.2.20"));
    assert_eq!(server.stop().code(), Some(0));
}

async fn becomes(server: SocketAddr, wanted: &str) {
    let begun = Instant::now();
    while address(server, "shop.corp.example", Transport::Udp).await.as_deref() != Some(wanted) {
        assert!(begun.elapsed() < SOON, "the zone is not read again within {SOON:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_zone_file_with_faults_is_not_served_and_each_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &ZONE.replace("192.0.2.10", "192.0.2.1000"));
    let said = run(folder.path(), &["zone", "serve", "corp.zone", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, Some(2), "{}", said.all());
    assert!(said.err.contains("corp.zone") && said.err.contains('6'), "{}", said.all());
    let missing = run(folder.path(), &["zone", "serve", "none.zone", "--listen", "127.0.0.1:0"]);
    assert_eq!(missing.code, Some(2), "{}", missing.all());
    assert!(missing.err.contains("none.zone"), "{}", missing.all());
}
