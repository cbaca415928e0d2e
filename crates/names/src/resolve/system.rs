//! As the host does: its hosts file, then its resolvers.
//!
//! The files are read here and not by the C library, because that one folds every fault into "name or service not
//! known". Both are looked at before every lookup and read again when they have changed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::files::{self, Conf, Hosts};
use super::{
    Lookup, LookupError, LookupFuture, Resolver, ServersFuture, ServersResolver, literal, localhost,
};
use crate::name;

/// Largest file that is read; lists that block advertising reach some megabytes.
const MAX_FILE: u64 = 32 << 20;

/// Reads `/etc/hosts` and `/etc/resolv.conf` itself, so that faults keep their kind. A name with a dot is absolute; a
/// name without is tried in the search domains first.
#[derive(Debug)]
pub struct SystemResolver {
    hosts: Watched<Hosts>,
    conf: Watched<Conf>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new()
    }
}

impl SystemResolver {
    /// The host's own files.
    #[must_use]
    pub fn new() -> Self {
        Self::from_files("/etc/hosts", "/etc/resolv.conf")
    }

    /// Other files in their place.
    #[must_use]
    pub fn from_files(hosts: impl Into<PathBuf>, resolv_conf: impl Into<PathBuf>) -> Self {
        Self {
            hosts: Watched::new(hosts.into(), files::hosts),
            conf: Watched::new(resolv_conf.into(), files::conf),
        }
    }

    async fn find(&self, host: &str, deadline: Duration) -> Result<Lookup, LookupError> {
        if let Some(found) = literal(host).or_else(|| localhost(host)) {
            return Ok(found);
        }
        let wire = name::parse(host).map_err(|why| LookupError::BadName { name: host.to_owned(), why })?;
        let unable = |source| LookupError::Unable { name: host.to_owned(), source };
        if let Some(list) = self.hosts.current().await.map_err(unable)?.get(&wire) {
            return Ok(Lookup { addresses: list.clone(), ..Lookup::default() });
        }
        let conf = self.conf.current().await.map_err(unable)?;
        let servers = ServersResolver::tuned(conf.servers.clone(), conf.timeout, conf.retry);
        let end = Instant::now() + deadline;
        if !host.contains('.') {
            for domain in &conf.search {
                let rest = end.saturating_duration_since(Instant::now());
                match servers.find(&format!("{host}.{domain}"), rest).await {
                    Err(
                        LookupError::Nxdomain { .. }
                        | LookupError::Nodata { .. }
                        | LookupError::BadName { .. },
                    ) => {}
                    other => return other,
                }
            }
        }
        servers.find(host, end.saturating_duration_since(Instant::now())).await
    }
}

impl Resolver for SystemResolver {
    fn servers(&self) -> ServersFuture<'_> {
        Box::pin(async { self.conf.current().await.map(|conf| conf.servers.clone()).unwrap_or_default() })
    }

    fn lookup<'a>(&'a self, host: &'a str, deadline: Duration) -> LookupFuture<'a> {
        Box::pin(self.find(host, deadline))
    }
}

/// When a file was last written and how long it is; `None` for a file that is not there.
type Stamp = Option<(SystemTime, u64)>;

/// A file with what was read from it.
#[derive(Debug)]
struct Watched<T> {
    path: PathBuf,
    read: fn(&str) -> T,
    held: Mutex<Option<(Stamp, Arc<T>)>>,
}

impl<T> Watched<T> {
    fn new(path: PathBuf, read: fn(&str) -> T) -> Self {
        Self { path, read, held: Mutex::new(None) }
    }

    /// What the file says now; a file that is not there says nothing.
    async fn current(&self) -> io::Result<Arc<T>> {
        let stamp = stamp(&self.path).await?;
        if let Some(known) = self.known(stamp) {
            return Ok(known);
        }
        let text = match stamp {
            None => String::new(),
            Some(_) => String::from_utf8_lossy(&tokio::fs::read(&self.path).await?).into_owned(),
        };
        let fresh = Arc::new((self.read)(&text));
        if let Ok(mut held) = self.held.lock() {
            *held = Some((stamp, Arc::clone(&fresh)));
        }
        Ok(fresh)
    }

    fn known(&self, stamp: Stamp) -> Option<Arc<T>> {
        let held = self.held.lock().ok()?;
        held.as_ref().filter(|(known, _)| *known == stamp).map(|(_, value)| Arc::clone(value))
    }
}

async fn stamp(path: &Path) -> io::Result<Stamp> {
    match tokio::fs::metadata(path).await {
        Ok(meta) if meta.len() > MAX_FILE => {
            Err(io::Error::other(format!("{} is larger than {MAX_FILE} bytes", path.display())))
        }
        Ok(meta) => Ok(Some((meta.modified()?, meta.len()))),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}
