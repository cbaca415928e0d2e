//! A zone fetched over TCP from one server: what changed, and whole where that cannot be had.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{How, Receiver, TransferError};
use crate::name::Name;
use crate::tsig::Key;
use crate::zone::Zone;

/// How long a server may take for the connection, and for each message.
const SLOWEST_MESSAGE: Duration = Duration::from_secs(10);
/// How long a whole transfer may take.
const SLOWEST: Duration = Duration::from_secs(600);

/// Fetches the zone if it is newer than `base`.
pub(crate) async fn fetch(
    apex: &Name,
    base: Option<Arc<Zone>>,
    server: SocketAddr,
    key: Option<&Key>,
) -> Result<(How, Option<Zone>), TransferError> {
    if base.is_some() {
        match once(apex, base.clone(), true, server, key).await {
            // A server that is not there, or is another, is not asked again.
            Err(
                fault @ (TransferError::Refused(_) | TransferError::Malformed(_) | TransferError::NoZone(_)),
            ) => {
                tracing::debug!(zone = crate::name::show(apex), %server, %fault, "no difference to be had");
            }
            settled => return settled,
        }
    }
    once(apex, base, false, server, key).await
}

/// Fetches a zone whole (AXFR).
///
/// # Errors
/// When it cannot be had: nothing is taken in part.
pub async fn fetch_zone(origin: &str, server: SocketAddr, key: Option<&Key>) -> Result<Zone, TransferError> {
    let apex = crate::name::parse(origin).map_err(TransferError::NoZone)?;
    let (_, zone) = fetch(&apex, None, server, key).await?;
    zone.ok_or(TransferError::Short)
}

async fn once(
    apex: &Name,
    base: Option<Arc<Zone>>,
    ixfr: bool,
    server: SocketAddr,
    key: Option<&Key>,
) -> Result<(How, Option<Zone>), TransferError> {
    let (mut receiver, request) = Receiver::ask(apex, base, ixfr, key)
        .map_err(|_| TransferError::Malformed("the request does not fit a message".to_owned()))?;
    let whole = async {
        let mut stream = soon(TcpStream::connect(server)).await?;
        let length = u16::try_from(request.len()).unwrap_or(u16::MAX);
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend_from_slice(&request);
        soon(stream.write_all(&framed)).await?;
        loop {
            let packet = soon(next(&mut stream)).await?.ok_or(TransferError::Short)?;
            if receiver.take(packet)? {
                return Ok(receiver);
            }
        }
    };
    let receiver: Result<Receiver, TransferError> =
        timeout(SLOWEST, whole).await.map_err(|_| TransferError::Slow(SLOWEST.as_secs()))?;
    let receiver = receiver?;
    // A large zone takes its time.
    let finished = tokio::task::spawn_blocking(move || receiver.finish()).await;
    finished.map_err(|fault| TransferError::Connection(std::io::Error::other(fault)))?
}

async fn soon<T>(step: impl Future<Output = std::io::Result<T>>) -> Result<T, TransferError> {
    let done = timeout(SLOWEST_MESSAGE, step).await;
    Ok(done.map_err(|_| TransferError::Slow(SLOWEST_MESSAGE.as_secs()))??)
}

/// The next message; nothing when the server has closed.
async fn next(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let size = match stream.read_u16().await {
        Ok(size) => size,
        Err(fault) if fault.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let mut packet = vec![0; usize::from(size)];
    match stream.read_exact(&mut packet).await {
        Err(fault) if fault.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(fault) => Err(fault),
        Ok(_) => Ok(Some(packet)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_says_nothing_or_only_begins_is_given_up() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = listener.local_addr().unwrap();
        let apex = crate::name::parse("z.example").unwrap();
        for beginning in [&[][..], &[0], &[0xff, 0xff, 1, 2, 3]] {
            let serving = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(beginning).await.unwrap();
                std::future::pending::<()>().await;
            };
            let fetched = tokio::select! {
                fetched = fetch(&apex, None, server, None) => fetched,
                () = serving => unreachable!("it never ends"),
            };
            assert!(matches!(fetched, Err(TransferError::Slow(10))), "{beginning:?}: {fetched:?}");
        }
    }
}
