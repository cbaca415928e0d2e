//! One question over TCP (RFC 7766): a connection of its own, one message each way.

use std::io::ErrorKind;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{AskError, Asking, Reply, failed, shape};
use crate::wire::{self, NotIt};

/// Asks over TCP, without end: the caller holds the deadline.
pub(super) async fn attempt(asking: &Asking<'_>) -> Result<Reply, AskError> {
    let server = asking.server;
    let fail = |source| failed(server, source);
    let query = wire::query(asking.question, &shape(asking.options))
        .ok_or_else(|| fail(ErrorKind::InvalidInput.into()))?;
    let length = u16::try_from(query.bytes.len()).map_err(|_| fail(ErrorKind::InvalidInput.into()))?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(&query.bytes);
    let mut stream = TcpStream::connect(server).await.map_err(fail)?;
    // One write for both, as servers expect (RFC 7766, section 8).
    stream.write_all(&framed).await.map_err(fail)?;
    let hung_up = |why: String| AskError::Unreachable { server, why };
    let size = stream.read_u16().await.map_err(|source| match source.kind() {
        ErrorKind::UnexpectedEof => hung_up("it hung up instead of answering".to_owned()),
        _ => fail(source),
    })?;
    let mut packet = Vec::new();
    // What has come is held, not what was announced.
    (&mut stream).take(u64::from(size)).read_to_end(&mut packet).await.map_err(fail)?;
    if packet.len() < usize::from(size) {
        return Err(hung_up(format!("it hung up after {} of {size} bytes", packet.len())));
    }
    match wire::response(&packet, true, query.id, asking.question) {
        Ok(response) if response.flags.tc => {
            Err(AskError::Malformed { server, why: "it is cut short even over TCP".to_owned() })
        }
        Ok(response) => {
            let size = packet.len();
            let message = asking.options.dnssec_ok.then(|| Bytes::from(packet));
            Ok(Reply { response, size, message })
        }
        Err(NotIt::Other(why)) => Err(AskError::Mismatched { server, ignored: 1, why: why.to_owned() }),
        Err(NotIt::Broken(why)) => Err(AskError::Malformed { server, why }),
    }
}
