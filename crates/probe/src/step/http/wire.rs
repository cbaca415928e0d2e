//! The connection that a request goes over, plain or in TLS, and the tasks tied to it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::rt::Executor;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::client::TlsStream;

use super::meter::{Meter, Metered};

/// A connection.
#[derive(Debug)]
pub(super) enum Wire {
    /// In the clear.
    Plain(Metered<TcpStream>),
    /// In TLS.
    Tls(Box<TlsStream<Metered<TcpStream>>>),
}

impl Wire {
    /// Whether HTTP/2 was agreed on.
    pub(super) fn agreed_on_http2(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }

    /// What may still be read from it.
    pub(super) fn meter(&self) -> Meter {
        match self {
            Self::Plain(stream) => stream.meter().clone(),
            Self::Tls(stream) => stream.get_ref().0.meter().clone(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// The tasks that HTTP/2 needs, ended with the exchange: a peer that hangs must not keep them, nor their descriptor.
#[derive(Debug, Default)]
pub(super) struct Tether(Arc<Mutex<JoinSet<()>>>);

/// Starts tasks on a [`Tether`].
#[derive(Debug, Clone)]
pub(super) struct Tethered(Arc<Mutex<JoinSet<()>>>);

impl Tether {
    pub(super) fn executor(&self) -> Tethered {
        Tethered(self.0.clone())
    }
}

impl Drop for Tether {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tethered {
    fn execute(&self, task: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }
}
