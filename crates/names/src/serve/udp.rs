//! Questions over UDP: one socket, one buffer, one packet at a time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;

use super::desk::Desk;
use super::reply::{Reply, Via, reply};

/// Pause after an error of the socket, so that a lasting one does not spin.
const BREATHER: Duration = Duration::from_millis(10);

/// Answers until it is dropped.
pub(super) async fn serve(socket: UdpSocket, desk: Arc<Desk>) -> io::Result<()> {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let (size, client) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            // An ICMP error of an earlier answer may surface here; it is no reason to stop.
            Err(fault) => {
                tracing::debug!(%fault, "receiving over UDP");
                tokio::time::sleep(BREATHER).await;
                continue;
            }
        };
        let answer = reply(&desk, buffer.get(..size).unwrap_or_default(), client, Via::Udp);
        if let Reply::Message(bytes) = answer
            && let Err(fault) = socket.send_to(&bytes, client).await
        {
            tracing::debug!(%fault, %client, "answering over UDP");
        }
    }
}
