//! The relay of connections: each accepted one is led to the target, and every piece of it meets the weather.
//!
//! A stream cannot lose packets, so loss is what a customer sees of it: the connection, or a piece, comes as late as its
//! retransmissions would (RFC 6298: a second and doubling for a connection, a fifth of a second and doubling for a
//! piece), and after too many the connection breaks. A target that refuses breaks the connection at once.
//! Failure policy: bounded in connections and in time without a byte.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Line;
use super::dam::Dam;

/// Connections of a link at once; who comes beyond waits.
const CONNECTIONS_MAX: usize = 256;
/// How long a target may take to be reached, and a connection be silent.
const REACHED_WITHIN: Duration = Duration::from_secs(5);
const SILENT_MAX: Duration = Duration::from_secs(60);
/// The size of a piece, in bytes.
const PIECE: usize = 16 * 1024;
/// How long until a connection, or a piece, is sent again for the first time; and how often at most.
const CONNECT_AGAIN: Duration = Duration::from_secs(1);
const PIECE_AGAIN: Duration = Duration::from_millis(200);
const AGAIN_MAX: u32 = 8;

/// Where a relay leads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// To a target.
    To(SocketAddr),
    /// To a name server, whose answers are translated.
    Names(SocketAddr),
    /// Nowhere: nobody ever answers.
    Nowhere,
    /// Elsewhere: connections come about, and end.
    Elsewhere,
}

/// Relays until its task is ended.
pub(super) async fn relay(listener: TcpListener, way: Way, mut line: Line) {
    let mut connections = JoinSet::new();
    let mut ours = HashSet::new();
    loop {
        if line.now().cut || matches!(way, Way::Nowhere) {
            let dam = Dam::close(&listener).await;
            if matches!(way, Way::Nowhere) {
                // The dam stands for as long as the task.
                std::future::pending::<()>().await;
            }
            let goes_on = line.clear().await;
            ours = dam.open(&listener);
            if !goes_on {
                return;
            }
        }
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((_, from)) if ours.remove(&from) => {}
                Ok((stream, _)) => drop(connections.spawn(carry(stream, way, line.clone()))),
                // Out of descriptors, say: what is open must end first.
                Err(_) => sleep(PIECE_AGAIN).await,
            },
            changed = line.weather.changed() => if changed.is_err() { return },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn carry(near: TcpStream, way: Way, mut line: Line) {
    let (target, names) = match way {
        Way::To(target) => (target, false),
        Way::Names(target) => (target, true),
        Way::Nowhere | Way::Elsewhere => return,
    };
    let near_fd = SockRef::from(&near);
    // However this ends early, it ends as a broken connection and not as an empty answer.
    let _ = near_fd.set_linger(Some(Duration::ZERO));
    if late(&mut line, CONNECT_AGAIN, 2).await.is_err() {
        return;
    }
    let Ok(Ok(far)) = timeout(REACHED_WITHIN, TcpStream::connect(target)).await else { return };
    drop((near.set_nodelay(true), far.set_nodelay(true)));
    let _ = near_fd.set_linger(None);
    let ((near_reads, near_writes), (far_reads, far_writes)) = (near.into_split(), far.into_split());
    let there = pump(near_reads, far_writes, line.clone(), false);
    let back = pump(far_reads, near_writes, line, names);
    // When one direction breaks, both do; when one ends, the other may go on.
    drop(tokio::try_join!(there, back));
}

/// The wait until something got through, though it may be lost on any of `ways`.
async fn late(line: &mut Line, again: Duration, ways: u32) -> io::Result<()> {
    let mut wait = again;
    for _ in 0..AGAIN_MAX {
        if !line.clear().await {
            break;
        }
        let weather = line.now();
        if !(0..ways).any(|_| line.chance.hits(weather.drop)) {
            sleep(weather.delay).await;
            return Ok(());
        }
        sleep(wait).await;
        wait *= 2;
    }
    Err(io::ErrorKind::TimedOut.into())
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut line: Line,
    names: bool,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = match names {
            true => message(&mut from, &line).await?,
            false => {
                let read = timeout(SILENT_MAX, from.read(&mut piece)).await??;
                piece.get(..read).unwrap_or_default().to_vec()
            }
        };
        if read.is_empty() {
            return to.shutdown().await;
        }
        late(&mut line, PIECE_AGAIN, 1).await?;
        let mut read = read;
        line.corrupt(&mut read);
        timeout(SILENT_MAX, to.write_all(&read)).await??;
    }
}

/// A name server's next message with its length (RFC 1035, section 4.2.2), translated; empty at the end.
async fn message(from: &mut OwnedReadHalf, line: &Line) -> io::Result<Vec<u8>> {
    let length = match timeout(SILENT_MAX, from.read_u16()).await? {
        Ok(length) => length,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut message = vec![0; usize::from(length)];
    timeout(SILENT_MAX, from.read_exact(&mut message)).await??;
    line.translate(&mut message);
    Ok([length.to_be_bytes().as_slice(), &message].concat())
}
