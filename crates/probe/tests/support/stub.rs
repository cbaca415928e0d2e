//! A server of our own that does to a request whatever a test says: bytes, silences, resets. Ends with the test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// What it does, one after another; then it closes the connection.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Says nothing for a while.
    Wait(Duration),
    /// Says nothing for ever.
    Hang,
}

/// Sends a text.
pub(crate) fn say(text: &str) -> Act {
    Act::Send(text.as_bytes().to_vec())
}

/// A whole answer with a status line, fields and content; the length is added.
pub(crate) fn answer(status: &str, fields: &[&str], content: &str) -> Vec<Act> {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    vec![say(&format!("HTTP/1.1 {status}\r\n{fields}content-length: {}\r\n\r\n{content}", content.len()))]
}

/// A page.
pub(crate) fn page(content: &str) -> Vec<Act> {
    answer("200 OK", &["content-type: text/html"], content)
}

/// A redirect.
pub(crate) fn redirect(status: &str, to: &str) -> Vec<Act> {
    answer(status, &[&format!("location: {to}")], "")
}

/// A running server.
pub(crate) struct Stub {
    /// Its port on 127.0.0.1.
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Stub {
    /// Serves whatever `does` says to a request: its head and content as text.
    pub(crate) async fn start(does: impl Fn(&str) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self::start_with(None, does).await
    }

    /// The same in TLS.
    pub(crate) async fn start_tls(
        acceptor: TlsAcceptor,
        does: impl Fn(&str) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(Some(acceptor), does).await
    }

    async fn start_with(
        acceptor: Option<TlsAcceptor>,
        does: impl Fn(&str) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (does, requests) = (Arc::new(does), seen.clone());
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (does, requests, acceptor) = (does.clone(), requests.clone(), acceptor.clone());
                connections.spawn(async move {
                    match acceptor {
                        None => serve(stream, &*does, &requests).await,
                        Some(acceptor) => serve_tls(acceptor, stream, &*does, &requests).await,
                    }
                });
            }
        });
        Self { port, seen, task }
    }

    /// `http://host:port/path` on this server.
    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }

    /// The same in TLS.
    pub(crate) fn https(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }

    /// The requests that came, in order, heads in lower case.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Does<'d> = &'d (dyn Fn(&str) -> Vec<Act> + Send + Sync);

async fn serve_tls(acceptor: TlsAcceptor, stream: TcpStream, does: Does<'_>, seen: &Mutex<Vec<String>>) {
    if let Ok(stream) = acceptor.accept(stream).await {
        serve(stream, does, seen).await;
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, does: Does<'_>, seen: &Mutex<Vec<String>>) {
    let Some(request) = read_request(&mut stream).await else { return };
    seen.lock().unwrap().push(request.clone());
    for act in does(&request) {
        match act {
            Act::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            Act::Wait(time) => tokio::time::sleep(time).await,
            Act::Hang => std::future::pending().await,
        }
    }
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut content = vec![0; length];
    stream.read_exact(&mut content).await.ok()?;
    Some(head + &String::from_utf8_lossy(&content))
}
