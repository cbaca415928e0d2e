//! Given servers asked in order, as a stub resolver does (RFC 1034, section 5.3.1).
//!
//! A and AAAA are asked at once. A server that refuses, fails or is silent gives way to the next; each has an equal
//! share of the time that is left. The first server that says something about the name decides.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::stub::{self, Want};
use super::{Lookup, LookupError, LookupFuture, Resolver, ServersFuture, literal};
use crate::name;

/// Asks given servers; recursion is desired of them.
#[derive(Debug, Clone)]
pub struct ServersResolver {
    servers: Vec<SocketAddr>,
    retry: bool,
    patience: Option<Duration>,
}

impl ServersResolver {
    /// Asks `servers` in this order.
    #[must_use]
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self { servers, retry: true, patience: None }
    }

    /// Bounds the time for one server, and says whether a question may be sent twice.
    pub(super) fn tuned(servers: Vec<SocketAddr>, patience: Duration, retry: bool) -> Self {
        Self { servers, retry, patience: Some(patience) }
    }

    pub(super) async fn find(&self, host: &str, deadline: Duration) -> Result<Lookup, LookupError> {
        if let Some(found) = literal(host) {
            return Ok(found);
        }
        let bad = |why| LookupError::BadName { name: host.to_owned(), why };
        let start = name::show(&name::parse(host).map_err(bad)?);
        let end = Instant::now() + deadline;
        let mut left = self.servers.len();
        let mut worst: Option<LookupError> = None;
        for (place, server) in self.servers.iter().enumerate() {
            let rest = end.saturating_duration_since(Instant::now());
            let share = rest / u32::try_from(left).unwrap_or(u32::MAX).max(1);
            left = left.saturating_sub(1);
            let deadline = self.patience.map_or(share, |patience| patience.min(share));
            let want = Want { server: *server, host, start: &start, retry: self.retry, deadline };
            match stub::ask_server(&want).await {
                Ok(mut found) => {
                    found.retried |= place > 0;
                    return Ok(found);
                }
                Err(fault) if decides(&fault) => return Err(fault),
                Err(fault) => worst = Some(telling(worst, fault)),
            }
        }
        Err(worst.unwrap_or_else(|| no_servers(host)))
    }
}

fn no_servers(host: &str) -> LookupError {
    LookupError::Unable {
        name: host.to_owned(),
        source: std::io::Error::other("no name servers are configured"),
    }
}

/// Whether a fault is about the name, so that the next server need not be asked.
fn decides(fault: &LookupError) -> bool {
    matches!(
        fault,
        LookupError::Nxdomain { .. }
            | LookupError::Nodata { .. }
            | LookupError::AliasBroken { .. }
            | LookupError::BadName { .. }
            | LookupError::Unable { .. }
    )
}

/// Of two faults the one that tells more: an answer tells more than silence.
fn telling(held: Option<LookupError>, new: LookupError) -> LookupError {
    let rank = |fault: &LookupError| match fault {
        LookupError::Bogus { .. } => 5,
        LookupError::Servfail { .. } => 4,
        LookupError::Refused { .. } => 3,
        LookupError::Malformed { .. } => 2,
        LookupError::Unreachable { .. } => 1,
        _ => 0,
    };
    match held {
        Some(held) if rank(&held) >= rank(&new) => held,
        _ => new,
    }
}

impl Resolver for ServersResolver {
    fn servers(&self) -> ServersFuture<'_> {
        Box::pin(std::future::ready(self.servers.clone()))
    }

    fn lookup<'a>(&'a self, host: &'a str, deadline: Duration) -> LookupFuture<'a> {
        Box::pin(self.find(host, deadline))
    }
}
