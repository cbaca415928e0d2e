//! As primary and as secondary beside NSD, BIND and Knot: the whole zone, what changed, NOTIFY, signed and not.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use std::net::SocketAddr;

use candor_names::{Allow, Key, Peer, Secondary, ServeOptions, Zone};
use support::foreign::{Foreign, Make, Role, free, key};
use support::{Ours, SHOP, asked, lines, options, serial_at, until, zone};

const ORIGIN: &str = "shop.example";
const FIRST: u32 = 2_026_112_101;

/// The zone with another serial, one record more, one less, and one RRset with another TTL.
fn changed() -> String {
    let text = SHOP.replace(&FIRST.to_string(), &(FIRST + 1).to_string());
    format!("{text}\nadded.shop.example. 60 IN A 192.0.2.99\nadded.shop.example. 60 IN TXT \"new here\"\n")
}

fn signed(yes: bool) -> Option<Key> {
    yes.then(key)
}

fn allow(yes: bool) -> Vec<Allow> {
    vec![if yes { "key:xfr.example" } else { "127.0.0.1" }.parse().unwrap()]
}

/// Waits until both give the same answer for every name and type of the zone: NSD changes processes after a transfer, and
/// the one before answers for a moment more.
async fn same(zone: &Zone, ours: SocketAddr, theirs: SocketAddr) {
    for record in zone.records() {
        let answers = async |server| {
            let answer = asked(server, &record.name, &record.rtype, &options()).await;
            lines(&answer.answer).into_iter().map(|line| line.to_lowercase()).collect::<Vec<_>>()
        };
        let own = answers(ours).await;
        until(&format!("the other answers as we do: {own:?}"), async || answers(theirs).await == own).await;
    }
}

fn counted(ours: &Ours, what: &str) -> u64 {
    let text = ours.handle.metrics();
    let line =
        text.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_else(|| panic!("{what}: {text}"));
    line.trim().parse().unwrap()
}

async fn ours_is_primary(make: Make, with_key: bool) {
    let theirs = free();
    let peer = Peer { address: theirs, key: signed(with_key) };
    let keys = signed(with_key).into_iter().collect();
    let settings =
        ServeOptions { keys, allow_transfer: allow(with_key), notify: vec![peer], ..ServeOptions::default() };
    let ours = Ours::start_with(free(), vec![zone(SHOP)], settings).await;
    let server = Foreign::start(make, theirs, ORIGIN, Role::Secondary(ours.address, with_key)).await;
    until("the whole zone arrives", async || serial_at(theirs, ORIGIN).await == Some(FIRST)).await;
    same(&zone(SHOP), ours.address, theirs).await;
    let whole = counted(&ours, "candor_dns_transfers_sent_total{result=\"axfr\"}");
    ours.handle.publish(zone(&changed()));
    until("the change arrives", async || serial_at(theirs, ORIGIN).await == Some(FIRST + 1)).await;
    same(&zone(&changed()), ours.address, theirs).await;
    let said = server.log();
    assert!(counted(&ours, "candor_dns_transfers_sent_total{result=\"ixfr\"}") > 0, "no IXFR: {said}");
    assert_eq!(counted(&ours, "candor_dns_transfers_sent_total{result=\"axfr\"}"), whole, "{said}");
    assert_eq!(counted(&ours, "candor_dns_transfers_sent_total{result=\"refused\"}"), 0, "{said}");
}

async fn ours_is_secondary(make: Make, with_key: bool) {
    let theirs = free();
    let primaries = vec![Peer { address: theirs, key: signed(with_key) }];
    let secondaries = vec![Secondary { zone: ORIGIN.to_owned(), primaries }];
    let keys = signed(with_key).into_iter().collect();
    let ours =
        Ours::start_with(free(), Vec::new(), ServeOptions { keys, secondaries, ..ServeOptions::default() })
            .await;
    let server = Foreign::start(make, theirs, ORIGIN, Role::Primary(SHOP, ours.address, with_key)).await;
    until("the whole zone arrives", async || serial_at(ours.address, ORIGIN).await == Some(FIRST)).await;
    assert_eq!(ours.handle.zone(ORIGIN, None), Some(zone(SHOP)));
    same(&zone(SHOP), ours.address, theirs).await;
    server.rewrite(&changed());
    until("the change arrives", async || serial_at(ours.address, ORIGIN).await == Some(FIRST + 1)).await;
    assert_eq!(ours.handle.zone(ORIGIN, None), Some(zone(&changed())));
    assert_eq!(
        ours.handle.zone(ORIGIN, Some(FIRST)),
        Some(zone(SHOP)),
        "the version before can be had again"
    );
    let said = server.log();
    assert!(counted(&ours, "candor_dns_notifies_received_total") > 0, "no NOTIFY was taken: {said}");
    assert_eq!(counted(&ours, "candor_dns_transfers_fetched_total{result=\"ixfr\"}"), 1, "no IXFR: {said}");
}

#[tokio::test]
async fn nsd_copies_from_us_signed() {
    ours_is_primary(Make::Nsd, true).await;
}

#[tokio::test]
async fn nsd_copies_from_us_unsigned() {
    ours_is_primary(Make::Nsd, false).await;
}

#[tokio::test]
async fn bind_copies_from_us_signed() {
    ours_is_primary(Make::Bind, true).await;
}

#[tokio::test]
async fn bind_copies_from_us_unsigned() {
    ours_is_primary(Make::Bind, false).await;
}

#[tokio::test]
async fn knot_copies_from_us_signed() {
    ours_is_primary(Make::Knot, true).await;
}

#[tokio::test]
async fn knot_copies_from_us_unsigned() {
    ours_is_primary(Make::Knot, false).await;
}

#[tokio::test]
async fn we_copy_from_nsd_signed() {
    ours_is_secondary(Make::Nsd, true).await;
}

#[tokio::test]
async fn we_copy_from_nsd_unsigned() {
    ours_is_secondary(Make::Nsd, false).await;
}

#[tokio::test]
async fn we_copy_from_bind_signed() {
    ours_is_secondary(Make::Bind, true).await;
}

#[tokio::test]
async fn we_copy_from_bind_unsigned() {
    ours_is_secondary(Make::Bind, false).await;
}

#[tokio::test]
async fn we_copy_from_knot_signed() {
    ours_is_secondary(Make::Knot, true).await;
}

#[tokio::test]
async fn we_copy_from_knot_unsigned() {
    ours_is_secondary(Make::Knot, false).await;
}
