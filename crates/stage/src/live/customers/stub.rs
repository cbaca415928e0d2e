//! A customer's resolver, with an empty cache each time: it asks the place's name servers in their order, and follows
//! aliases.
//!
//! Failure policy: every way of not finding a name is one of [`Layer::Dns`]; the caller's deadline bounds all of it.
//! Absent: memory, IPv6, anything beyond a stub (RFC 1034, section 5.3.1).

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::client::Trouble;
use crate::live::chance::Chance;
use crate::live::dns::{self, Datum, Message};
use crate::truth::Layer;

/// How long one server may take, and how often each is asked.
const SERVER_PATIENCE: Duration = Duration::from_millis(400);
const ROUNDS: usize = 2;
/// Aliases in a row.
const ALIASES_MAX: usize = 8;
/// The largest datagram that is read.
const DATAGRAM_MAX: usize = 4096;

/// The response codes that say something about a name (RFC 1035, section 4.1.1).
const NOERROR: u8 = 0;
const NXDOMAIN: u8 = 3;

/// A resolver of one place.
#[derive(Debug)]
pub(super) struct Stub {
    servers: Vec<SocketAddr>,
    chance: Chance,
}

impl Stub {
    pub(super) fn of(servers: &[SocketAddr], seed: u64) -> Self {
        Self { servers: servers.to_vec(), chance: Chance::of(seed) }
    }

    /// The address of a host.
    pub(super) async fn find(&self, host: &str) -> Result<Ipv4Addr, Trouble> {
        let mut name = host.trim_end_matches('.').to_ascii_lowercase();
        for _ in 0..ALIASES_MAX {
            match self.answer(&name).await? {
                Found::Address(address) => return Ok(address),
                Found::Alias(next) => name = next,
            }
        }
        Err(no(format!("{host} is an alias without end")))
    }

    /// What the first server that knows says.
    async fn answer(&self, name: &str) -> Result<Found, Trouble> {
        let mut refused = None;
        for _ in 0..ROUNDS {
            for server in &self.servers {
                let Some(message) = self.ask(*server, name).await else { continue };
                match message.rcode {
                    NOERROR => return found(name, &message),
                    NXDOMAIN => return Err(no(format!("{name} does not exist"))),
                    rcode => refused = Some(rcode),
                }
            }
            if refused.is_some() {
                break;
            }
        }
        let silent = Trouble { layer: Layer::Dns, at_once: false, why: format!("nobody answers for {name}") };
        Err(refused.map_or(silent, |rcode| no(format!("{name} gets response code {rcode}"))))
    }

    /// One question to one server, over TCP where the answer is too long.
    async fn ask(&self, server: SocketAddr, name: &str) -> Option<Message> {
        let id = u16::try_from(self.chance.draw() >> 48).ok()?;
        let question = dns::question(id, name)?;
        let told = timeout(SERVER_PATIENCE, over_udp(server, &question, id, name)).await.ok()??;
        match told.truncated {
            false => Some(told),
            true => timeout(SERVER_PATIENCE, over_tcp(server, &question)).await.ok()?,
        }
    }
}

/// What a name leads to.
enum Found {
    Address(Ipv4Addr),
    Alias(String),
}

/// Follows an answer as far as it goes.
fn found(name: &str, message: &Message) -> Result<Found, Trouble> {
    let mut at = name.to_owned();
    for _ in 0..ALIASES_MAX {
        match message.found.iter().find(|(owner, _)| *owner == at) {
            Some((_, Datum::Address(address))) => return Ok(Found::Address(*address)),
            Some((_, Datum::Alias(next))) => at.clone_from(next),
            None => break,
        }
    }
    match at == name {
        true => Err(no(format!("{name} has no address"))),
        false => Ok(Found::Alias(at)),
    }
}

/// Trouble with a name, told at once.
const fn no(why: String) -> Trouble {
    Trouble { layer: Layer::Dns, at_once: true, why }
}

async fn over_udp(server: SocketAddr, question: &[u8], id: u16, name: &str) -> Option<Message> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()?;
    socket.connect(server).await.ok()?;
    socket.send(question).await.ok()?;
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        // Nobody listens: that is said at once, and the next server is asked.
        let length = socket.recv(&mut buffer).await.ok()?;
        let told = dns::read(buffer.get(..length)?);
        // What is not the answer to this question is not believed.
        let fits = |m: &Message| m.answers && m.id == id && m.asked.as_deref() == Some(name);
        if let Some(message) = told.filter(fits) {
            return Some(message);
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &[u8]) -> Option<Message> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    stream.write_u16(u16::try_from(question.len()).ok()?).await.ok()?;
    stream.write_all(question).await.ok()?;
    let length = stream.read_u16().await.ok()?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await.ok()?;
    dns::read(&message)
}
