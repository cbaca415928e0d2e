//! How much is read from one connection, whatever it is called there.
//!
//! Every protocol has words that cost the speaker nothing and say nothing: empty frames and records, PING, SETTINGS,
//! tickets, padding, interim answers, chunks of one byte. They are not bounded one by one but by the bytes that
//! they are made of, beneath TLS and HTTP. A connection that says more than its bounds ends with an error of the kind
//! [`ErrorKind::QuotaExceeded`].

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read before the head of the answer has come, at most: the TLS handshake, what opens HTTP/2, interim
/// answers, the head.
pub(super) const BEFORE_MAX: u64 = 512 << 10;

/// Bytes read after it, at most, besides twice the content that the step reads: framing, padding, trailers.
pub(super) const AFTER_MAX: u64 = 256 << 10;

/// What may still be read from a connection.
#[derive(Debug, Clone)]
pub(super) struct Meter(Arc<AtomicU64>);

impl Meter {
    /// The meter of a new connection.
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(BEFORE_MAX)))
    }

    /// The head has come; of the content, `body_max` bytes are read.
    pub(super) fn head_came(&self, body_max: u64) {
        self.0.store(body_max.saturating_mul(2).saturating_add(AFTER_MAX), Ordering::Relaxed);
    }
}

/// A connection that is read by a meter.
#[derive(Debug)]
pub(super) struct Metered<S> {
    inner: S,
    meter: Meter,
}

impl<S> Metered<S> {
    /// A new connection.
    pub(super) fn new(inner: S) -> Self {
        Self { inner, meter: Meter::new() }
    }

    /// Its meter.
    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let left = this.meter.0.load(Ordering::Relaxed);
        if left == 0 {
            let detail = "the server sends more than its answer could need";
            return Poll::Ready(Err(io::Error::new(ErrorKind::QuotaExceeded, detail)));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        let read = buf.filled().len().saturating_sub(before) as u64;
        // The head may come while this is read, in another task.
        let taken = |left: u64| Some(left.saturating_sub(read));
        let _ = this.meter.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}
