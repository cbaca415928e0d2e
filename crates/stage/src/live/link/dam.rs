//! A listener that answers nobody, as behind a cable that is cut: connections neither come about nor are refused.
//!
//! The system drops what asks for a connection where a listener's queue is full; so the queue is made as short as it can
//! be, and filled with connections of our own. When the dam opens, who has kept asking gets in.
//! Failure policy: on a system that queues all the same, connections come about and hang; nothing goes through either way.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Connections that fill a queue at most.
const FILL_MAX: usize = 8;
/// How long one may take to come about on loopback.
const FILLS_WITHIN: Duration = Duration::from_millis(50);
/// The queue of a listener that answers.
const QUEUE: i32 = 1024;

/// A listener's full queue.
#[derive(Debug)]
pub(super) struct Dam {
    ours: Vec<TcpStream>,
}

impl Dam {
    /// Closes a listener.
    pub(super) async fn close(listener: &TcpListener) -> Self {
        let mut ours = Vec::new();
        // Where it cannot be made shorter it is filled as it is, or hangs.
        drop(SockRef::from(listener).listen(0));
        let Ok(address) = listener.local_addr() else { return Self { ours } };
        while ours.len() < FILL_MAX {
            match timeout(FILLS_WITHIN, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => ours.push(stream),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        Self { ours }
    }

    /// Opens it again; the connections with these addresses were ours.
    pub(super) fn open(self, listener: &TcpListener) -> HashSet<SocketAddr> {
        drop(SockRef::from(listener).listen(QUEUE));
        self.ours.iter().filter_map(|stream| stream.local_addr().ok()).collect()
    }
}
