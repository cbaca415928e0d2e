//! Addresses of hosts: from servers, files, tables and unpublished zones; every fault keeps its kind.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use candor_names::{LookupError, PinnedResolver, Resolver, ServersResolver, SystemResolver, ZoneResolver};
use support::foreign::{Foreign, Make};
use support::{A_RECORD, LOOPBACK, Ours, SHOP, misbehave, response_to, zone};

const LONG: Duration = Duration::from_secs(10);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn closed_port() -> SocketAddr {
    std::net::UdpSocket::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn both_families_come_with_the_chain_of_aliases() {
    let nsd = Foreign::alone(Make::Nsd, "shop.example", SHOP).await;
    let found = ServersResolver::new(vec![nsd.address]).lookup("store.shop.example", LONG).await.unwrap();
    assert_eq!(found.addresses, [ip("2001:db8::10"), ip("192.0.2.10"), ip("192.0.2.11")]);
    assert_eq!(found.aliases, ["shop.shop.example.", "www.shop.example."]);
    assert_eq!((found.server, found.retried), (Some(nsd.address), false));
}

/// What a lookup says, for the servers' and the zone's resolver alike.
async fn said(resolver: &dyn Resolver, host: &str) -> String {
    match resolver.lookup(host, LONG).await {
        Ok(found) => found.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Err(fault) => fault.to_string().split(" [").next().unwrap_or_default().to_owned(),
    }
}

const CASES: &[(&str, &str)] = &[
    ("mx1.shop.example", "192.0.2.25"),
    ("any.mail.shop.example", "192.0.2.25"),
    ("page.old.shop.example", "192.0.2.50"),
    ("gone.shop.example", "gone.shop.example does not exist (NXDOMAIN)"),
    ("unknown.shop.example", "unknown.shop.example exists but has no address (NODATA)"),
    ("b.empty.shop.example", "b.empty.shop.example exists but has no address (NODATA)"),
    (
        "dangling.shop.example",
        "dangling.shop.example is a broken alias: it leads to gone.shop.example., which does not exist",
    ),
    (
        "toempty.shop.example",
        "toempty.shop.example is a broken alias: it leads to b.empty.shop.example., which has no address",
    ),
    (
        "circle1.shop.example",
        "circle1.shop.example is a broken alias: circle2.shop.example. leads back to circle1.shop.example.",
    ),
    ("192.0.2.99", "192.0.2.99"),
    ("[2001:db8::99]", "2001:db8::99"),
    ("a..b", "\"a..b\" is not a host name: empty label"),
];

#[tokio::test]
async fn a_server_and_the_zone_itself_say_the_same() {
    let nsd = Foreign::alone(Make::Nsd, "shop.example", SHOP).await;
    let servers = ServersResolver::new(vec![nsd.address]);
    let unpublished = ZoneResolver::new(Arc::new(zone(SHOP)));
    for (host, expected) in CASES {
        assert_eq!(said(&servers, host).await, *expected, "asked of a server");
        assert_eq!(said(&unpublished, host).await, *expected, "asked of the zone");
    }
}

#[tokio::test]
async fn a_referral_is_not_an_address_and_not_a_missing_name() {
    let nsd = Foreign::alone(Make::Nsd, "shop.example", SHOP).await;
    let fault =
        ServersResolver::new(vec![nsd.address]).lookup("www.dept.shop.example", LONG).await.unwrap_err();
    assert!(matches!(fault, LookupError::Servfail { .. }), "{fault}");
}

#[tokio::test]
async fn a_server_that_refuses_or_fails_or_is_gone_gives_way_to_the_next() {
    let ours = Ours::start(vec![zone(SHOP)]).await;
    let refuses = Ours::start(Vec::new()).await;
    let fails = misbehave(|query| vec![response_to(query, [0, 2], 0, &[])]).await;
    for bad in [refuses.address, fails, closed_port()] {
        let resolver = ServersResolver::new(vec![bad, ours.address]);
        let found = resolver.lookup("mx1.shop.example", LONG).await.unwrap();
        assert_eq!((found.server, found.retried), (Some(ours.address), true));
    }
}

#[tokio::test]
async fn of_several_faults_the_one_that_tells_most_is_reported() {
    let fails = misbehave(|query| vec![response_to(query, [0, 2], 0, &[])]).await;
    let refuses = Ours::start(Vec::new()).await;
    let resolver = ServersResolver::new(vec![closed_port(), fails, refuses.address]);
    let fault = resolver.lookup("www.shop.example", LONG).await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        format!("the server failed to look up www.shop.example (SERVFAIL) [{fails}]")
    );
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    let silent = misbehave(|_| Vec::new()).await;
    let fault = ServersResolver::new(vec![silent])
        .lookup("www.shop.example", Duration::from_millis(200))
        .await
        .unwrap_err();
    assert!(matches!(fault, LookupError::Timeout { .. }), "{fault}");
}

