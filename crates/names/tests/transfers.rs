//! Zones that leave and come between two servers of ours: who may have them, in how many messages, what changed, and how
//! long a copy is served.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use candor_names::{
    Allow, KeptZone, Key, MemoryStore, NewVersion, Peer, Rcode, Secondary, ServeOptions, StoreError,
    Transport, Zone, ZoneStore,
};
use support::foreign::{free, key};
use support::{Ours, asked, lines, options, over, serial_at, until, zone};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

const ORIGIN: &str = "z.example";

/// A zone with this serial, these timers, and so many hosts.
fn sized(serial: u32, timers: &str, hosts: u32) -> Zone {
    let mut text =
        format!("$ORIGIN z.example.\n$TTL 60\n@ SOA ns h {serial} {timers} 5\n@ NS ns\nns A 192.0.2.1\n");
    for host in 0..hosts {
        text.push_str(&format!("host-{host} A 10.{}.{}.{}\n", host >> 16 & 255, host >> 8 & 255, host & 255));
        text.push_str(&format!("host-{host} MX 10 host-{host}\n"));
    }
    zone(&text)
}

fn small(serial: u32) -> Zone {
    sized(serial, "3600 600 86400", serial)
}

fn allowed(who: &str) -> ServeOptions {
    ServeOptions {
        keys: vec![key()],
        allow_transfer: vec![who.parse::<Allow>().unwrap()],
        ..ServeOptions::default()
    }
}

fn copying(from: SocketAddr, key: Option<Key>) -> ServeOptions {
    let primaries = vec![Peer { address: from, key }];
    ServeOptions {
        secondaries: vec![Secondary { zone: ORIGIN.into(), primaries }],
        ..ServeOptions::default()
    }
}

/// A query for a zone; with a serial an IXFR.
fn query(serial: Option<u32>) -> Vec<u8> {
    let mut bytes = vec![0, 7, 0, 0, 0, 1, 0, 0, 0, u8::from(serial.is_some()), 0, 0];
    bytes.extend_from_slice(b"\x01z\x07example\x00\x00");
    bytes.extend_from_slice(&[if serial.is_some() { 251 } else { 252 }, 0, 1]);
    if let Some(serial) = serial {
        bytes.extend_from_slice(&[0xC0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0]);
        bytes.extend_from_slice(&serial.to_be_bytes());
        bytes.extend_from_slice(&[0; 16]);
    }
    bytes
}

async fn over_udp(server: SocketAddr, packet: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(server).await.unwrap();
    socket.send(packet).await.unwrap();
    let mut buffer = vec![0; 4096];
    let size = socket.recv(&mut buffer).await.unwrap();
    buffer.truncate(size);
    buffer
}

