//! A walk against servers that mean no good: it ends within its bounds, and says to which of them it came.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use candor_names::walk::{Bounds, CutShort, Endless, KnownServer, Reach, Start};
use candor_names::{Walk, WalkRequest, walk};

use support::{Ours, misbehave, question, response_to, zone};

fn bounds() -> Bounds {
    Bounds {
        questions: 400,
        at_once: 16,
        question: Duration::from_millis(400),
        time: Duration::from_secs(20),
    }
}

async fn walked(server: SocketAddr, zone: &str, name: &str, bounds: Bounds) -> Walk {
    let known = KnownServer { name: "ns.test.".to_owned(), address: server };
    let start = Start::nowhere().with_stub(zone, known).unwrap().with_port(server.port());
    let request = WalkRequest {
        questions: vec![question(name, "A"), question(name, "AAAA")],
        resolvers: Vec::new(),
        neighbours: Vec::new(),
        former: Vec::new(),
        bounds,
    };
    walk(&start, &request, &|_| {}).await
}

/// The type that a query asks for.
fn asked_type(query: &[u8]) -> u8 {
    let mut at = 12;
    while query[at] != 0 {
        at += usize::from(query[at]) + 1;
    }
    query[at + 2]
}

/// A record at the question's own name, with this type and data.
fn record(rtype: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xC0, 12, 0, rtype, 0, 1, 0, 0, 0, 60, 0, u8::try_from(data.len()).unwrap()];
    bytes.extend_from_slice(data);
    bytes
}

fn wire_name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

/// An SOA with names at the root.
fn soa() -> Vec<u8> {
    let mut data = vec![0, 0];
    data.extend_from_slice(&[0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 60]);
    record(6, &data)
}

const NS: u8 = 2;
const CNAME: u8 = 5;
const SOA: u8 = 6;
const AUTHORITATIVE: [u8; 2] = [4, 0];

/// The same with the records in the authority section.
fn referral(query: &[u8], count: u8, records: &[u8]) -> Vec<u8> {
    let mut bytes = response_to(query, [0, 0], 0, records);
    bytes[9] = count;
    bytes
}

#[tokio::test]
async fn a_delegation_to_servers_without_end_costs_its_bounds_and_no_more() {
    // Each cut names sixty servers in zones of their own, each of which is cut off in the same way (CVE-2020-8616).
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = misbehave(move |query| {
        let turn = count.fetch_add(1, Ordering::Relaxed);
        let apex = query[12] == 3 && &query[13..16] == b"top" && query[16] == 0;
        if apex {
            let body = if asked_type(query) == SOA { soa() } else { Vec::new() };
            let answers = u8::from(!body.is_empty());
            return vec![response_to(query, AUTHORITATIVE, answers, &body)];
        }
        let records: Vec<u8> =
            (0..60).flat_map(|n| record(NS, &wire_name(&format!("ns{n}.z{turn}-{n}.top")))).collect();
        vec![referral(query, 60, &records)]
    })
    .await;
    let walk = walked(server, "top", "www.shop.top", bounds()).await;
    assert!(walk.asked <= 400 && asked.load(Ordering::Relaxed) <= 820, "{} {asked:?}", walk.asked);
    assert!(!matches!(walk.links[0].reach, Reach::Zone(_)), "{:?}", walk.links[0].reach);
}

#[tokio::test]
async fn an_alias_of_an_alias_without_end_is_too_long_a_chain() {
    let turn = Arc::new(AtomicUsize::new(0));
    let server = misbehave(move |query| {
        let apex = query[12] == 3 && query[16] == 0;
        match (apex, asked_type(query)) {
            (true, SOA) => vec![response_to(query, AUTHORITATIVE, 1, &soa())],
            (true, _) => vec![response_to(query, AUTHORITATIVE, 0, &[])],
            _ => {
                let target = wire_name(&format!("a{}.top", turn.fetch_add(1, Ordering::Relaxed)));
                vec![response_to(query, AUTHORITATIVE, 1, &record(CNAME, &target))]
            }
        }
    })
    .await;
    let walk = walked(server, "top", "www.top", bounds()).await;
    assert!(walk.links.len() <= 17, "{}", walk.links.len());
    assert_eq!(walk.links.last().unwrap().endless, Some(Endless::TooLong), "{:?}", walk.cut_short);
}

#[tokio::test]
async fn a_server_that_is_slow_each_time_ends_the_walk_at_its_time() {
    // It speaks, and then never again: what has spoken once is asked again, until the time is over.
    let server = misbehave(|query| {
        let apex = query[12] == 3 && query[16] == 0;
        if apex && asked_type(query) == SOA {
            vec![response_to(query, AUTHORITATIVE, 1, &soa())]
        } else {
            Vec::new()
        }
    })
    .await;
    let short = Bounds { time: Duration::from_millis(900), question: Duration::from_millis(500), ..bounds() };
    let walk = walked(server, "top", "a.b.c.d.e.f.top", short).await;
    assert!(matches!(walk.cut_short, Some(CutShort::Time)) || matches!(walk.links[0].reach, Reach::Stuck(_)));
}

#[tokio::test]
async fn nonsense_from_every_server_is_no_zone() {
    let server = misbehave(|query| vec![vec![0; 3], response_to(query, [0, 3], 9, &[0xC0, 12, 0xFF])]).await;
    let walk = walked(server, "top", "www.top", bounds()).await;
    assert!(matches!(walk.links[0].reach, Reach::Stuck(_)), "{:?}", walk.links[0].reach);
}

#[tokio::test]
async fn one_question_at_a_time_and_few_in_all_are_kept_to() {
    let text = "$ORIGIN shop.example.\n@ 60 SOA ns h 1 60 60 600 60\n@ 60 NS ns\nns 60 A 127.0.0.1\nwww 60 A 192.0.2.1\n";
    let ours = Ours::start(vec![zone(text)]).await;
    let whole = walked(ours.address, "shop.example", "www.shop.example", bounds()).await;
    assert_eq!(whole.cut_short, None);
    let few = Bounds { questions: 3, ..bounds() };
    let cut = walked(ours.address, "shop.example", "www.shop.example", few).await;
    assert_eq!((cut.cut_short, cut.asked), (Some(CutShort::Questions(3)), 3));
}

#[tokio::test]
async fn a_server_that_does_not_know_edns_is_asked_without_it() {
    let server = misbehave(|query| {
        let additional = query[11];
        if additional > 0 {
            return vec![response_to(query, [0, 1], 0, &[])];
        }
        let address = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
        match asked_type(query) {
            SOA if query[12] == 3 && query[16] == 0 => vec![response_to(query, AUTHORITATIVE, 1, &soa())],
            1 => vec![response_to(query, AUTHORITATIVE, 1, &address)],
            _ => vec![response_to(query, AUTHORITATIVE, 0, &[])],
        }
    })
    .await;
    let walk = walked(server, "top", "www.top", bounds()).await;
    assert_eq!(walk.links[0].reach, Reach::Zone(0));
    assert!(walk.links[0].replies[0].heard.as_ref().as_ref().is_ok_and(|said| said.answer.len() == 1));
}
