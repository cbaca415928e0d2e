//! One question over TCP (RFC 7766): a connection of its own, one message each way.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{AskError, AskOptions, Reply, failed, shape};
use crate::question::Question;
use crate::wire::{self, NotIt};

/// Asks over TCP, without end: the caller holds the deadline.
pub(super) async fn attempt(
    server: SocketAddr,
    question: &Question,
    options: &AskOptions,
) -> Result<Reply, AskError> {
    let fail = |source| failed(server, source);
    let query = wire::query(question, &shape(options))
        .ok_or_else(|| failed(server, std::io::ErrorKind::InvalidInput.into()))?;
    let length = u16::try_from(query.bytes.len())
        .map_err(|_| failed(server, std::io::ErrorKind::InvalidInput.into()))?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(&query.bytes);
    let mut stream = TcpStream::connect(server).await.map_err(fail)?;
    // One write for both, as servers expect (RFC 7766, section 8).
    stream.write_all(&framed).await.map_err(fail)?;
    let size = usize::from(stream.read_u16().await.map_err(fail)?);
    let mut packet = vec![0; size];
    stream.read_exact(&mut packet).await.map_err(fail)?;
    match wire::response(packet.into(), query.id, question) {
        Ok(response) => Ok(Reply { response, size }),
        Err(NotIt::Other(why)) => Err(AskError::Mismatched { server, ignored: 1, why }),
        Err(NotIt::Broken(why)) => Err(AskError::Malformed { server, why }),
    }
}