#[tokio::test]
async fn addresses_of_one_family_do_not_wait_for_a_server_that_drops_the_other() {
    let server = misbehave(|query| {
        let aaaa = query.windows(5).any(|part| part == [0, 0, 28, 0, 1]);
        if aaaa { Vec::new() } else { vec![response_to(query, [4, 0], 1, &A_RECORD)] }
    })
    .await;
    // The deadline is an hour: a wait for AAAA would never end.
    let resolver = ServersResolver::new(vec![server]);
    let found = resolver.lookup("www.shop.example", Duration::from_secs(3600)).await.unwrap();
    assert_eq!(found.addresses, [ip("192.0.2.1")]);
}

#[tokio::test]
async fn a_family_denied_while_the_other_is_not_answered_is_not_nodata() {
    let server = misbehave(|query| {
        let aaaa = query.windows(5).any(|part| part == [0, 0, 28, 0, 1]);
        if aaaa { vec![response_to(query, [4, 0], 0, &[])] } else { Vec::new() }
    })
    .await;
    let resolver = ServersResolver::new(vec![server]);
    let fault = resolver.lookup("www.shop.example", Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(fault, LookupError::Timeout { .. }), "{fault}");
}

#[tokio::test]
async fn a_server_without_edns_is_asked_without() {
    let server = misbehave(|query| {
        let (flags, count, records): (_, _, &[u8]) =
            if query[11] > 0 { ([0, 1], 0, &[]) } else { ([4, 0], 1, &A_RECORD) };
        vec![response_to(query, flags, count, records)]
    })
    .await;
    let found = ServersResolver::new(vec![server]).lookup("www.shop.example", LONG).await.unwrap();
    assert_eq!(found.addresses, [ip("192.0.2.1")]);
}

#[tokio::test]
async fn names_outside_of_the_unpublished_zone_go_elsewhere() {
    let pinned =
        PinnedResolver::new(BTreeMap::from([("edge.cdn.example".to_owned(), vec![ip("198.51.100.7")])]));
    let alone = ZoneResolver::new(Arc::new(zone(SHOP)));
    let fault = alone.lookup("cdn.shop.example", LONG).await.unwrap_err();
    assert!(matches!(fault, LookupError::Refused { .. }), "{fault}");
    let found = alone.with_elsewhere(Arc::new(pinned)).lookup("cdn.shop.example", LONG).await.unwrap();
    assert_eq!(
        (found.addresses, found.aliases),
        (vec![ip("198.51.100.7")], vec!["edge.cdn.example.".to_owned()])
    );
}

#[tokio::test]
async fn pinned_names_are_known_and_others_do_not_exist() {
    let pinned = PinnedResolver::new(BTreeMap::from([("Shop.example.".to_owned(), vec![ip("192.0.2.1")])]));
    assert_eq!(said(&pinned, "shop.EXAMPLE").await, "192.0.2.1");
    assert_eq!(said(&pinned, "www.shop.example").await, "www.shop.example does not exist (NXDOMAIN)");
}

#[tokio::test]
async fn the_systems_files_are_read_again_when_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let (hosts, conf) = (folder.path().join("hosts"), folder.path().join("resolv.conf"));
    std::fs::write(&hosts, "192.0.2.1 shop.example\n").unwrap();
    let system = SystemResolver::from_files(&hosts, &conf);
    assert_eq!(said(&system, "shop.example").await, "192.0.2.1");
    std::fs::write(&hosts, "192.0.2.122 shop.example # moved\n").unwrap();
    assert_eq!(said(&system, "shop.example").await, "192.0.2.122");
    assert_eq!(said(&system, "localhost").await, "::1 127.0.0.1");
    assert_eq!(said(&system, "any.localhost.").await, "::1 127.0.0.1");
}
