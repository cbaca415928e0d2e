//! One question over UDP: a socket, a port and an id of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;

use bytes::Bytes;
use tokio::net::UdpSocket;

use super::{AskError, AskOptions, Reply, failed, shape};
use crate::question::Question;
use crate::wire::{self, NotIt};

/// Largest datagram that is read.
const MAX_DATAGRAM: usize = 65_535;

/// Replies that did not match, over all attempts of one exchange.
#[derive(Debug, Default)]
pub(super) struct Ignored(Mutex<(u32, String)>);

impl Ignored {
    pub(super) fn note(&self, why: String) {
        if let Ok(mut held) = self.0.lock() {
            if held.0 == 0 {
                held.1 = why;
            }
            held.0 = held.0.saturating_add(1);
        }
    }

    pub(super) fn seen(&self) -> (u32, String) {
        self.0.lock().map(|held| held.clone()).unwrap_or_default()
    }
}

/// Sends once and waits for the matching reply, without end: the caller holds the deadline.
pub(super) async fn attempt(
    server: SocketAddr,
    question: &Question,
    options: &AskOptions,
    ignored: &Ignored,
) -> Result<Reply, AskError> {
    let fail = |source| failed(server, source);
    let own: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((own, 0)).await.map_err(fail)?;
    // Connected, the socket takes datagrams of this server alone and hears of its ICMP errors.
    socket.connect(server).await.map_err(fail)?;
    let query = wire::query(question, &shape(options))
        .ok_or_else(|| failed(server, std::io::ErrorKind::InvalidInput.into()))?;
    socket.send(&query.bytes).await.map_err(fail)?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let size = socket.recv(&mut buffer).await.map_err(fail)?;
        let packet = Bytes::copy_from_slice(buffer.get(..size).unwrap_or_default());
        match wire::response(packet, query.id, question) {
            Ok(response) => return Ok(Reply { response, size }),
            Err(NotIt::Other(why)) => ignored.note(why),
            Err(NotIt::Broken(why)) => return Err(AskError::Malformed { server, why }),
        }
    }
}
