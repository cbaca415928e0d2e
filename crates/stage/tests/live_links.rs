//! Links with real sockets: a name server and an echo behind a network; what goes through, what is lost, late, changed
//! or cut, and for whom.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is the message")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use candor_stage::live::link::{ELSEWHERE_NAME, Ground, Network, Observer, Weather};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Longer than anything takes on loopback, on a busy machine.
const SOON: Duration = Duration::from_secs(10);
/// How long is waited for what must not come.
const NEVER: Duration = Duration::from_millis(700);

/// An echo and a name server that answers every question with the echo's address, in a block of loopback.
struct Shop {
    block: u8,
    port: u16,
    _serves: JoinSet<()>,
}

impl Shop {
    async fn open(block: u8) -> Self {
        let mut serves = JoinSet::new();
        let echo = TcpListener::bind((Ipv4Addr::new(127, 77, block, 10), 0)).await.unwrap();
        let port = echo.local_addr().unwrap().port();
        let names = UdpSocket::bind((Ipv4Addr::new(127, 77, block, 53), port)).await.unwrap();
        serves.spawn(async move {
            loop {
                let (stream, _) = echo.accept().await.unwrap();
                tokio::spawn(async move {
                    let (mut reads, mut writes) = stream.into_split();
                    drop(tokio::io::copy(&mut reads, &mut writes).await);
                });
            }
        });
        serves.spawn(async move {
            let mut buffer = [0; 512];
            loop {
                let (length, from) = names.recv_from(&mut buffer).await.unwrap();
                let mut answer = buffer[..length].to_vec();
                answer[2] |= 0x80;
                answer[7] = 1;
                answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 2, 0, 4, 127, 77, block, 10]);
                names.send_to(&answer, from).await.unwrap();
            }
        });
        Self { block, port, _serves: serves }
    }

    fn network(&self, observer: Observer) -> Network {
        let server = SocketAddr::from((Ipv4Addr::new(127, 77, self.block, 53), self.port));
        let places = ["gb", "in"].map(|place| (place.to_owned(), vec![server])).to_vec();
        Network::open(observer, &Ground { block: self.block, ports: vec![self.port], places, seed: 7 })
            .unwrap()
    }
}

/// What a place's name server says; none where it says nothing in time.
async fn address(network: &Network, place: &str, name: &str, limit: Duration) -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut question = vec![1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).unwrap());
        question.extend(label.as_bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    socket.send_to(&question, network.servers(place)[0]).await.unwrap();
    let mut answer = [0; 512];
    let length = timeout(limit, socket.recv(&mut answer)).await.ok()?.unwrap();
    assert_eq!(answer[..2], [1, 2]);
    let last: [u8; 4] = answer[length - 4..length].try_into().unwrap();
    Some(Ipv4Addr::from(last))
}

async fn reach(shop: &Shop, network: &Network, place: &str) -> TcpStream {
    let address = address(network, place, "echo.shop.example", SOON).await.unwrap();
    timeout(SOON, TcpStream::connect((address, shop.port))).await.unwrap().unwrap()
}

/// Sends bytes and reads as many back.
async fn echoed(stream: &mut TcpStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).await.unwrap();
    let mut back = vec![0; bytes.len()];
    timeout(SOON, stream.read_exact(&mut back)).await.unwrap().unwrap();
    back
}

#[tokio::test]
async fn what_is_asked_in_a_place_leads_through_the_links_of_that_place() {
    let shop = Shop::open(1).await;
    let network = shop.network(Observer::Customers);
    let of = async |place| address(&network, place, "echo.shop.example", SOON).await.unwrap();
    let (gb, india) = (of("gb").await, of("in").await);
    assert_ne!(gb, india);
    assert!(gb.octets()[2] != shop.block && gb.octets()[3] == 10, "{gb}");
    let mut stream = reach(&shop, &network, "gb").await;
    // More than a piece, so that pieces are put together again.
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| n.to_be_bytes()[3]).collect();
    let (mut reads, mut writes) = stream.split();
    let (sent, mut back) = (bytes.clone(), vec![0; bytes.len()]);
    let (_, read) = tokio::join!(writes.write_all(&sent), timeout(SOON, reads.read_exact(&mut back)));
    read.unwrap().unwrap();
    assert!(back == bytes, "what came back is not what was sent");
}

#[tokio::test]
async fn a_cut_link_says_nothing_and_refuses_nothing_and_others_go_on() {
    let shop = Shop::open(2).await;
    let network = shop.network(Observer::Customers);
    let there = address(&network, "in", "echo.shop.example", SOON).await.unwrap();
    let mut before = reach(&shop, &network, "in").await;
    assert!(network.set("in", Weather { cut: true, ..Weather::default() }));
    assert!(!network.set("fr", Weather::default()), "there is no such place");
    sleep(NEVER).await;
    assert_eq!(address(&network, "in", "echo.shop.example", NEVER).await, None);
    let dialed = timeout(NEVER, TcpStream::connect((there, shop.port))).await;
    assert!(dialed.is_err(), "a connection neither comes about nor is refused: {dialed:?}");
    before.write_all(b"x").await.unwrap();
    assert!(timeout(NEVER, before.read_u8()).await.is_err(), "what is open stands still");
    assert_eq!(echoed(&mut reach(&shop, &network, "gb").await, b"hello").await, b"hello");

    assert!(network.set("in", Weather::default()));
    assert_eq!(timeout(SOON, before.read_u8()).await.unwrap().unwrap(), b'x', "and goes on");
    assert_eq!(echoed(&mut reach(&shop, &network, "in").await, b"again").await, b"again");
}

