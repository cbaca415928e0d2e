//! Zone files served, read again on SIGHUP; a bad file is refused, said, and what is in force stays.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{ServeOptions, Server, ServerHandle};
use crate::zone::{Zone, ZoneFault};

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
    /// Zone files with faults, one a line.
    #[error("{}", lines(.0))]
    Faults(Vec<ZoneFault>),
    /// What is to be done beside answering cannot be.
    #[error("{0}")]
    Options(#[source] io::Error),
    /// An address cannot be bound.
    #[error("cannot listen: {0}")]
    Bind(#[source] io::Error),
    /// The server or its signals failed while running.
    #[error("cannot go on serving: {0}")]
    Broken(#[source] io::Error),
}

fn lines(faults: &[ZoneFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Reads zone files; each must be a zone of its own.
///
/// # Errors
/// When a file cannot be read, or with the faults of all files.
pub async fn load(files: Vec<PathBuf>) -> Result<Vec<Zone>, ServeError> {
    let read = tokio::task::spawn_blocking(move || load_now(&files));
    read.await.map_err(|fault| ServeError::Broken(io::Error::other(fault)))?
}

fn load_now(files: &[PathBuf]) -> Result<Vec<Zone>, ServeError> {
    let mut zones: BTreeMap<String, Zone> = BTreeMap::new();
    let mut faults = Vec::new();
    for file in files {
        match load_one(file)? {
            Ok(zone) => {
                let message = format!("another file has the zone {} already", zone.origin());
                if zones.insert(zone.origin().to_ascii_lowercase(), zone).is_some() {
                    faults.push(ZoneFault { file: file.display().to_string(), line: 0, column: 0, message });
                }
            }
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() { Ok(zones.into_values().collect()) } else { Err(ServeError::Faults(faults)) }
}

/// Largest zone file that is read, in bytes: some ten million records.
const FILE_MAX: u64 = 1024 * 1024 * 1024;

fn load_one(file: &Path) -> Result<Result<Zone, Vec<ZoneFault>>, ServeError> {
    Ok(Zone::parse(&read(file)?, None, &file.display().to_string()))
}

/// The text of a zone file.
///
/// # Errors
/// When it is not a file that can be read, or is too large.
pub fn read(file: &Path) -> Result<String, ServeError> {
    let unreadable = |source| ServeError::Unreadable { file: file.to_owned(), source };
    let refused = |why: String| unreadable(io::Error::new(io::ErrorKind::InvalidInput, why));
    // A pipe or a device could block or never end; opening a pipe alone can.
    let about = std::fs::metadata(file).map_err(unreadable)?;
    if !about.is_file() {
        return Err(refused("not a regular file".into()));
    }
    if about.len() > FILE_MAX {
        return Err(refused(format!("larger than {} MiB", FILE_MAX / 1024 / 1024)));
    }
    std::fs::read_to_string(file).map_err(unreadable)
}

/// A server of zone files with its sockets bound.
#[derive(Debug)]
pub struct FileServer {
    server: Server,
    hangups: Signal,
    files: Vec<PathBuf>,
}

impl FileServer {
    /// Reads the files and binds the addresses.
    ///
    /// # Errors
    /// When a file cannot be read, has faults, or an address cannot be bound.
    pub async fn bind(files: Vec<PathBuf>, listen: &[SocketAddr]) -> Result<Self, ServeError> {
        Self::bind_with(files, listen, ServeOptions::default()).await
    }

    /// As [`FileServer::bind`], for a server that does more than answer.
    ///
    /// # Errors
    /// As [`FileServer::bind`]; also when the options contradict each other, or the store fails.
    pub async fn bind_with(
        files: Vec<PathBuf>,
        listen: &[SocketAddr],
        options: ServeOptions,
    ) -> Result<Self, ServeError> {
        // Before all else: a SIGHUP that comes early must not end the process.
        let hangups = signal(SignalKind::hangup()).map_err(ServeError::Broken)?;
        let zones = load(files.clone()).await?;
        let server = Server::bind_with(listen, zones, options).await.map_err(|fault| match fault.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::Other => ServeError::Options(fault),
            _ => ServeError::Bind(fault),
        })?;
        for address in server.local_addrs() {
            tracing::info!(%address, "serving zones over UDP and TCP");
        }
        Ok(Self { server, hangups, files })
    }

    /// The addresses bound, ports filled in.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.server.local_addrs()
    }

    /// A handle to publish zones and read counts.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until `shutdown` completes; reads all files again on SIGHUP.
    ///
    /// # Errors
    /// When a task that serves has ended. A file that has become bad is logged, and what is served stays in force.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let reloads = pin!(reload_on(self.hangups, self.server.handle(), self.files));
        let running = pin!(self.server.run(shutdown));
        tokio::select! {
            ended = running => ended.map_err(ServeError::Broken),
            () = reloads => Ok(()),
        }
    }
}

/// Serves zone files until `shutdown` completes; reads all of them again on SIGHUP.
///
/// # Errors
/// As [`FileServer::bind`] and [`FileServer::run`].
pub async fn serve_files(
    files: Vec<PathBuf>,
    listen: Vec<SocketAddr>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    FileServer::bind(files, &listen).await?.run(shutdown).await
}

/// Never ends while signals can come.
async fn reload_on(mut hangups: Signal, handle: ServerHandle, files: Vec<PathBuf>) {
    while hangups.recv().await.is_some() {
        match load(files.clone()).await {
            Ok(zones) => {
                let handle = handle.clone();
                let published = tokio::task::spawn_blocking(move || handle.publish_all(zones));
                if let Err(fault) = published.await {
                    tracing::error!(%fault, "not published");
                }
            }
            Err(fault) => tracing::error!("zone files refused, the old zones stay in force: {fault}"),
        }
    }
}
