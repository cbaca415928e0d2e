//! Others told that a zone changed (RFC 1996): one task for each of them, over one UDP socket.
//!
//! Failure policy: told again after 1, 2, 4, 8 and 16 s while no answer comes, then given up: their own timers find it. A newer
//! version takes the place of one that is still being told.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::base::iana::{Class, Opcode, Rcode as WireRcode};
use domain::base::message_builder::PushError;
use domain::base::{Message, MessageBuilder, Rtype};
use domain::tsig::ClientTransaction;
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep, sleep_until};

use super::desk::Desk;
use super::options::Peer;
use crate::name::{self, Name};
use crate::tsig::{self, Key};
use crate::zone::Rr;

/// How often one version is told.
const TRIES: u32 = 6;
/// The first wait for an answer; each is twice the one before.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Pause after the socket could not be had.
const BREATHER: Duration = Duration::from_secs(1);
/// When nothing is being told.
const LONG: Duration = Duration::from_secs(3600);

/// What is being told, and not answered yet.
struct Telling {
    serial: u32,
    id: u16,
    tries: u32,
    next: Instant,
    transaction: Option<ClientTransaction<Key>>,
}

/// Tells one server of every version that is put in force, until it is dropped.
///
/// It speaks from one of the addresses that it listens on, `own`: a peer takes NOTIFY from those of its primaries alone.
pub(super) async fn tell(peer: Peer, own: Vec<SocketAddr>, desk: Arc<Desk>) -> io::Result<()> {
    let mut changes = desk.catalog.changes();
    let mut teller = Teller { peer, desk, told: BTreeMap::new(), telling: BTreeMap::new() };
    let socket = loop {
        match bound(teller.peer.address, &own).await {
            Ok(socket) => break socket,
            Err(fault) => {
                tracing::warn!(peer = %teller.peer.address, %fault, "no socket for NOTIFY");
                sleep(BREATHER).await;
            }
        }
    };
    let mut buffer = [0; 2048];
    loop {
        teller.look();
        teller.send(&socket).await;
        let next = teller.telling.values().map(|telling| telling.next).min();
        tokio::select! {
            changed = changes.changed() => changed.map_err(io::Error::other)?,
            () = sleep_until(next.unwrap_or_else(|| Instant::now() + LONG)) => {}
            received = socket.recv(&mut buffer) => match received {
                Ok(size) => teller.answered(buffer.get(..size).unwrap_or_default()),
                // Nobody listens there: the next try is not made earlier for it.
                Err(_) => sleep(FIRST_WAIT / 4).await,
            },
        }
    }
}

async fn bound(peer: SocketAddr, own: &[SocketAddr]) -> io::Result<UdpSocket> {
    let any: SocketAddr = match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = connected(any, peer).await?;
    let chosen = socket.local_addr()?.ip();
    let listens = |address: &SocketAddr| address.ip() == chosen || address.ip().is_unspecified();
    if own.iter().any(listens) {
        return Ok(socket);
    }
    // The system would speak from an address that we do not listen on, as for all of 127.0.0.0/8 from 127.0.0.1.
    for address in own.iter().filter(|address| address.is_ipv4() == peer.is_ipv4()) {
        if let Ok(socket) = connected(SocketAddr::new(address.ip(), 0), peer).await {
            return Ok(socket);
        }
    }
    Ok(socket)
}

async fn connected(from: SocketAddr, to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(from).await?;
    socket.connect(to).await?;
    Ok(socket)
}

struct Teller {
    peer: Peer,
    desk: Arc<Desk>,
    /// The version of each zone that was last told, or given up.
    told: BTreeMap<Name, u32>,
    telling: BTreeMap<Name, Telling>,
}

impl Teller {
    /// Looks for versions that were not told.
    fn look(&mut self) {
        for (apex, entry) in self.desk.catalog.now().iter() {
            let Some(versions) = entry.served() else { continue };
            let serial = versions.zone.serial();
            if self.told.get(apex) == Some(&serial) {
                continue;
            }
            self.told.insert(apex.clone(), serial);
            let telling = Telling { serial, id: 0, tries: 0, next: Instant::now(), transaction: None };
            self.telling.insert(apex.clone(), telling);
        }
    }

    /// Sends what is due.
    async fn send(&mut self, socket: &UdpSocket) {
        let now = Instant::now();
        let mut given_up = Vec::new();
        for (apex, telling) in self.telling.iter_mut().filter(|(_, telling)| telling.next <= now) {
            let held = self.desk.catalog.versions(apex);
            let Some(versions) = held.filter(|_| telling.tries < TRIES) else {
                given_up.push(apex.clone());
                continue;
            };
            telling.next = now + FIRST_WAIT * 2u32.saturating_pow(telling.tries);
            telling.tries += 1;
            let Ok((bytes, id, transaction)) = message(&versions.zone.soa_rr(), self.peer.key.as_ref())
            else {
                continue;
            };
            (telling.id, telling.transaction) = (id, transaction);
            self.desk.metrics.notify_sent();
            if let Err(fault) = socket.send(&bytes).await {
                tracing::debug!(peer = %self.peer.address, %fault, "NOTIFY not sent");
            }
        }
        for apex in given_up {
            let Some(telling) = self.telling.remove(&apex) else { continue };
            self.desk.metrics.notify_unanswered();
            let (zone, serial, peer) = (name::show(&apex), telling.serial, self.peer.address);
            tracing::warn!(zone, serial, %peer, "NOTIFY was not answered; its own timers will find the version");
        }
    }

    fn answered(&mut self, packet: &[u8]) {
        let Ok(mut message) = Message::from_octets(packet.to_vec()) else { return };
        let header = message.header();
        if !header.qr() || header.opcode() != Opcode::NOTIFY {
            return;
        }
        let Some(apex) = self
            .telling
            .iter()
            .find(|(_, told)| told.tries > 0 && told.id == header.id())
            .map(|(apex, _)| apex.clone())
        else {
            return;
        };
        let signed = self.telling.get(&apex).and_then(|telling| telling.transaction.as_ref());
        if let Some(Err(fault)) = signed.map(|signed| signed.answer(&mut message, tsig::now())) {
            tracing::debug!(zone = name::show(&apex), peer = %self.peer.address, %fault, "an answer to NOTIFY");
            return;
        }
        if header.rcode() != WireRcode::NOERROR {
            let (zone, rcode) = (name::show(&apex), header.rcode());
            tracing::warn!(zone, peer = %self.peer.address, %rcode, "NOTIFY was answered with an error");
        }
        self.telling.remove(&apex);
    }
}

type Told = (Vec<u8>, u16, Option<ClientTransaction<Key>>);

fn message(soa: &Rr, key: Option<&Key>) -> Result<Told, PushError> {
    let mut builder = MessageBuilder::new_vec();
    let header = builder.header_mut();
    header.set_random_id();
    header.set_opcode(Opcode::NOTIFY);
    header.set_aa(true);
    let id = header.id();
    let mut builder = builder.question();
    builder.push((&soa.owner, Rtype::SOA))?;
    let mut builder = builder.answer();
    builder.push((&soa.owner, Class::IN, soa.ttl, &soa.data))?;
    let mut builder = builder.additional();
    let transaction = match key {
        Some(key) => Some(ClientTransaction::request(key.clone(), &mut builder, tsig::now())?),
        None => None,
    };
    Ok((builder.finish(), id, transaction))
}
