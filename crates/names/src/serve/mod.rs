//! An authoritative server over zones: UDP and TCP, switched as one.
//!
//! `reply` turns a packet into a packet and knows no socket; `catalog` holds the zones in force; `udp` and `tcp` carry.
//! Experimental on the open internet: no rate limit, no cookies, no transfer, no NOTIFY. On an address such as 0.0.0.0
//! of a host with several, answers may leave from another address than was asked: give each address instead.

mod catalog;
mod files;
mod reply;
mod tcp;
mod udp;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::catalog::Catalog;
pub use self::files::{FileServer, ServeError, load, serve_files};
use crate::zone::Zone;

/// How often a free port is tried for both UDP and TCP.
const PORT_TRIES: usize = 16;

/// A server with its sockets bound.
#[derive(Debug)]
pub struct Server {
    catalog: Catalog,
    sockets: Vec<(UdpSocket, TcpListener)>,
}

/// What a server of these zones answers, without a socket: for fuzzing.
#[cfg(fuzzing)]
pub(crate) fn replies(zones: Vec<Zone>) -> impl Fn(&[u8], bool) -> Option<Vec<u8>> {
    let catalog = Catalog::new(zones);
    move |packet, tcp| {
        reply::reply(&catalog.now(), packet, if tcp { reply::Via::Tcp } else { reply::Via::Udp })
    }
}

/// Publishes zones on a running server.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    catalog: Catalog,
}

impl ServerHandle {
    /// Puts `zone` in force at once, in place of the zone with the same apex if there is one.
    pub fn publish(&self, zone: Zone) {
        self.catalog.publish(zone);
    }

    /// Puts `zones` in force at once, in place of all that were.
    pub fn publish_all(&self, zones: Vec<Zone>) {
        self.catalog.replace(zones);
    }
}

impl Server {
    /// Binds UDP and TCP on each address; port 0 takes a free port, the same for both.
    ///
    /// # Errors
    /// When an address cannot be bound, or none is given.
    pub async fn bind(addrs: &[SocketAddr], zones: Vec<Zone>) -> io::Result<Self> {
        if addrs.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on"));
        }
        let mut sockets = Vec::new();
        for address in addrs {
            let named = |fault: io::Error| io::Error::new(fault.kind(), format!("{address}: {fault}"));
            sockets.push(bind_both(*address).await.map_err(named)?);
        }
        Ok(Self { catalog: Catalog::new(zones), sockets })
    }

    /// The addresses bound, ports filled in.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|(udp, _)| udp.local_addr().ok()).collect()
    }

    /// A handle that publishes zones while the server runs.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { catalog: self.catalog.clone() }
    }

    /// Serves until `shutdown` completes; then all sockets and connections are closed.
    ///
    /// # Errors
    /// When a task that serves has ended, which none should.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> io::Result<()> {
        let slots = Arc::new(Semaphore::new(tcp::MAX_CONNECTIONS));
        let mut tasks = JoinSet::new();
        for (socket, listener) in self.sockets {
            tasks.spawn(udp::serve(socket, self.catalog.clone()));
            tasks.spawn(tcp::serve(listener, self.catalog.clone(), Arc::clone(&slots)));
        }
        tokio::select! {
            () = shutdown => Ok(()),
            Some(ended) = tasks.join_next() => ended.map_err(io::Error::other)?,
        }
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
