//! The server's end of one connection: what a misbehaviour is written with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;

/// A connection in either form.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<L: AsyncRead + AsyncWrite + Send + Unpin> Line for L {}

/// One connection, seen from the server.
pub(crate) struct Peer {
    reading: ReadHalf<Box<dyn Line>>,
    writing: WriteHalf<Box<dyn Line>>,
    /// The same socket once more, to end it rudely.
    twin: std::net::TcpStream,
    sent: Arc<AtomicU64>,
}

impl Peer {
    /// The connection as it was accepted.
    pub(crate) fn plain(stream: TcpStream, sent: Arc<AtomicU64>) -> Self {
        let stream = stream.into_std().unwrap();
        let twin = stream.try_clone().unwrap();
        // What the kernel holds of ours counts as sent: let it be little.
        SockRef::from(&twin).set_send_buffer_size(64 << 10).unwrap();
        let line: Box<dyn Line> = Box::new(TcpStream::from_std(stream).unwrap());
        let (reading, writing) = tokio::io::split(line);
        Self { reading, writing, twin, sent }
    }

    /// The same with another protocol over it.
    pub(crate) fn over(line: Box<dyn Line>, twin: std::net::TcpStream, sent: Arc<AtomicU64>) -> Self {
        let (reading, writing) = tokio::io::split(line);
        Self { reading, writing, twin, sent }
    }

    /// What is beneath, to put another protocol over it.
    pub(crate) fn into_line(self) -> (Box<dyn Line>, std::net::TcpStream, Arc<AtomicU64>) {
        (self.reading.unsplit(self.writing), self.twin, self.sent)
    }

    /// Reads the head of a request over HTTP/1.1.
    pub(crate) async fn request(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = self.reading.read_u8().await else { break };
            head.push(byte);
        }
        String::from_utf8_lossy(&head).into_owned()
    }

    /// Reads so many bytes.
    pub(crate) async fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let _ = self.reading.read_exact(&mut bytes).await;
        bytes
    }

    /// Sends; `false` once the other side has hung up.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let bytes = bytes.as_ref();
        let sent = self.writing.write_all(bytes).await.is_ok() && self.writing.flush().await.is_ok();
        self.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        sent
    }

    /// Sends the same over and over, until the other side hangs up; reads what it says, so that it can.
    pub(crate) async fn flood(mut self, bytes: impl AsRef<[u8]>) {
        let many = bytes.as_ref().repeat((16 << 10) / bytes.as_ref().len().max(1) + 1);
        let listen = async {
            let mut heard = vec![0; 16 << 10];
            while self.reading.read(&mut heard).await.is_ok_and(|read| read > 0) {}
        };
        let speak = async {
            while self.writing.write_all(&many).await.is_ok() && self.writing.flush().await.is_ok() {
                self.sent.fetch_add(many.len() as u64, Ordering::Relaxed);
            }
        };
        tokio::join!(listen, speak);
    }

    /// Sends the same over and over, a bit at a time.
    pub(crate) async fn drip(mut self, bytes: impl AsRef<[u8]>) {
        while self.send(bytes.as_ref()).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Says nothing more, and does not go away either.
    pub(crate) async fn hang(mut self) {
        let mut heard = [0; 1024];
        while self.reading.read(&mut heard).await.is_ok_and(|read| read > 0) {}
    }

    /// Ends the connection with a reset, once what was sent has been taken.
    pub(crate) async fn reset(self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        SockRef::from(&self.twin).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Ends what we say, and waits for the other side to do the same.
    pub(crate) async fn close(mut self) {
        let _ = self.writing.shutdown().await;
        self.hang().await;
    }
}
