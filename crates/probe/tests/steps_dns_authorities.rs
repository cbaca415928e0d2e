//! `authorities: agree` walked through the zone's NS records, to servers on port 53 of addresses of loopback.
//!
//! Binding that port takes root, as CI has it, or `sysctl net.ipv4.ip_unprivileged_port_start=53`. The addresses are
//! made of the process id, so that tests beside each other do not meet.
#![expect(clippy::unwrap_used, reason = "a test says by a panic what it missed; what it starts too")]

mod steps_support;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use candor_core::fault::Kind;
use candor_core::model::{DnsExpect, DnsStep, Resolve, Step};
use candor_core::observation::Run;
use candor_names::{Server, Zone};
use steps_support::{LOOPBACK, SECOND, failed, passed, run_with, text};

/// An address of this process alone.
fn address(host: u8) -> IpAddr {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 100 + high % 100, low, host).into()
}

/// A zone whose two servers are at addresses of ours.
fn zone(serial: u32, records: &str) -> Zone {
    let (one, two) = (address(1), address(2));
    let text = format!(
        "$ORIGIN shop.example.\n$TTL 60\n@ SOA ns1 hostmaster {serial} 2 3 4 5\n@ NS ns1\n@ NS ns2\n\
         ns1 A {one}\nns2 A {two}\n{records}\n"
    );
    Zone::parse(&text, None, "test").unwrap()
}

/// Serves until the test's runtime ends.
async fn serve(at: SocketAddr, zones: Vec<Zone>) -> SocketAddr {
    let server = Server::bind(&[at], zones).await.unwrap_or_else(|why| {
        panic!("{why}; port 53 takes root, or sysctl net.ipv4.ip_unprivileged_port_start=53")
    });
    let bound = server.local_addrs().into_iter().next().unwrap();
    tokio::spawn(server.run(std::future::pending()));
    bound
}

/// The step, by a resolver that knows the first zone.
async fn agreement(resolver: Zone, servers: [Option<Vec<Zone>>; 2]) -> Run {
    let resolver = serve(SocketAddr::new(LOOPBACK, 0), vec![resolver]).await;
    for (host, zones) in (1..).zip(servers) {
        if let Some(zones) = zones {
            serve(SocketAddr::new(address(host), 53), zones).await;
        }
    }
    let expect = DnsExpect {
        rcode: "NOERROR".to_owned(),
        answer: None,
        flags: Vec::new(),
        authorities_agree: true,
        within: None,
    };
    let step = DnsStep { name: text("www.shop.example"), rtype: "A".to_owned(), servers: Vec::new(), expect };
    run_with(Step::Dns(step), Resolve::Servers(vec![resolver]), SECOND * 20).await
}

const WWW: &str = "www A 192.0.2.1";

#[tokio::test]
async fn authorities_found_through_the_zone_itself_agree() {
    passed(&agreement(zone(1, WWW), [Some(vec![zone(1, WWW)]), Some(vec![zone(2, WWW)])]).await);
}

#[tokio::test]
async fn an_authority_found_through_the_zone_that_stands_apart_is_named_with_its_serial() {
    let run =
        agreement(zone(1, WWW), [Some(vec![zone(1, WWW)]), Some(vec![zone(7, "www A 192.0.2.7")])]).await;
    let two = format!("ns2.shop.example. at {}", address(2));
    failed(&run, Kind::DnsDisagreement, &format!("{two} (serial 7) says 192.0.2.7"));
}

#[tokio::test]
async fn an_authority_found_through_the_zone_where_nobody_listens_is_named() {
    let run = agreement(zone(1, WWW), [Some(vec![zone(1, WWW)]), None]).await;
    failed(&run, Kind::DnsTimeout, &format!("ns2.shop.example. at {} did not answer", address(2)));
}

#[tokio::test]
async fn an_authority_found_through_the_zone_that_does_not_serve_it_is_lame() {
    let run = agreement(zone(1, WWW), [Some(Vec::new()), Some(vec![zone(1, WWW)])]).await;
    failed(&run, Kind::DnsLame, &format!("ns1.shop.example. at {} does not serve the zone", address(1)));
}

#[tokio::test]
async fn an_authority_without_an_address_is_lame() {
    let text = "$ORIGIN shop.example.\n$TTL 60\n@ SOA ns1 hostmaster 1 2 3 4 5\n@ NS gone\nwww A 192.0.2.1\n";
    let broken = Zone::parse(text, None, "test").unwrap();
    failed(&agreement(broken, [None, None]).await, Kind::DnsLame, "gone.shop.example");
}
