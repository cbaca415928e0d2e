//! One request of a customer: the name, the connection, TLS where it is met so, the question, the answer; and where it ended, if it did.
//!
//! Everything anew for each request. Failure policy: bounded in time by the customer's patience with a step and in size;
//! what went wrong is the [`Layer`] at which the customer stood, and whether they were told or waited in vain.
//! Absent: redirects, cookies, HTTP/2; nothing here is for more than loopback.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Method, Request, Response, header};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::stub::Stub;
use crate::live::secure::Secure;
use crate::truth::Layer;

/// The largest answer that is read, in bytes.
const ANSWER_MAX: usize = 1024 * 1024;
/// A refusal that comes later was waited for.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Why a customer cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::live) struct Trouble {
    /// Where they stood.
    pub(in crate::live) layer: Layer,
    /// Whether they were told at once.
    pub(in crate::live) at_once: bool,
    /// In words, for the log.
    pub(in crate::live) why: String,
}

impl Trouble {
    /// Told at once.
    pub(in crate::live) const fn told(layer: Layer, why: String) -> Self {
        Self { layer, at_once: true, why }
    }

    /// Waited for in vain.
    pub(in crate::live) const fn waited(layer: Layer, why: String) -> Self {
        Self { layer, at_once: false, why }
    }
}

/// What is asked of whom.
#[derive(Debug)]
pub(in crate::live) struct Ask<'a> {
    method: Method,
    host: String,
    path: &'a str,
    token: Option<&'a str>,
    fields: Vec<(header::HeaderName, &'a str)>,
    body: Bytes,
}

impl<'a> Ask<'a> {
    pub(in crate::live) fn get(host: &str, path: &'a str) -> Self {
        let (method, body, host) = (Method::GET, Bytes::new(), host.to_owned());
        Self { method, host, path, token: None, fields: Vec::new(), body }
    }

    /// Sends JSON.
    pub(in crate::live) fn post(host: &str, path: &'a str, json: &Value) -> Self {
        let fields = vec![(header::CONTENT_TYPE, "application/json")];
        let body = Bytes::from(json.to_string());
        Self { method: Method::POST, fields, body, ..Self::get(host, path) }
    }

    /// Sends a form, as a browser does.
    pub(in crate::live) fn form(host: &str, path: &'a str, form: String) -> Self {
        let fields =
            vec![(header::CONTENT_TYPE, "application/x-www-form-urlencoded"), (header::ACCEPT, "text/html")];
        Self { method: Method::POST, fields, body: Bytes::from(form), ..Self::get(host, path) }
    }

    /// Puts content in a place.
    pub(in crate::live) fn put(host: &str, path: &'a str, body: Bytes) -> Self {
        Self { method: Method::PUT, body, ..Self::get(host, path) }
    }

    /// Takes something away.
    pub(in crate::live) fn delete(host: &str, path: &'a str) -> Self {
        Self { method: Method::DELETE, ..Self::get(host, path) }
    }

    /// Says who asks.
    pub(in crate::live) fn with_token(self, token: &'a str) -> Self {
        Self { token: Some(token), ..self }
    }

    /// With another field.
    pub(in crate::live) fn with(mut self, name: header::HeaderName, value: &'a str) -> Self {
        self.fields.push((name, value));
        self
    }

    fn request(self, authority: &str) -> Result<Request<Full<Bytes>>, Trouble> {
        let mut request =
            Request::builder().method(self.method).uri(self.path).header(header::HOST, authority);
        for (name, value) in self.fields {
            request = request.header(name, value);
        }
        if let Some(token) = self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let built = request.body(Full::new(self.body));
        built.map_err(|error| Trouble::told(Layer::Http, error.to_string()))
    }
}

/// What was answered.
#[derive(Debug)]
pub(in crate::live) struct Answer {
    pub(in crate::live) status: u16,
    pub(in crate::live) body: Vec<u8>,
    pub(in crate::live) took: Duration,
}

impl Answer {
    /// This status, or the customer has been refused: at once, or after the shop had waited for somebody in vain.
    pub(in crate::live) fn expect(self, status: &[u16]) -> Result<Self, Trouble> {
        if status.contains(&self.status) {
            return Ok(self);
        }
        let why = format!("the answer is {}", self.status);
        Err(Trouble { layer: Layer::Http, at_once: self.took < AT_ONCE, why })
    }

    pub(in crate::live) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A text of its JSON body.
    pub(in crate::live) fn json(&self, key: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get(key)?.as_str()?.to_owned())
    }
}

/// How a host is found.
#[derive(Debug)]
pub(super) enum Finds {
    /// By its name.
    ByName(Stub),
    /// It is there, whatever its name.
    At(IpAddr),
}

