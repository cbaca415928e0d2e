//! A listener that can be closed with everyone in it.
//!
//! A place that is cut off must be cut off for clients with open connections too, which a server that only stops
//! accepting would keep serving. So the connections belong to the door, and end with it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// Connections served at once; the next ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 512;
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait after the system refused a connection, most likely for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The first byte of whoever begins with TLS: the content type of a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// An open listener and its connections.
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Door {
    /// Listens on `address` and serves `router` there.
    pub(crate) async fn open(address: SocketAddr, router: Router) -> io::Result<Self> {
        Self::listen(address, router, Speaks::Plain).await
    }

    /// The same with TLS; a connection is made with what is in force when it comes.
    pub(crate) async fn open_tls(
        address: SocketAddr,
        router: Router,
        tls: watch::Receiver<Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        Self::listen(address, router, Speaks::Tls(tls)).await
    }

    /// The same with TLS for those who begin so, and without it for all others.
    pub(crate) async fn open_either(
        address: SocketAddr,
        router: Router,
        tls: watch::Receiver<Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        Self::listen(address, router, Speaks::Either(tls)).await
    }

    async fn listen(address: SocketAddr, router: Router, speaks: Speaks) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, task: tokio::spawn(serve(listener, router, speaks)) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the listener and every connection; they are closed when this returns.
    pub(crate) async fn close(mut self) {
        self.task.abort();
        // The task was aborted: that is the only way it ends.
        drop((&mut self.task).await);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is spoken at a door.
enum Speaks {
    Plain,
    Tls(watch::Receiver<Arc<ServerConfig>>),
    Either(watch::Receiver<Arc<ServerConfig>>),
}

async fn serve(listener: TcpListener, router: Router, speaks: Speaks) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Small answers leave at once; nobody waits for more bytes to fill a segment.
                    drop(stream.set_nodelay(true));
                    let acceptor = |tls: &watch::Receiver<_>| TlsAcceptor::from(Arc::clone(&tls.borrow()));
                    let router = router.clone();
                    match &speaks {
                        Speaks::Plain => connections.spawn(converse(stream, router)),
                        Speaks::Tls(tls) => connections.spawn(converse_tls(acceptor(tls), stream, router)),
                        Speaks::Either(tls) => connections.spawn(converse_either(acceptor(tls), stream, router)),
                    };
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// By the first byte: no request begins with that of a handshake.
async fn converse_either(acceptor: TlsAcceptor, stream: TcpStream, router: Router) {
    let mut first = [0];
    match tokio::time::timeout(HEAD_TIMEOUT, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first == [HANDSHAKE] => converse_tls(acceptor, stream, router).await,
        Ok(Ok(1)) => converse(stream, router).await,
        Ok(Ok(_) | Err(_)) | Err(_) => tracing::debug!("a connection that said nothing"),
    }
}

async fn converse_tls(acceptor: TlsAcceptor, stream: TcpStream, router: Router) {
    match tokio::time::timeout(HEAD_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => converse(stream, router).await,
        // A client that does not trust us goes here.
        Ok(Err(error)) => tracing::debug!("no TLS: {error}"),
        Err(_) => tracing::debug!("no TLS within {} s", HEAD_TIMEOUT.as_secs()),
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = served.await {
        tracing::debug!("a connection ended early: {error}");
    }
}
