//! The relay of questions to a name server, each with a socket of its own, and of the answers, translated.
//!
//! Failure policy: a datagram that finds no room, or no answer in time, is lost, as datagrams are.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Line;

/// Questions under way at most.
const QUESTIONS_MAX: usize = 256;
/// How long an answer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// The largest datagram.
const DATAGRAM_MAX: usize = 65_535;

/// Relays until its task is ended.
pub(super) async fn relay(socket: UdpSocket, target: SocketAddr, line: Line) {
    let socket = Arc::new(socket);
    let mut questions = JoinSet::new();
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                // An error is one of an earlier datagram's; there is nobody to tell.
                let Ok((length, from)) = received else { continue };
                let Some(question) = buffer.get(..length) else { continue };
                if questions.len() < QUESTIONS_MAX {
                    questions.spawn(exchange(Arc::clone(&socket), from, question.to_vec(), target, line.clone()));
                }
            }
            Some(_) = questions.join_next(), if !questions.is_empty() => {}
        }
    }
}

async fn exchange(
    socket: Arc<UdpSocket>,
    from: SocketAddr,
    mut question: Vec<u8>,
    to: SocketAddr,
    line: Line,
) {
    if let Some(answer) = line.elsewhere(&question) {
        drop(socket.send_to(&answer, from).await);
        return;
    }
    if !arrives(&line).await {
        return;
    }
    line.corrupt(&mut question);
    let Some(mut answer) = asked(&question, to).await else { return };
    line.translate(&mut answer);
    if !arrives(&line).await {
        return;
    }
    line.corrupt(&mut answer);
    drop(socket.send_to(&answer, from).await);
}

/// Whether a datagram gets through, once it has had its delay.
async fn arrives(line: &Line) -> bool {
    let weather = line.now();
    sleep(weather.delay).await;
    !weather.cut && !line.now().cut && !line.chance.hits(weather.drop)
}

async fn asked(question: &[u8], to: SocketAddr) -> Option<Vec<u8>> {
    let asks = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()?;
    asks.connect(to).await.ok()?;
    asks.send(question).await.ok()?;
    let mut buffer = vec![0; DATAGRAM_MAX];
    let length = timeout(ANSWERS_WITHIN, asks.recv(&mut buffer)).await.ok()?.ok()?;
    buffer.truncate(length);
    Some(buffer)
}
