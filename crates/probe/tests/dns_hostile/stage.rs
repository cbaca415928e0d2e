//! A name server that does to a question whatever it is told, over UDP and TCP on one free port.
//!
//! It runs on a thread of its own, so that its own work never counts as the probe's, and ends with the test. It checks
//! nothing: what it is told is the misbehaviour. Absent: the misbehaviours themselves, which are rows in `cases`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::steps_support::LOOPBACK;

/// Another address of loopback.
const NEIGHBOUR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// One thing that is done to a question.
pub(crate) enum Act {
    /// Said as it is; over TCP nothing is put before it.
    Say(Vec<u8>),
    /// Said from another port.
    SayFromAnotherPort(Vec<u8>),
    /// Said from the same port of another address.
    SayFromAnotherAddress(Vec<u8>),
    /// Nothing for a while.
    Wait(Duration),
    /// Nothing more, for ever; over TCP the connection stays open.
    Hang,
}

/// What is done to each question.
pub(crate) type Manners = fn(&Query) -> Vec<Act>;

/// A question as it came.
pub(crate) struct Query {
    bytes: Vec<u8>,
}

impl Query {
    /// The id, the question, and nothing else: a response of these flags with these counts and this behind them.
    pub(crate) fn response(&self, flags: [u8; 2], counts: [u16; 3], rest: &[u8]) -> Vec<u8> {
        let mut bytes = self.bytes.get(..self.end_of_question()).unwrap_or_default().to_vec();
        let counts = counts.into_iter().flat_map(u16::to_be_bytes);
        let header = [flags[0] | 0x80, flags[1], 0, 1].into_iter().chain(counts);
        bytes.splice(2..12, header);
        bytes.extend_from_slice(rest);
        bytes
    }

    /// Whether checking is disabled (CD).
    pub(crate) fn unchecked(&self) -> bool {
        self.bytes.get(3).is_some_and(|flags| flags & 0x10 != 0)
    }

    /// The question itself, sent back.
    pub(crate) fn echo(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    fn end_of_question(&self) -> usize {
        let mut end = 12;
        while let Some(&length) = self.bytes.get(end).filter(|length| **length > 0) {
            end += usize::from(length) + 1;
        }
        end + 5
    }
}

/// A message as TCP carries it.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(message.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(message);
    bytes
}

/// Starts a server; without manners over TCP nobody listens there.
pub(crate) fn start(udp: Manners, tcp: Option<Manners>) -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (socket, neighbour, listener) = bind(tcp.is_some()).await;
            tell.send(socket.local_addr().unwrap()).unwrap();
            if let (Some(tcp), Some(listener)) = (tcp, listener) {
                tokio::spawn(accept(listener, tcp));
            }
            over_udp(socket, neighbour, udp).await;
        });
    });
    told.recv().unwrap()
}

/// A port that is free for all that listens.
async fn bind(tcp: bool) -> (UdpSocket, UdpSocket, Option<TcpListener>) {
    loop {
        let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let Ok(neighbour) = UdpSocket::bind((NEIGHBOUR, address.port())).await else { continue };
        match TcpListener::bind(address).await {
            Ok(listener) => return (socket, neighbour, tcp.then_some(listener)),
            Err(_) => continue,
        }
    }
}

async fn over_udp(socket: UdpSocket, neighbour: UdpSocket, manners: Manners) {
    let (socket, neighbour) = (Arc::new(socket), Arc::new(neighbour));
    let mut buffer = vec![0; 4096];
    loop {
        let Ok((size, client)) = socket.recv_from(&mut buffer).await else { continue };
        let query = Query { bytes: buffer[..size].to_vec() };
        let (socket, neighbour) = (socket.clone(), neighbour.clone());
        tokio::spawn(async move {
            for act in manners(&query) {
                let _ = match act {
                    Act::Say(bytes) => socket.send_to(&bytes, client).await,
                    Act::SayFromAnotherPort(bytes) => {
                        UdpSocket::bind((LOOPBACK, 0)).await.unwrap().send_to(&bytes, client).await
                    }
                    Act::SayFromAnotherAddress(bytes) => neighbour.send_to(&bytes, client).await,
                    Act::Wait(time) => {
                        tokio::time::sleep(time).await;
                        Ok(0)
                    }
                    Act::Hang => return,
                };
            }
        });
    }
}

async fn accept(listener: TcpListener, manners: Manners) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // A client that goes away in the middle is what these tests are about.
        tokio::spawn(over_tcp(stream, manners));
    }
}

async fn over_tcp(mut stream: TcpStream, manners: Manners) -> std::io::Result<()> {
    let size = stream.read_u16().await?;
    let mut bytes = vec![0; usize::from(size)];
    stream.read_exact(&mut bytes).await?;
    for act in manners(&Query { bytes }) {
        match act {
            Act::Say(bytes) | Act::SayFromAnotherPort(bytes) | Act::SayFromAnotherAddress(bytes) => {
                stream.write_all(&bytes).await?;
            }
            Act::Wait(time) => tokio::time::sleep(time).await,
            Act::Hang => std::future::pending().await,
        }
    }
    Ok(())
}
