//! Questions over UDP: for each socket a thread that waits in the system's call, one buffer, one packet at a time.
//!
//! A thread of its own, because the reactor would take three calls where one does, and an answer never waits for anything.
//! Failure policy: errors of the socket are no reason to stop. The thread ends with the future that began it.

use std::convert::Infallible;
use std::io;
use std::net::{Shutdown, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;
use tokio::sync::oneshot;

use super::desk::Desk;
use super::reply::{Reply, Via, reply};

/// Pause after an error of the socket, so that a lasting one does not spin.
const BREATHER: Duration = Duration::from_millis(10);
/// How long an answer may take to leave: where a network takes none, the questions from others go on.
const SLOWEST: Duration = Duration::from_millis(10);
/// How often a thread looks whether it is to end, where closing the socket's way in does not wake it.
const LOOK: Duration = Duration::from_secs(1);

/// Answers until it is dropped.
pub(super) async fn serve(socket: tokio::net::UdpSocket, desk: Arc<Desk>) -> io::Result<()> {
    let socket = Arc::new(socket.into_std()?);
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(LOOK))?;
    socket.set_write_timeout(Some(SLOWEST))?;
    let ending = Arc::new(AtomicBool::new(false));
    let (alive, ended) = oneshot::channel::<Infallible>();
    let answering = {
        let (socket, ending) = (Arc::clone(&socket), Arc::clone(&ending));
        move || {
            let _alive = alive;
            answer_all(&socket, &desk, &ending);
        }
    };
    let thread = thread::Builder::new().name("dns-udp".into()).spawn(answering)?;
    let _end = End { socket, ending, thread: Some(thread) };
    drop(ended.await);
    Err(io::Error::other("a thread that answers over UDP has ended"))
}

fn answer_all(socket: &UdpSocket, desk: &Desk, ending: &AtomicBool) {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let received = socket.recv_from(&mut buffer);
        if ending.load(Ordering::Relaxed) {
            return;
        }
        let (size, client) = match received {
            Ok(received) => received,
            // Nothing came, or a signal did.
            Err(fault) if is_passing(fault.kind()) => continue,
            // An ICMP error of an earlier answer may surface here.
            Err(fault) => {
                tracing::debug!(%fault, "receiving over UDP");
                thread::sleep(BREATHER);
                continue;
            }
        };
        let answer = reply(desk, buffer.get(..size).unwrap_or_default(), client, Via::Udp);
        if let Reply::Message(bytes) = answer
            && let Err(fault) = socket.send_to(&bytes, client)
        {
            tracing::debug!(%fault, %client, "answering over UDP");
        }
    }
}

fn is_passing(fault: io::ErrorKind) -> bool {
    matches!(fault, io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// Ends the thread when it is dropped, so that the port is free then.
struct End {
    socket: Arc<UdpSocket>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for End {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        // That there is nobody at the other end is an error, and wakes the thread all the same.
        let _ = SockRef::from(&*self.socket).shutdown(Shutdown::Read);
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("a thread that answers over UDP has panicked");
        }
    }
}
