//! A mail server that plays a script: what it says, when it listens, when it hangs up, and where TLS begins.
//!
//! It runs on a thread of its own, so that its own work never counts as the probe's, and ends with the test. It counts
//! the bytes that it got rid of. Absent: the scripts themselves, which are rows in `cases`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::steps_support::LOOPBACK;
use crate::steps_support::certificates::Leaf;

/// One thing that the server does.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Says this at once.
    Say(&'static [u8]),
    /// Says this again and again until nobody listens.
    Endless(&'static [u8]),
    /// Says this again and again, byte by byte, with a pause before each.
    Drip(&'static [u8]),
    /// Reads a line.
    Hear,
    /// Reads whatever comes first: the beginning of a handshake.
    HearAnything,
    /// Begins TLS, as it should.
    Tls,
    /// Nothing more, the connection stays open.
    Hang,
    /// Cuts the connection without a goodbye.
    Reset,
}

/// Between two bytes that drip.
const PAUSE: Duration = Duration::from_millis(100);
/// What the kernel may hold for us, so that what counts as sent was taken.
const SENDING: usize = 64 * 1024;

/// A stream in the clear or under TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A server that plays.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    sent: Arc<AtomicU64>,
}

impl Stage {
    /// Starts it; it plays the script to each client and hangs up at its end.
    pub(crate) fn start(leaf: &Leaf, script: &'static [Act]) -> Self {
        let acceptor = acceptor(leaf);
        let sent = Arc::new(AtomicU64::new(0));
        let (tell, told) = std::sync::mpsc::channel();
        let counted = sent.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    // A client that goes away in the middle is what these tests are about.
                    tokio::spawn(play(stream, acceptor.clone(), script, counted.clone()));
                }
            });
        });
        Self { address: told.recv().unwrap(), sent }
    }

    /// How many bytes the server got rid of, those in the kernel's hands included.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

fn acceptor(leaf: &Leaf) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(leaf.pem.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(leaf.key_pem.as_bytes()).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn play(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    script: &'static [Act],
    sent: Arc<AtomicU64>,
) -> std::io::Result<()> {
    let socket = SockRef::from(&stream);
    socket.set_send_buffer_size(SENDING)?;
    socket.set_tcp_nodelay(true)?;
    // A reset is what the kernel makes of a socket that is closed with no time to linger.
    if matches!(script.last(), Some(Act::Reset)) {
        socket.set_linger(Some(Duration::ZERO))?;
    }
    let mut stream: Box<dyn Stream> = Box::new(stream);
    for act in script {
        match act {
            Act::Say(bytes) => say(&mut stream, bytes, &sent).await?,
            Act::Endless(bytes) => loop {
                say(&mut stream, bytes, &sent).await?;
            },
            Act::Drip(bytes) => {
                for byte in bytes.iter().cycle() {
                    tokio::time::sleep(PAUSE).await;
                    say(&mut stream, &[*byte], &sent).await?;
                }
            }
            Act::Hear => while stream.read_u8().await? != b'\n' {},
            Act::HearAnything => drop(stream.read(&mut [0; 4096]).await?),
            Act::Tls => stream = Box::new(acceptor.accept(stream).await?),
            Act::Hang => std::future::pending().await,
            Act::Reset => return Ok(()),
        }
    }
    Ok(())
}

async fn say(stream: &mut Box<dyn Stream>, bytes: &[u8], sent: &AtomicU64) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await?;
    sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    Ok(())
}
