//! The counts of a name server over HTTP, for Prometheus: one page, one answer a connection.
//!
//! Failure policy: a request that is not whole within some seconds and some bytes is cut; names go on being answered.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use candor_names::ServerHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::command::Failure;

/// How long a request and its answer may take.
const SLOWEST: Duration = Duration::from_secs(5);
/// Longest head of a request, in bytes.
const HEAD_MAX: usize = 8 * 1024;
/// Most requests at a time.
const MOST: usize = 16;

pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|fault| Failure(format!("cannot listen on {address} for counts: {fault}")))
}

/// Answers until it is dropped.
pub(super) async fn serve(listener: TcpListener, handle: ServerHandle) {
    let slots = Arc::new(Semaphore::new(MOST));
    while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            // Without file descriptors it would spin.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let handle = handle.clone();
        tokio::spawn(async move {
            let _slot = slot;
            // Who is too slow, or gone, asks again.
            let _ = timeout(SLOWEST, answer(stream, &handle)).await;
        });
    }
}

async fn answer(mut stream: TcpStream, handle: &ServerHandle) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > HEAD_MAX || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let path = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let (status, body) = match (head.starts_with(b"GET "), path) {
        (true, b"/metrics") => ("200 OK", handle.metrics()),
        (true, _) => ("404 Not Found", "the counts are at /metrics\n".to_owned()),
        (false, _) => ("405 Method Not Allowed", "GET alone\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
