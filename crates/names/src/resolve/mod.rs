//! A host's addresses, and why there are none.
//!
//! Every resolver answers with addresses or with a fault that keeps its kind, which the host's own stub would
//! lose ("name or service not known"). Literal addresses pass through unasked.

mod chain;
mod files;
mod pinned;
mod servers;
mod stub;
mod system;
mod unpublished;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

pub use pinned::PinnedResolver;
pub use servers::ServersResolver;
pub use system::SystemResolver;
pub use unpublished::ZoneResolver;

/// The future of a lookup.
pub type LookupFuture<'a> = Pin<Box<dyn Future<Output = Result<Lookup, LookupError>> + Send + 'a>>;

/// The future of [`Resolver::servers`].
pub type ServersFuture<'a> = Pin<Box<dyn Future<Output = Vec<SocketAddr>> + Send + 'a>>;

/// Finds the addresses of a host; object safe, so that a journey may carry any of them.
pub trait Resolver: Send + Sync + fmt::Debug {
    /// Finds the addresses of `host` within `deadline`.
    ///
    /// # Errors
    /// When there is no address; the future's error says why and who said so.
    fn lookup<'a>(&'a self, host: &'a str, deadline: Duration) -> LookupFuture<'a>;

    /// The recursive servers that it asks, in their order, for those who have a question of another type; none
    /// where it asks nobody.
    fn servers(&self) -> ServersFuture<'_> {
        Box::pin(std::future::ready(Vec::new()))
    }
}

/// The addresses of a host; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lookup {
    /// IPv6 and IPv4 addresses, in the order in which the answers gave them, IPv6 first.
    pub addresses: Vec<IpAddr>,
    /// Names that the host is an alias of, in the order of the chain, with their last dots.
    pub aliases: Vec<String>,
    /// The server whose answer it is; none for files, pinned addresses and zones.
    pub server: Option<SocketAddr>,
    /// Whether a question had to be sent twice, or another server had to be asked.
    pub retried: bool,
}

