//! The two listeners: the public page, and the operators' site. They share nothing but code.
//!
//! Public: the files of the site, nothing else. Operators: the same in full, `/metrics` (Prometheus text) and
//! `/healthz`. GET and HEAD only. Every connection has deadlines and bounds: a slow reader costs a small buffer, a
//! reader that never sends a whole request is cut, and past its [`Seats`] new ones wait in the kernel.
//!
//! Readers are served on threads of their own, niced: however many they are, checks do not wait for them, neither in a
//! queue of tasks nor for the processor.
//!
//! * `answer` — from request to answer; `host` — whom a request is for; `seats` — how many, how long

mod answer;
mod host;
mod seats;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use crate::health::Health;
use crate::metrics::Metrics;
use crate::publish::Sites;
use crate::render::stand_behind_checks;
use answer::{Clerk, Desk};
pub(crate) use seats::Seats;
use seats::visit;

/// Threads that serve, at most; there are never more than processors.
const THREADS_MAX: usize = 4;
/// Connections that wait in the kernel to be accepted.
const BACKLOG: u32 = 4_096;
/// Largest request head, which is also what a connection buffers.
const HEAD_MAX: usize = 16 * 1024;
/// How long answers that have begun may take to end when the hub stops.
const GOODBYE: Duration = Duration::from_secs(2);
/// Connections that cannot be accepted are said in the log so often at most.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Which site a listener serves.
#[derive(Debug, Clone)]
pub(crate) enum Door {
    /// The public one.
    Public,
    /// The operators', with the figures.
    Operators(Arc<Health>, Arc<Metrics>),
}

/// A listener, whom it serves, and how many of them at once.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) listener: TcpListener,
    pub(crate) door: Door,
    pub(crate) seats: usize,
}

/// The threads that serve readers.
#[derive(Debug)]
pub(crate) struct Readers(Vec<std::thread::JoinHandle<()>>);

/// Listens, without serving yet: a taken port is found before anything else starts.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A hub that starts anew finds connections of the one before it still fading away.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Readers {
    /// Serves until `close` turns true.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn open(
        entrances: [Entrance; 2],
        sites: &Arc<Sites>,
        close: &watch::Receiver<bool>,
    ) -> std::io::Result<Self> {
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let mut rooms = Vec::new();
        for Entrance { listener, door, seats } in entrances {
            let desk = Arc::new(Desk { door, sites: Arc::clone(sites) });
            rooms.push((listener.into_std()?, desk, Arc::new(Semaphore::new(seats)), seats));
        }
        let mut threads = Vec::new();
        for at in 0..count {
            let mut own = Vec::new();
            for (listener, desk, free, seats) in &rooms {
                let (listener, desk, free) = (listener.try_clone()?, Arc::clone(desk), Arc::clone(free));
                own.push((listener, Room { desk, free, seats: *seats, close: close.clone() }));
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let thread = std::thread::Builder::new().name(format!("readers-{at}"));
            threads.push(thread.spawn(move || {
                stand_behind_checks();
                runtime.block_on(serve(own));
            })?);
        }
        Ok(Self(threads))
    }

    /// Waits until they have ended.
    pub(crate) async fn gone(self) {
        let joined =
            tokio::task::spawn_blocking(move || self.0.into_iter().for_each(|thread| drop(thread.join())));
        // A thread that ended in a panic has said so.
        let _ = joined.await;
    }
}

/// Where connections to one site are taken in.
#[derive(Debug, Clone)]
struct Room {
    desk: Arc<Desk>,
    free: Arc<Semaphore>,
    seats: usize,
    close: watch::Receiver<bool>,
}

/// One thread's work: all entrances, until they close.
async fn serve(entrances: Vec<(std::net::TcpListener, Room)>) {
    let mut open = tokio::task::JoinSet::new();
    for (listener, room) in entrances {
        open.spawn(async move {
            match TcpListener::from_std(listener) {
                Ok(listener) => room.work(&listener).await,
                Err(error) => tracing::error!(%error, "a listener cannot be used"),
            }
        });
    }
    open.join_all().await;
}

impl Room {
    async fn work(mut self, listener: &TcpListener) {
        let mut close = self.close.clone();
        let mut talks = tokio::task::JoinSet::new();
        let mut said = None;
        loop {
            let accepted = tokio::select! {
                accepted = self.next(listener) => accepted,
                Some(_) = talks.join_next(), if !talks.is_empty() => continue,
                _ = close.wait_for(|close| *close) => break,
            };
            match accepted {
                Ok((stream, seat)) => drop(talks.spawn(self.clone().receive(stream, seat))),
                Err(error) => {
                    // Out of descriptors, most likely: those who are connected go on.
                    if said.is_none_or(|at: Instant| at.elapsed() >= SAY_EVERY) {
                        tracing::warn!(%error, "connections cannot be accepted");
                        said = Some(Instant::now());
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        // Each ends by itself, and soon.
        talks.join_all().await;
    }

    /// The next connection that there is a seat for.
    async fn next(&mut self, listener: &TcpListener) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
        let seat = Arc::clone(&self.free).acquire_owned().await.map_err(std::io::Error::other)?;
        Ok((listener.accept().await?.0, seat))
    }

    async fn receive(self, stream: TcpStream, seat: OwnedSemaphorePermit) {
        let (head_within, within) = visit(self.free.available_permits(), self.seats);
        // A connection that breaks or runs out of time is the reader's affair.
        let _ = tokio::time::timeout(within, self.converse(stream, head_within)).await;
        drop(seat);
    }

    async fn converse(mut self, stream: TcpStream, head_within: Duration) -> Result<(), hyper::Error> {
        // Small answers should not wait for more.
        let _ = stream.set_nodelay(true);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_within)
            .max_buf_size(HEAD_MAX)
            // Who has asked and closed that half still gets the answer.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), Clerk(self.desk));
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => return ended,
            _ = self.close.wait_for(|close| *close) => connection.as_mut().graceful_shutdown(),
        }
        tokio::time::timeout(GOODBYE, connection).await.unwrap_or(Ok(()))
    }
}
