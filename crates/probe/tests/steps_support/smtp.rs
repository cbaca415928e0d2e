//! A small SMTP server of our own, with STARTTLS by rustls, on a free loopback port; it ends with the test's runtime.
//!
//! It is ours, and no more than what a client of RFC 5321, 3207 and 4954 meets before it sends mail, because it must
//! be able to misbehave. That it is SMTP at all is checked by a client that is not ours, in `steps_smtp`.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::LOOPBACK;
use super::certificates::Leaf;

/// What the server does.
#[derive(Clone)]
pub struct Manners {
    /// Said first, line ends included.
    pub greeting: String,
    /// Whether TLS begins before the greeting.
    pub implicit: bool,
    /// Extensions offered before TLS.
    pub offers: Vec<&'static str>,
    /// Extensions offered under TLS.
    pub offers_under_tls: Vec<&'static str>,
    /// Said to STARTTLS, line ends included.
    pub starttls: &'static str,
    /// The token that AUTH PLAIN takes.
    pub token: &'static str,
    /// Goes on for ever with its greeting.
    pub endless: bool,
    /// Hangs up after the greeting.
    pub hangs_up: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            greeting: "220 mail.shop.example ESMTP\r\n".to_owned(),
            implicit: false,
            offers: vec!["SIZE 1000000", "STARTTLS"],
            offers_under_tls: vec!["SIZE 1000000", "AUTH LOGIN PLAIN"],
            starttls: "220 go ahead\r\n",
            // "\0probe\0hunter2"
            token: "AHByb2JlAGh1bnRlcjI=",
            endless: false,
            hangs_up: false,
        }
    }
}

/// Starts it.
pub async fn start(leaf: &Leaf, manners: Manners) -> SocketAddr {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = acceptor(leaf);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away in the middle is what half of the tests are about.
            tokio::spawn(serve(stream, acceptor.clone(), manners.clone()));
        }
    });
    address
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

async fn serve(mut stream: TcpStream, acceptor: TlsAcceptor, manners: Manners) -> std::io::Result<()> {
    if manners.implicit {
        let mut stream = acceptor.accept(stream).await?;
        stream.write_all(manners.greeting.as_bytes()).await?;
        talk(stream, &manners, true).await?;
        return Ok(());
    }
    stream.write_all(manners.greeting.as_bytes()).await?;
    if manners.endless {
        loop {
            stream.write_all(manners.greeting.as_bytes()).await?;
        }
    }
    if manners.hangs_up {
        return Ok(());
    }
    if let Some(stream) = talk(stream, &manners, false).await? {
        talk(acceptor.accept(stream).await?, &manners, true).await?;
    }
    Ok(())
}

/// Answers commands until QUIT, or until STARTTLS, which gives the stream back.
async fn talk<S>(stream: S, manners: &Manners, under_tls: bool) -> std::io::Result<Option<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let command = line.trim_end().to_owned();
        let auth = format!("AUTH PLAIN {}", manners.token);
        let reply = match command.as_str() {
            "STARTTLS" => manners.starttls.to_owned(),
            "QUIT" => "221 bye\r\n".to_owned(),
            ehlo if ehlo.starts_with("EHLO ") => {
                extensions(if under_tls { &manners.offers_under_tls } else { &manners.offers })
            }
            given if given == auth => "235 welcome\r\n".to_owned(),
            wrong if wrong.starts_with("AUTH PLAIN ") => format!("535 who is {wrong}?\r\n"),
            _ => "500 what?\r\n".to_owned(),
        };
        stream.get_mut().write_all(reply.as_bytes()).await?;
        match command.as_str() {
            "STARTTLS" if reply.starts_with("220") => return Ok(Some(stream.into_inner())),
            "QUIT" => return Ok(None),
            _ => {}
        }
    }
}

fn extensions(offers: &[&str]) -> String {
    let mut lines = vec!["mail.shop.example"];
    lines.extend(offers);
    let last = lines.pop().unwrap();
    let before: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
    format!("{before}250 {last}\r\n")
}