/// The first message that comes over TCP.
async fn over_tcp(server: SocketAddr, packet: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_u16(u16::try_from(packet.len()).unwrap()).await.unwrap();
    stream.write_all(packet).await.unwrap();
    let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

/// The code of the header, and how many records answer.
fn outcome(message: &[u8]) -> (u8, u16) {
    (message[3] & 15, u16::from_be_bytes([message[6], message[7]]))
}

#[tokio::test]
async fn a_zone_is_refused_to_all_who_are_not_allowed() {
    let nobody = Ours::start(vec![small(1)]).await;
    let keyed = Ours::start_with(free(), vec![small(1)], allowed("key:xfr.example")).await;
    let elsewhere = Ours::start_with(free(), vec![small(1)], allowed("192.0.2.0/24")).await;
    for server in [&nobody, &keyed, &elsewhere] {
        assert_eq!(outcome(&over_tcp(server.address, &query(None)).await), (5, 0));
        assert_eq!(outcome(&over_tcp(server.address, &query(Some(0))).await), (5, 0));
        assert_eq!(outcome(&over_udp(server.address, &query(Some(0))).await), (5, 0));
    }
    let here = Ours::start_with(free(), vec![small(1)], allowed("127.0.0.0/8")).await;
    assert_eq!(outcome(&over_tcp(here.address, &query(None)).await), (0, 6));
    assert_eq!(outcome(&over_udp(here.address, &query(None)).await), (5, 0), "a whole zone over UDP");
    let mut other = query(None);
    other[13] = b'y';
    assert_eq!(outcome(&over_tcp(here.address, &other).await), (9, 0), "a zone that is not here");
}

#[tokio::test]
async fn what_changed_comes_over_udp_where_it_fits_and_else_the_soa_alone() {
    let ours = Ours::start_with(free(), vec![small(1)], allowed("127.0.0.1")).await;
    for serial in 2..5 {
        ours.handle.publish(small(serial));
    }
    assert_eq!(ours.handle.serials(ORIGIN), [1, 2, 3, 4]);
    // Each version has two records more; each difference two SOAs, and one at either end.
    assert_eq!(outcome(&over_udp(ours.address, &query(Some(2))).await), (0, 1 + 2 * 4 + 1));
    assert_eq!(outcome(&over_udp(ours.address, &query(Some(3))).await), (0, 1 + 4 + 1));
    assert_eq!(outcome(&over_udp(ours.address, &query(Some(4))).await), (0, 1), "current");
    assert_eq!(outcome(&over_udp(ours.address, &query(Some(9))).await), (0, 1), "ahead of us");
    assert_eq!(outcome(&over_udp(ours.address, &query(Some(0))).await), (0, 1), "unknown: come over TCP");
    assert_eq!(
        outcome(&over_tcp(ours.address, &query(Some(0))).await),
        (0, 3 + 8 + 1),
        "unknown: the whole zone"
    );
    ours.handle.publish(sized(5, "3600 600 86400", 300));
    assert_eq!(outcome(&over_udp(ours.address, &query(Some(4))).await), (0, 1), "too much for a packet");
    assert_eq!(outcome(&over_tcp(ours.address, &query(Some(4))).await).0, 0);
}

#[tokio::test]
async fn a_large_zone_travels_in_many_signed_messages_and_what_changed_after_it() {
    let first = sized(1, "3600 600 86400", 20_000);
    let primary = Ours::start_with(free(), vec![first.clone()], allowed("127.0.0.1+key:xfr.example")).await;
    let copy = Ours::start_with(free(), Vec::new(), copying(primary.address, Some(key()))).await;
    until("the zone arrives", async || serial_at(copy.address, ORIGIN).await == Some(1)).await;
    assert_eq!(copy.handle.zone(ORIGIN, None), Some(first));
}

#[tokio::test]
async fn notify_comes_from_the_address_that_the_primary_listens_on() {
    // The system itself would speak from 127.0.0.1, which the copy does not know as its primary.
    let (here, to) =
        (SocketAddr::from(([127, 0, 0, 2], 0)), SocketAddr::from(([127, 0, 0, 3], free().port())));
    let notify = vec![Peer { address: to, key: Some(key()) }];
    let settings = ServeOptions { notify, ..allowed("key:xfr.example") };
    let primary = Ours::start_with(here, vec![small(1)], settings).await;
    let copy = Ours::start_with(to, Vec::new(), copying(primary.address, Some(key()))).await;
    until("the zone arrives", async || serial_at(copy.address, ORIGIN).await == Some(1)).await;
    primary.handle.publish(small(2));
    // REFRESH is an hour.
    until("the change arrives", async || serial_at(copy.address, ORIGIN).await == Some(2)).await;
}

#[tokio::test]
async fn notify_makes_a_copy_look_at_once_and_take_only_what_changed() {
    let (from, to) = (free(), free());
    let notify = vec![Peer { address: to, key: Some(key()) }];
    let settings = ServeOptions { notify, ..allowed("key:xfr.example") };
    let primary = Ours::start_with(from, vec![small(1)], settings).await;
    let settings = ServeOptions { keys: vec![key()], ..copying(from, Some(key())) };
    let copy = Ours::start_with(to, Vec::new(), settings).await;
    until("the zone arrives", async || serial_at(to, ORIGIN).await == Some(1)).await;
    for serial in 2..6 {
        primary.handle.publish(small(serial));
        until("the change arrives", async || serial_at(to, ORIGIN).await == Some(serial)).await;
    }
    assert_eq!(copy.handle.serials(ORIGIN), [1, 2, 3, 4, 5]);
    assert_eq!(copy.handle.zone(ORIGIN, None), Some(small(5)));
    let counts = copy.handle.metrics();
    assert!(counts.contains("candor_dns_transfers_fetched_total{result=\"ixfr\"} 4\n"), "{counts}");
    assert!(counts.contains("candor_dns_transfers_fetched_total{result=\"axfr\"} 1\n"), "{counts}");
}

#[tokio::test]
async fn a_copy_says_servfail_until_it_has_the_zone_and_when_it_is_too_old() {
    let from = free();
    let copy = Ours::start_with(free(), Vec::new(), copying(from, None)).await;
    let rcode = async || asked(copy.address, "ns.z.example", "A", &options()).await.rcode;
    assert_eq!(rcode().await, Rcode::SERVFAIL);
    let zone = sized(1, "1 1 2", 1);
    let primary = Ours::start_with(from, vec![zone.clone()], allowed("127.0.0.1")).await;
    until("the zone arrives", async || rcode().await == Rcode::NOERROR).await;
    drop(primary);
    until("the copy expires", async || rcode().await == Rcode::SERVFAIL).await;
    assert!(copy.handle.metrics().contains("candor_dns_zone_served{zone=\"z.example.\"} 0"));
    let _primary = Ours::start_with(from, vec![zone], allowed("127.0.0.1")).await;
    until("it is served again", async || rcode().await == Rcode::NOERROR).await;
}

#[tokio::test]
async fn a_kept_copy_is_served_after_a_restart_unless_it_is_too_old_by_then() {
    let text = small(7).to_zone_file();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (age, rcode) in [(10, Rcode::NOERROR), (86_399 * 2, Rcode::SERVFAIL), (now, Rcode::SERVFAIL)] {
        let store = MemoryStore::default();
        store.keep("z.example.", None, &NewVersion { serial: 7, zone: text.clone(), diff: None }).unwrap();
        store.checked("z.example.", now - age).unwrap();
        let settings = ServeOptions { store: Some(Arc::new(store)), ..copying(free(), None) };
        let copy = Ours::start_with(free(), Vec::new(), settings).await;
        // It is taken up beside the first answers.
        until("it is held", async || copy.handle.serials(ORIGIN) == [7]).await;
        until("it answers", async || {
            asked(copy.address, "ns.z.example", "A", &options()).await.rcode == rcode
        })
        .await;
    }
}

#[tokio::test]
async fn versions_that_were_kept_lead_on_after_a_restart() {
    let store: Arc<dyn ZoneStore> = Arc::new(MemoryStore::default());
    let kept = || ServeOptions { store: Some(Arc::clone(&store)), ..allowed("127.0.0.1") };
    let first = Ours::start_with(free(), vec![small(1)], kept()).await;
    first.handle.publish(small(2));
    drop(first);
    let again = Ours::start_with(free(), vec![small(3)], kept()).await;
    assert_eq!(again.handle.serials(ORIGIN), [1, 2, 3]);
    assert_eq!(again.handle.zone(ORIGIN, Some(1)), Some(small(1)));
    assert_eq!(outcome(&over_udp(again.address, &query(Some(1))).await), (0, 10));
}

#[tokio::test]
async fn of_two_changes_to_one_version_the_second_is_refused() {
    let ours = Ours::start(vec![small(1)]).await;
    ours.handle.publish_on(Some(1), small(2)).unwrap();
    let refused = ours.handle.publish_on(Some(1), small(3)).unwrap_err();
    assert_eq!(refused, StoreError::Moved { held: Some(2), expected: Some(1) });
    assert_eq!(ours.handle.serials(ORIGIN), [1, 2]);
}

/// A store whose disk is full.
#[derive(Debug)]
struct Full;

impl ZoneStore for Full {
    fn load(&self, _: &str) -> Result<Option<KeptZone>, StoreError> {
        Ok(Some(KeptZone { zone: small(1).to_zone_file(), ..KeptZone::default() }))
    }

    fn keep(&self, _: &str, _: Option<u32>, _: &NewVersion) -> Result<(), StoreError> {
        Err(StoreError::Failed("the disk is full".into()))
    }

    fn checked(&self, _: &str, _: u64) -> Result<(), StoreError> {
        Err(StoreError::Failed("the disk is full".into()))
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_put_in_force() {
    let settings = ServeOptions { store: Some(Arc::new(Full)), ..ServeOptions::default() };
    let ours = Ours::start_with(free(), vec![small(1)], settings).await;
    assert!(ours.handle.publish_on(Some(1), small(2)).is_err());
    ours.handle.publish(small(2));
    ours.handle.publish_all(vec![small(2)]);
    let soa = asked(ours.address, ORIGIN, "SOA", &over(Transport::Udp)).await;
    assert!(lines(&soa.answer)[0].contains(" 1 3600 "), "{:?}", soa.answer);
}
