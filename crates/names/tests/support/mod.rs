//! Servers that tests of this crate ask: NSD, our own, and ones that misbehave; each ends with the test.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "each test file uses a part of it, and nothing else does"
)]

pub mod foreign;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use candor_names::{
    AskOptions, Exchange, Question, Record, ServeOptions, Server, ServerHandle, Transport, Zone, ask,
};
use tokio::net::UdpSocket;
use tokio::sync::oneshot;

/// A zone with one of everything that an answer can meet.
pub const SHOP: &str = include_str!("shop.example.zone");

pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub fn question(name: &str, rtype: &str) -> Question {
    Question::parse(name, rtype).unwrap()
}

pub fn zone(text: &str) -> Zone {
    Zone::parse(text, None, "test.zone").unwrap()
}

/// Options that fail soon where an answer is due at once, but not on a busy machine.
pub fn options() -> AskOptions {
    AskOptions { deadline: Duration::from_secs(10), recursion_desired: false, ..AskOptions::default() }
}

/// Options under which silence shows soon.
pub fn impatient() -> AskOptions {
    AskOptions { deadline: Duration::from_millis(300), ..options() }
}

pub fn over(transport: Transport) -> AskOptions {
    AskOptions { transport, ..options() }
}

pub fn lines(records: &[Record]) -> Vec<String> {
    let mut list: Vec<String> = records.iter().map(ToString::to_string).collect();
    list.sort();
    list
}

/// Our own server in this process; it ends when this is dropped.
pub struct Ours {
    pub address: SocketAddr,
    pub handle: ServerHandle,
    _stop: oneshot::Sender<()>,
}

impl Ours {
    pub async fn start(zones: Vec<Zone>) -> Self {
        Self::start_with(SocketAddr::new(LOOPBACK, 0), zones, ServeOptions::default()).await
    }

    pub async fn start_with(at: SocketAddr, zones: Vec<Zone>, options: ServeOptions) -> Self {
        let server = Server::bind_with(&[at], zones, options).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (address, handle) = (server.local_addrs()[0], server.handle());
        tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self { address, handle, _stop: stop }
    }
}

/// A UDP server that answers each packet with what `answer` makes of it; it ends with the test's runtime.
pub async fn misbehave<F>(answer: F) -> SocketAddr
where
    F: Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
{
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let Ok((size, client)) = socket.recv_from(&mut buffer).await else { continue };
            for reply in answer(&buffer[..size]) {
                let _ = socket.send_to(&reply, client).await;
            }
        }
    });
    address
}

/// The query as its own response: same id, same question, with these flags and records after the question.
pub fn response_to(query: &[u8], flags: [u8; 2], answers: u8, records: &[u8]) -> Vec<u8> {
    let mut end = 12;
    while query[end] != 0 {
        end += usize::from(query[end]) + 1;
    }
    let mut bytes = query[..end + 5].to_vec();
    bytes[2] = flags[0] | 0x80;
    bytes[3] = flags[1];
    bytes[6..12].copy_from_slice(&[0, answers, 0, 0, 0, 0]);
    bytes.extend_from_slice(records);
    bytes
}

/// An A record for the question's name.
pub const A_RECORD: [u8; 16] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];

pub async fn asked(server: SocketAddr, name: &str, rtype: &str, options: &AskOptions) -> Exchange {
    ask(server, &question(name, rtype), options).await.unwrap()
}

/// Waits until something is so; the test's runner bounds nothing that this does not.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within half a minute: {what}");
}

/// The serial that a server answers with; nothing where it does not answer for the zone.
pub async fn serial_at(server: SocketAddr, origin: &str) -> Option<u32> {
    let answer = ask(server, &question(origin, "SOA"), &options()).await.ok()?;
    answer.answer.first()?.data.split(' ').nth(2)?.parse().ok()
}
