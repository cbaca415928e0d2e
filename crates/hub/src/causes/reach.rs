//! Connections that a search for causes makes.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::id::VantageId;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The future of one connection.
pub type ConnectFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Kind>> + Send + 'a>>;

/// What can be connected to.
pub trait Reach: Send + Sync + fmt::Debug {
    /// Connects from a vantage to an address, where `host` is meant, and hangs up.
    ///
    /// # Errors
    /// The future's error says how it failed.
    fn connect<'a>(
        &'a self,
        from: &'a VantageId,
        to: SocketAddr,
        host: &'a str,
        within: Duration,
    ) -> ConnectFuture<'a>;
}

/// Connections over the network.
#[derive(Debug)]
pub(super) struct Tcp;

impl Reach for Tcp {
    fn connect<'a>(
        &'a self,
        _from: &'a VantageId,
        to: SocketAddr,
        _host: &'a str,
        within: Duration,
    ) -> ConnectFuture<'a> {
        Box::pin(async move {
            match timeout(within, TcpStream::connect(to)).await {
                Err(_) => Err(Kind::ConnectTimeout),
                Ok(met) => met.map(drop).map_err(|error| match error.kind() {
                    io::ErrorKind::ConnectionRefused => Kind::ConnectRefused,
                    io::ErrorKind::ConnectionReset => Kind::ConnectReset,
                    io::ErrorKind::TimedOut => Kind::ConnectTimeout,
                    _ => Kind::ConnectUnreachable,
                }),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_takes_a_connection_and_who_does_not_refuses_it() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (at, from) = (listener.local_addr().unwrap(), VantageId::new("here").unwrap());
            let within = Duration::from_secs(5);
            assert_eq!(Tcp.connect(&from, at, "shop.example", within).await, Ok(()));
            drop(listener);
            assert_eq!(Tcp.connect(&from, at, "shop.example", within).await, Err(Kind::ConnectRefused));
        });
    }
}
