//! Questions over TCP (RFC 7766): pipelined, answered in order; idle and slow connections closed, sooner under load.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::desk::Desk;
use super::reply::{Reply, Via, reply};

/// Most connections at a time, over all addresses; more of them wait in the backlog.
pub(super) const MAX_CONNECTIONS: usize = 256;
/// Most connections of one client; what it opens beyond is closed at once (RFC 7766, section 6.2.2).
const MAX_OF_ONE: usize = MAX_CONNECTIONS / 2;
/// How long a client may take for its next question, and to take its answer (RFC 7766, section 6.2.3).
const IDLE: Duration = Duration::from_secs(10);
/// The same when few connections are left (RFC 7766, section 6.2.3).
const IDLE_UNDER_LOAD: Duration = Duration::from_secs(1);
/// How few that is.
const FEW: usize = MAX_CONNECTIONS / 4;
/// Pause after an error of the listener: without file descriptors it would spin.
const BREATHER: Duration = Duration::from_millis(100);

/// Accepts until it is dropped, and its connections with it.
pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let slot = Arc::clone(&desk.connections).acquire_owned().await.map_err(io::Error::other)?;
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, client)) => {
                let Some(guest) = desk.guests.admit(client.ip(), MAX_OF_ONE) else {
                    tracing::debug!(%client, "it has too many connections");
                    continue;
                };
                let desk = Arc::clone(&desk);
                connections.spawn(async move {
                    let _held = (slot, guest);
                    if let Err(fault) = converse(stream, client, &desk).await {
                        tracing::debug!(%fault, %client, "answering over TCP");
                    }
                });
            }
            Err(fault) => {
                tracing::warn!(%fault, "accepting over TCP");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
}

async fn converse(mut stream: TcpStream, client: SocketAddr, desk: &Desk) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let idle = if desk.connections.available_permits() < FEW { IDLE_UNDER_LOAD } else { IDLE };
        let packet = match timeout(idle, receive(&mut stream)).await {
            Ok(packet) => packet?,
            Err(_) => return Ok(()),
        };
        let Some(packet) = packet else { return Ok(()) };
        let answer = match reply(desk, &packet, client, Via::Tcp) {
            Reply::Message(answer) => answer,
            // Who sends what cannot be answered is not spoken with any longer.
            Reply::Nothing => return Ok(()),
            Reply::Transfer(outgoing) => {
                let _turn = timeout(IDLE, desk.transfers.acquire()).await?.map_err(io::Error::other)?;
                outgoing.send(&mut stream).await?;
                continue;
            }
        };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend_from_slice(&answer);
        timeout(IDLE, stream.write_all(&framed)).await??;
    }
}

/// The next message; `None` when the client has closed.
async fn receive(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let size = match stream.read_u16().await {
        Ok(size) => size,
        Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let mut packet = vec![0; usize::from(size)];
    stream.read_exact(&mut packet).await?;
    Ok(Some(packet))
}