/// A connection, by TLS or not.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// How somebody reaches the shop from a place.
#[derive(Debug)]
pub(in crate::live) struct Client {
    pub(super) finds: Finds,
    pub(in crate::live) port: u16,
    /// With each step.
    pub(in crate::live) patience: Duration,
    /// Who is met by TLS.
    pub(super) secure: Option<Arc<Secure>>,
}

impl Client {
    /// One step.
    pub(in crate::live) async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Trouble> {
        let began = Instant::now();
        let end = began + self.patience;
        let host = ask.host.clone();
        let late = |layer, what: &str| Trouble::waited(layer, format!("{host} {what}"));
        let address = match &self.finds {
            Finds::ByName(stub) => timeout_at(end, stub.find(&host)).await.map(|found| found.map(IpAddr::V4)),
            Finds::At(address) => Ok(Ok(*address)),
        };
        let address = address.map_err(|_| late(Layer::Dns, "is not found in time"))??;
        let address = SocketAddr::new(address, self.port);
        let stream = timeout_at(end, connect(address)).await;
        let stream = stream.map_err(|_| late(Layer::Connect, "takes no connection"))??;
        let stream = timeout_at(end, self.secured(&host, stream)).await;
        let stream = stream.map_err(|_| late(Layer::Tls, "does not shake hands"))??;
        let request = ask.request(&format!("{host}:{}", self.port))?;
        // The set ends the connection when this function ends, however it ends.
        let mut driver = JoinSet::new();
        let head = timeout_at(end, head(stream, request, &mut driver)).await;
        let head = head.map_err(|_| late(Layer::Deadline, "does not answer"))??;
        let (status, body) = self.content(head, end, &host).await?;
        Ok(Answer { status, body, took: began.elapsed() })
    }

    /// The same connection by TLS, where the host is met so.
    async fn secured(&self, host: &str, stream: TcpStream) -> Result<Box<dyn Stream>, Trouble> {
        let Some(connector) = self.secure.as_ref().and_then(|secure| secure.connector(host)) else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| Trouble::told(Layer::Tls, format!("{host}: {error}")))?;
        let stream = connector.connect(name, stream).await.map_err(|error| {
            // What the protocol refuses comes so; all else is the connection's.
            let refused = error.kind() == ErrorKind::InvalidData;
            let layer = if refused { Layer::Tls } else { Layer::Connect };
            Trouble::told(layer, format!("{host}: {error}"))
        })?;
        Ok(Box::new(stream))
    }

    /// The content; no byte for half of the patience is a stall.
    async fn content(
        &self,
        head: Response<Incoming>,
        end: Instant,
        host: &str,
    ) -> Result<(u16, Vec<u8>), Trouble> {
        let status = head.status().as_u16();
        let (mut incoming, mut body) = (head.into_body(), Vec::new());
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            let stalls = self.patience / 2;
            match timeout(rest.min(stalls), incoming.frame()).await {
                Ok(None) => return Ok((status, body)),
                Ok(Some(Ok(frame))) => body.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Ok(Some(Err(error))) => {
                    return Err(Trouble::told(Layer::Transfer, format!("{host}: {error}")));
                }
                Err(_) => return Err(Trouble::waited(Layer::Transfer, format!("{host} stalls"))),
            }
            if body.len() > ANSWER_MAX {
                return Err(Trouble::told(Layer::Http, format!("{host} answers without end")));
            }
        }
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Trouble> {
    let stream = TcpStream::connect(address).await;
    stream.map_err(|error| Trouble::told(Layer::Connect, format!("{address}: {error}")))
}

async fn head(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    driver: &mut JoinSet<hyper::Result<()>>,
) -> Result<Response<Incoming>, Trouble> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broke(&error))?;
    driver.spawn(connection);
    sender.send_request(request).await.map_err(|error| broke(&error))
}

/// A connection that broke is one that was not reached; anything else is not the protocol.
fn broke(error: &hyper::Error) -> Trouble {
    let cut =
        error.is_incomplete_message() || error.is_canceled() || error.is_closed() || by_the_system(error);
    let layer = if cut { Layer::Connect } else { Layer::Http };
    Trouble::told(layer, error.to_string())
}

fn by_the_system(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<std::io::Error>() {
            return true;
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_took_long_was_waited_for() {
        let refused = |took_ms| {
            let answer = Answer { status: 503, body: Vec::new(), took: Duration::from_millis(took_ms) };
            answer.expect(&[201]).map_err(|trouble| (trouble.layer, trouble.at_once)).err()
        };
        assert_eq!(refused(20), Some((Layer::Http, true)));
        assert_eq!(refused(2_000), Some((Layer::Http, false)));
    }
}