/// Why there is no address. Every variant but the last is about the name or its servers; the last is ours.
#[derive(Debug)]
pub enum LookupError {
    /// The name does not exist.
    Nxdomain {
        /// The name asked for, or the alias's target that is missing.
        name: String,
        /// Who said so.
        server: Option<SocketAddr>,
    },
    /// The name exists without addresses.
    Nodata {
        /// The name asked for.
        name: String,
        /// Who said so.
        server: Option<SocketAddr>,
    },
    /// The server failed (SERVFAIL, or another code that is none of these).
    Servfail {
        /// The name asked for.
        name: String,
        /// Who said so.
        server: Option<SocketAddr>,
        /// The response code where it is another, and the server's own words (RFC 8914).
        why: String,
    },
    /// The server has data that fails DNSSEC validation.
    Bogus {
        /// The name asked for.
        name: String,
        /// Who said so.
        server: Option<SocketAddr>,
        /// The server's own words (RFC 8914); empty where it has none.
        why: String,
    },
    /// The server would not answer (REFUSED).
    Refused {
        /// The name asked for.
        name: String,
        /// Who said so.
        server: Option<SocketAddr>,
    },
    /// No server answered in time.
    Timeout {
        /// The name asked for.
        name: String,
        /// The server that was silent.
        server: Option<SocketAddr>,
        /// How long it had.
        deadline: Duration,
    },
    /// No server can be reached: its port is closed or no route leads there.
    Unreachable {
        /// The name asked for.
        name: String,
        /// The server that cannot be reached.
        server: Option<SocketAddr>,
        /// What the network said.
        why: String,
    },
    /// An alias leads in a circle, too far, or to a name that does not exist.
    AliasBroken {
        /// The name asked for.
        name: String,
        /// Who said so.
        server: Option<SocketAddr>,
        /// The alias at which the chain breaks, and how.
        why: String,
    },
    /// The answer cannot be read.
    Malformed {
        /// The name asked for.
        name: String,
        /// Who sent it.
        server: Option<SocketAddr>,
        /// What is wrong with it.
        why: String,
    },
    /// The host is not a domain name: nobody was asked.
    BadName {
        /// The text given.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// We could not ask: a fault of ours, never of the target.
    Unable {
        /// The name asked for.
        name: String,
        /// What the system said.
        source: io::Error,
    },
}

impl LookupError {
    /// The name that the fault is about.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Nxdomain { name, .. }
            | Self::Nodata { name, .. }
            | Self::Servfail { name, .. }
            | Self::Bogus { name, .. }
            | Self::Refused { name, .. }
            | Self::Timeout { name, .. }
            | Self::Unreachable { name, .. }
            | Self::AliasBroken { name, .. }
            | Self::Malformed { name, .. }
            | Self::BadName { name, .. }
            | Self::Unable { name, .. } => name,
        }
    }

    /// The server that said so or that was silent.
    #[must_use]
    pub fn server(&self) -> Option<SocketAddr> {
        match self {
            Self::Nxdomain { server, .. }
            | Self::Nodata { server, .. }
            | Self::Servfail { server, .. }
            | Self::Bogus { server, .. }
            | Self::Refused { server, .. }
            | Self::Timeout { server, .. }
            | Self::Unreachable { server, .. }
            | Self::AliasBroken { server, .. }
            | Self::Malformed { server, .. } => *server,
            Self::BadName { .. } | Self::Unable { .. } => None,
        }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nxdomain { name, .. } => write!(out, "{name} does not exist (NXDOMAIN)")?,
            Self::Nodata { name, .. } => write!(out, "{name} exists but has no address (NODATA)")?,
            Self::Servfail { name, why, .. } if why.is_empty() => {
                write!(out, "the server failed to look up {name} (SERVFAIL)")?;
            }
            Self::Servfail { name, why, .. } => write!(out, "the server failed to look up {name}: {why}")?,
            Self::Bogus { name, why, .. } => {
                write!(out, "the data of {name} fails DNSSEC validation")?;
                if !why.is_empty() {
                    write!(out, ": {why}")?;
                }
            }
            Self::Refused { name, .. } => write!(out, "the server refuses to look up {name} (REFUSED)")?,
            Self::Timeout { name, deadline, .. } => {
                write!(out, "no answer about {name} within {} ms", deadline.as_millis())?;
            }
            Self::Unreachable { name, why, .. } => {
                write!(out, "the server for {name} cannot be reached: {why}")?;
            }
            Self::AliasBroken { name, why, .. } => write!(out, "{name} is a broken alias: {why}")?,
            Self::Malformed { name, why, .. } => {
                write!(out, "the answer about {name} cannot be read: {why}")?;
            }
            Self::BadName { name, why } => write!(out, "{name:?} is not a host name: {why}")?,
            Self::Unable { name, source } => {
                write!(out, "{name} could not be asked for from here: {source}")?;
            }
        }
        match self.server() {
            Some(server) => write!(out, " [{server}]"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for LookupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unable { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// An address written as the host itself, brackets allowed; nobody needs to be asked.
pub(crate) fn literal(host: &str) -> Option<Lookup> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let address = bare.parse().ok()?;
    Some(Lookup { addresses: vec![address], ..Lookup::default() })
}

/// `localhost` and names below it, which never leave the host (RFC 6761, section 6.3).
pub(crate) fn localhost(host: &str) -> Option<Lookup> {
    let bare = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    (bare == "localhost" || bare.ends_with(".localhost")).then(|| Lookup {
        addresses: vec![std::net::Ipv6Addr::LOCALHOST.into(), std::net::Ipv4Addr::LOCALHOST.into()],
        ..Lookup::default()
    })
}

/// Reads `hosts` and `resolv.conf`; how many hosts and servers they name. For fuzzing.
#[cfg(fuzzing)]
pub(crate) fn system_files(hosts: &str, resolv_conf: &str) -> (usize, usize) {
    (files::hosts(hosts).len(), files::conf(resolv_conf).servers.len())
}