#[tokio::test]
async fn who_is_cut_off_reaches_nothing_and_a_place_that_is_cut_still_reaches_the_rest_of_the_world() {
    let shop = Shop::open(3).await;
    let (theirs, ours) = (shop.network(Observer::Customers), shop.network(Observer::Watcher));
    let elsewhere = async |place| address(&ours, place, ELSEWHERE_NAME, NEVER).await;
    let anchor = elsewhere("in").await.unwrap();
    let dial =
        async || timeout(NEVER, TcpStream::connect((anchor, shop.port))).await.is_ok_and(|d| d.is_ok());
    assert!(ours.set("in", Weather { cut: true, ..Weather::default() }));
    assert_eq!(elsewhere("in").await, Some(anchor));
    assert!(dial().await);

    assert!(ours.cut(Some("in"), true));
    sleep(NEVER).await;
    assert_eq!(elsewhere("in").await, None);
    assert!(!dial().await);
    assert!(elsewhere("gb").await.is_some(), "cut off in one place alone");
    assert!(ours.cut(None, true));
    assert_eq!(elsewhere("gb").await, None);
    assert_eq!(echoed(&mut reach(&shop, &theirs, "in").await, b"hello").await, b"hello", "customers are not");
    assert!(ours.cut(None, false) && ours.set("in", Weather::default()));
    assert!(elsewhere("in").await.is_some() && dial().await);
}

#[tokio::test]
async fn of_datagrams_the_share_is_lost_that_was_said() {
    let shop = Shop::open(4).await;
    let network = shop.network(Observer::Customers);
    assert!(network.set("gb", Weather { drop: 30, ..Weather::default() }));
    let network = std::sync::Arc::new(network);
    let mut asking = JoinSet::new();
    for _ in 0..200 {
        let network = std::sync::Arc::clone(&network);
        asking.spawn(async move { address(&network, "gb", "echo.shop.example", 4 * NEVER).await.is_some() });
    }
    let answered = asking.join_all().await.into_iter().filter(|answered| *answered).count();
    // Both ways: 49 in 100.
    assert!((60..140).contains(&answered), "{answered} of 200 are answered");
}

#[tokio::test]
async fn a_stream_loses_nothing_but_time() {
    let shop = Shop::open(5).await;
    let network = shop.network(Observer::Customers);
    let mut stream = reach(&shop, &network, "gb").await;
    assert_eq!(echoed(&mut stream, b"before").await, b"before");
    assert!(network.set("gb", Weather { drop: 40, ..Weather::default() }));
    let begun = Instant::now();
    for n in 0..6_u8 {
        assert_eq!(echoed(&mut stream, &[n; 100]).await, [n; 100]);
    }
    assert!(
        begun.elapsed() > Duration::from_millis(200),
        "six there and back at 40 percent: {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn what_is_late_is_late_both_ways_and_what_is_damaged_has_other_bytes() {
    let shop = Shop::open(6).await;
    let network = shop.network(Observer::Customers);
    let mut stream = reach(&shop, &network, "gb").await;
    let delay = Duration::from_millis(150);
    assert!(network.set("gb", Weather { delay, ..Weather::default() }));
    let begun = Instant::now();
    assert_eq!(echoed(&mut stream, b"late").await, b"late");
    assert!(begun.elapsed() >= 2 * delay, "{:?}", begun.elapsed());

    assert!(network.set("gb", Weather { corrupt: 100, ..Weather::default() }));
    let damaged = echoed(&mut stream, &[0; 1000]).await;
    let bytes = damaged.iter().filter(|byte| **byte != 0).count();
    assert!((1..=2).contains(&bytes), "one byte each way, perhaps the same: {bytes}");
}

#[tokio::test]
async fn who_refuses_breaks_the_connection_and_what_is_not_the_shops_never_answers() {
    let shop = Shop::open(7).await;
    let network = shop.network(Observer::Customers);
    let mut stream = reach(&shop, &network, "gb").await;
    let Shop { block, port, _serves: mut serves } = shop;
    serves.shutdown().await;
    let there = stream.peer_addr().unwrap();
    assert_eq!(
        timeout(SOON, stream.read(&mut [0; 1])).await.unwrap().unwrap_or(0),
        0,
        "it ended with the echo"
    );
    let mut refused = TcpStream::connect(there).await.unwrap();
    let read = timeout(SOON, refused.read(&mut [0; 1])).await.unwrap();
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);

    // A name server whose answer leads out of the shop.
    let names = UdpSocket::bind((Ipv4Addr::new(127, 77, block, 53), port)).await.unwrap();
    serves.spawn(async move {
        let mut buffer = [0; 512];
        let (length, from) = names.recv_from(&mut buffer).await.unwrap();
        let mut answer = buffer[..length].to_vec();
        answer[2] |= 0x80;
        answer[7] = 1;
        answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 2, 0, 4, 192, 0, 2, 1]);
        names.send_to(&answer, from).await.unwrap();
    });
    let nowhere = address(&network, "gb", "echo.shop.example", SOON).await.unwrap();
    assert!(nowhere.is_loopback(), "{nowhere}");
    assert!(timeout(NEVER, TcpStream::connect((nowhere, port))).await.is_err(), "nobody ever answers there");
}

#[tokio::test]
async fn a_network_that_is_dropped_leaves_no_relay() {
    let shop = Shop::open(8).await;
    let network = shop.network(Observer::Customers);
    let there = reach(&shop, &network, "gb").await.peer_addr().unwrap();
    drop(network);
    let gone = async {
        while TcpStream::connect(there).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, gone).await.expect("the relay is gone");
}
