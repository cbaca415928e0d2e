//! An authoritative server over zones: UDP and TCP, switched as one.
//!
//! `reply` turns a packet into a packet and knows no socket; `catalog` holds the zones in force and the versions before
//! them; `udp` and `tcp` carry (`guests`: no client takes all connections); `transfer` sends zones; `notify` tells others that they changed; `secondary` copies those of
//! others. Experimental on the open internet: no rate limit, no cookies. On an address such as 0.0.0.0 of a host with
//! several, answers may leave from another address than was asked: give each address instead.

mod allow;
mod catalog;
mod compose;
mod compressed;
mod desk;
mod files;
mod guests;
mod metrics;
mod notify;
mod options;
mod reply;
mod request;
mod secondary;
mod tcp;
mod timers;
mod transfer;
mod udp;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

pub use self::allow::{Allow, AllowError};
use self::catalog::Base;
use self::desk::Desk;
pub use self::files::{FileServer, ServeError, load, read, serve_files};
pub use self::options::{Peer, Secondary, ServeOptions};
use crate::store::StoreError;
use crate::zone::Zone;

/// How often a free port is tried for both UDP and TCP.
const PORT_TRIES: usize = 16;

/// A server with its sockets bound.
#[derive(Debug)]
pub struct Server {
    desk: Arc<Desk>,
    options: ServeOptions,
    sockets: Vec<(UdpSocket, TcpListener)>,
}

/// What a server of these zones answers, without a socket: for fuzzing.
#[cfg(fuzzing)]
pub(crate) fn replies(zones: Vec<Zone>) -> impl Fn(&[u8], bool) -> Option<Vec<u8>> {
    let desk = Desk::of(zones);
    let client = SocketAddr::from(([192, 0, 2, 1], 53));
    move |packet, tcp| {
        let via = if tcp { reply::Via::Tcp } else { reply::Via::Udp };
        match reply::reply(&desk, packet, client, via) {
            reply::Reply::Message(bytes) => Some(bytes),
            reply::Reply::Nothing | reply::Reply::Transfer(_) => None,
        }
    }
}

/// Publishes zones on a running server.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    desk: Arc<Desk>,
}

impl ServerHandle {
    /// Puts `zone` in force at once, in place of the zone with the same apex if there is one. With a store it is kept
    /// first, which blocks; where it cannot be, that is logged, and what was in force stays.
    pub fn publish(&self, zone: Zone) {
        let origin = zone.origin();
        if let Err(fault) = self.desk.catalog.publish(Base::Any, zone) {
            tracing::error!(zone = origin, %fault, "not published");
        }
    }

    /// Puts `zones` in force at once, in place of all that were, except copies of other servers'; as
    /// [`ServerHandle::publish`].
    pub fn publish_all(&self, zones: Vec<Zone>) {
        for (origin, fault) in self.desk.catalog.replace(zones) {
            tracing::error!(zone = origin, %fault, "not published");
        }
    }

    /// Puts `zone` in force, provided that the version in force has the serial `base` (`None`: that there is none). With a
    /// store it is kept first, which blocks.
    ///
    /// # Errors
    /// [`StoreError::Moved`] when somebody was first; else when it cannot be kept. The version in force stays.
    pub fn publish_on(&self, base: Option<u32>, zone: Zone) -> Result<(), StoreError> {
        self.desk.catalog.publish(Base::Is(base), zone)
    }

    /// The serials that a zone has had, oldest first, the one in force last; empty where it is not served.
    #[must_use]
    pub fn serials(&self, origin: &str) -> Vec<u32> {
        let versions = crate::name::parse(origin).ok().and_then(|apex| self.desk.catalog.versions(&apex));
        versions.map(|versions| versions.serials()).unwrap_or_default()
    }

    /// The version of a zone that is in force, or one before it by its serial.
    #[must_use]
    pub fn zone(&self, origin: &str, serial: Option<u32>) -> Option<Zone> {
        let versions = self.desk.catalog.versions(&crate::name::parse(origin).ok()?)?;
        versions.version(serial.unwrap_or(versions.zone.serial())).ok().flatten()
    }

    /// What was counted, as Prometheus reads it.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.desk.metrics.render(&self.desk.catalog)
    }
}

impl Server {
    /// Binds UDP and TCP on each address; port 0 takes a free port, the same for both.
    ///
    /// # Errors
    /// When an address cannot be bound, or none is given.
    pub async fn bind(addrs: &[SocketAddr], zones: Vec<Zone>) -> io::Result<Self> {
        Self::bind_with(addrs, zones, ServeOptions::default()).await
    }

    /// As [`Server::bind`], for a server that does more than answer. What the store keeps of `zones` is their past.
    ///
    /// # Errors
    /// As [`Server::bind`]; also when the options contradict each other, or the store fails.
    pub async fn bind_with(
        addrs: &[SocketAddr],
        zones: Vec<Zone>,
        options: ServeOptions,
    ) -> io::Result<Self> {
        let wrong = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
        if addrs.is_empty() {
            return Err(wrong("no address to listen on".to_owned()));
        }
        let desk = Arc::new(Desk::new(&zones, &options).map_err(wrong)?);
        let handle = ServerHandle { desk: Arc::clone(&desk) };
        let kept = tokio::task::spawn_blocking(move || handle.desk.catalog.replace(zones)).await;
        if let Some((zone, fault)) = kept.map_err(io::Error::other)?.into_iter().next() {
            return Err(io::Error::other(format!("{zone}: {fault}")));
        }
        let mut sockets = Vec::new();
        for address in addrs {
            let named = |fault: io::Error| io::Error::new(fault.kind(), format!("{address}: {fault}"));
            sockets.push(bind_both(*address).await.map_err(named)?);
        }
        Ok(Self { desk, options, sockets })
    }

    /// The addresses bound, ports filled in.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|(udp, _)| udp.local_addr().ok()).collect()
    }

    /// A handle that publishes zones while the server runs.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { desk: Arc::clone(&self.desk) }
    }

    /// Serves until `shutdown` completes; then all sockets and connections are closed.
    ///
    /// # Errors
    /// When a task that serves has ended, which none should.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> io::Result<()> {
        let mut tasks = JoinSet::new();
        let own = self.local_addrs();
        for (socket, listener) in self.sockets {
            tasks.spawn(udp::serve(socket, Arc::clone(&self.desk)));
            tasks.spawn(tcp::serve(listener, Arc::clone(&self.desk)));
        }
        for peer in self.options.notify {
            tasks.spawn(notify::tell(peer, own.clone(), Arc::clone(&self.desk)));
        }
        for apex in self.desk.copies.keys() {
            tasks.spawn(secondary::follow(apex.clone(), Arc::clone(&self.desk)));
        }
        let ended = tokio::select! {
            () = shutdown => Ok(()),
            Some(ended) = tasks.join_next() => ended.map_err(io::Error::other).flatten(),
        };
        tasks.shutdown().await;
        ended
    }
}

async fn bind_both(address: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut tries = 0;
    loop {
        let udp = UdpSocket::bind(address).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(_) if address.port() == 0 && tries < PORT_TRIES => tries += 1,
            Err(fault) => return Err(fault),
        }
    }
}
