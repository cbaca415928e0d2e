//! One question over UDP: a socket, a port and an id of its own.
//!
//! While it waits, a question holds no buffer: packets are read and judged on the stack, so that thousands of silent
//! servers cost their sockets and no more. Replies to other questions are counted, up to a bound.

use std::io::{self, Read};
use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::sync::Mutex;

use bytes::Bytes;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::{AskError, Asking, Reply, failed, shape};
use crate::wire::{self, NotIt};

/// Largest datagram that is read whole, and the most that is offered; a larger one counts as truncated.
pub(super) const MAX_DATAGRAM: u16 = 4096;
/// Replies to other questions that are borne in one exchange: each may be a guess at the id.
const MAX_IGNORED: u32 = 100;

/// Replies that did not match, over all attempts of one exchange: how many, and why the first did not.
#[derive(Debug, Default)]
pub(super) struct Ignored(Mutex<(u32, &'static str)>);

impl Ignored {
    /// Counts one more; says whether that is too many.
    fn note(&self, why: &'static str) -> bool {
        let Ok(mut held) = self.0.lock() else { return true };
        if held.0 == 0 {
            held.1 = why;
        }
        held.0 = held.0.saturating_add(1);
        held.0 >= MAX_IGNORED
    }

    pub(super) fn count(&self) -> u32 {
        self.0.lock().map_or(0, |held| held.0)
    }

    /// The fault of an exchange in which nothing else came.
    pub(super) fn fault(&self, server: SocketAddr) -> Option<AskError> {
        let (ignored, why) = self.0.lock().map(|held| *held).unwrap_or_default();
        (ignored > 0).then(|| AskError::Mismatched { server, ignored, why: why.to_owned() })
    }
}

/// A question that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    socket: UdpSocket,
    id: u16,
}

/// Sends a question from a fresh port. The first datagram of a socket has room, so that nobody need wait for it.
pub(super) fn send(asking: &Asking<'_>) -> Result<Sent, AskError> {
    let fail = |source| failed(asking.server, source);
    let query = wire::query(asking.question, &shape(asking.options))
        .ok_or_else(|| fail(io::ErrorKind::InvalidInput.into()))?;
    let socket =
        Socket::new(Domain::for_address(asking.server), Type::DGRAM, Some(Protocol::UDP)).map_err(fail)?;
    // Connected, the socket takes datagrams of this server alone and hears of its ICMP errors; the kernel gives it a
    // port by chance.
    socket.connect(&asking.server.into()).map_err(fail)?;
    socket.send(&query.bytes).map_err(fail)?;
    let socket = StdSocket::from(socket);
    socket.set_nonblocking(true).map_err(fail)?;
    let socket = UdpSocket::from_std(socket).map_err(fail)?;
    Ok(Sent { socket, id: query.id })
}

impl Sent {
    /// Waits for the matching reply, without end: the caller holds the deadline.
    pub(super) async fn reply(self, asking: &Asking<'_>) -> Result<Reply, AskError> {
        let server = asking.server;
        // An ICMP error makes a socket no more readable than it was.
        let interest = Interest::READABLE.add(Interest::ERROR);
        loop {
            let taken = self.socket.async_io(interest, || take(&self.socket, self.id, asking));
            match taken.await.map_err(|source| failed(server, source))? {
                Ok(reply) => return Ok(reply),
                Err(NotIt::Broken(why)) => return Err(AskError::Malformed { server, why }),
                Err(NotIt::Other(why)) => {
                    if asking.ignored.note(why) {
                        return Err(asking.silence());
                    }
                }
            }
        }
    }
}

/// Reads and judges one datagram.
fn take(socket: &UdpSocket, id: u16, asking: &Asking<'_>) -> io::Result<Result<Reply, NotIt>> {
    let mut buffer = [0; MAX_DATAGRAM as usize];
    let size = (&*SockRef::from(socket)).read(&mut buffer)?;
    let whole = size < buffer.len();
    let packet = buffer.get(..size).unwrap_or_default();
    let response = wire::response(packet, whole, id, asking.question);
    let message = asking.options.dnssec_ok.then(|| Bytes::copy_from_slice(packet));
    Ok(response.map(|response| Reply { response, size, message }))
}
