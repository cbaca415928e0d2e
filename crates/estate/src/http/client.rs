//! Asking another service: its addresses from our own name server, one connection for one request, a deadline on
//! the whole.
//!
//! Connections are not kept: a client that holds on to one would not notice that a name has gone, and the estate
//! exists to notice. Addresses are remembered for less than a second.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use candor_names::{LookupError, Resolver, ServersResolver};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::place::Place;

/// How long one call may take, from the name to the last byte.
const DEADLINE: Duration = Duration::from_secs(2);
/// How long the name servers may take of that.
const LOOKUP_DEADLINE: Duration = Duration::from_millis(1500);
/// How long an address is remembered.
const REMEMBERED: Duration = Duration::from_millis(500);
/// The largest answer that is read, in bytes.
const ANSWER_MAX: usize = 256 * 1024;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) json: Option<Value>,
}

impl<'a> Call<'a> {
    /// Asks for what is at `path`.
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, token: None, json: None }
    }

    /// Sends `json` to `path`.
    pub(crate) fn post(path: &'a str, json: Value) -> Self {
        Self { method: Method::POST, path, token: None, json: Some(json) }
    }

    /// Says who asks.
    pub(crate) fn with_token(self, token: &'a str) -> Self {
        Self { token: Some(token), ..self }
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A text of its JSON body.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get(key)?.as_str()?.to_owned())
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("{0}")]
    Name(#[from] LookupError),
    #[error("cannot connect to {host} at {address}: {source}")]
    Connect { host: String, address: SocketAddr, source: io::Error },
    #[error("{host} did not answer within {} s", DEADLINE.as_secs())]
    Late { host: String },
    #[error("{host} broke off: {why}")]
    Broken { host: String, why: String },
    #[error("{host} answered {status}, which was not expected")]
    Unexpected { host: String, status: StatusCode },
}

/// Finds services by name and asks them.
#[derive(Debug)]
pub(crate) struct Finder {
    resolver: ServersResolver,
    port: u16,
    remembered: Mutex<HashMap<String, (Instant, Vec<IpAddr>)>>,
}

impl Finder {
    /// Asks `dns` for names; every service listens on `port`.
    pub(crate) fn new(dns: SocketAddr, port: u16) -> Self {
        Self { resolver: ServersResolver::new(vec![dns]), port, remembered: Mutex::default() }
    }

    /// One for each of these places, by code; places that ask the same server share it.
    pub(crate) fn by_place(
        names: &[(&'static Place, SocketAddr)],
        port: u16,
    ) -> HashMap<&'static str, Arc<Self>> {
        let mut servers: HashMap<SocketAddr, Arc<Self>> = HashMap::new();
        let mut finder = |server| {
            let known = servers.entry(server).or_insert_with(|| Arc::new(Self::new(server, port)));
            Arc::clone(known)
        };
        names.iter().map(|(place, server)| (place.code, finder(*server))).collect()
    }

    /// Where `host` is.
    pub(crate) async fn find(&self, host: &str) -> Result<SocketAddr, CallError> {
        let known = {
            let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            remembered.get(host).filter(|(at, _)| at.elapsed() < REMEMBERED).map(|(_, list)| list.clone())
        };
        let addresses = match known {
            Some(addresses) => addresses,
            None => {
                let addresses = self.resolver.lookup(host, LOOKUP_DEADLINE).await?.addresses;
                let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
                // Hosts are the few that the code names, so this stays small.
                remembered.insert(host.to_owned(), (Instant::now(), addresses.clone()));
                addresses
            }
        };
        let nothing =
            || CallError::Broken { host: host.to_owned(), why: "its name has no address".to_owned() };
        addresses.first().map(|address| SocketAddr::new(*address, self.port)).ok_or_else(nothing)
    }

    /// Asks `host`, found by name.
    pub(crate) async fn call(&self, host: &str, call: Call<'_>) -> Result<Answer, CallError> {
        let whole = async {
            let address = self.find(host).await?;
            exchange(address, &format!("{host}:{}", self.port), call).await
        };
        tokio::time::timeout(DEADLINE, whole)
            .await
            .unwrap_or_else(|_| Err(CallError::Late { host: host.to_owned() }))
    }

    /// Asks `host`, found by name, for an answer whose content comes piece by piece. The deadline is for the header.
    pub(crate) async fn open(&self, host: &str, call: Call<'_>) -> Result<Response<Incoming>, CallError> {
        let authority = format!("{host}:{}", self.port);
        let head = async {
            let address = self.find(host).await?;
            let (mut sender, connection) = connect(address, &authority).await?;
            // It ends when the content has come, or is dropped.
            tokio::spawn(connection);
            let broken = |why: &dyn std::fmt::Display| CallError::Broken {
                host: host.to_owned(),
                why: why.to_string(),
            };
            let request = request(&authority, call).map_err(|error| broken(&error))?;
            sender.send_request(request).await.map_err(|error| broken(&error))
        };
        tokio::time::timeout(DEADLINE, head)
            .await
            .unwrap_or_else(|_| Err(CallError::Late { host: host.to_owned() }))
    }
}

type Sender = hyper::client::conn::http1::SendRequest<Full<Bytes>>;
type Connection = hyper::client::conn::http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

async fn connect(address: SocketAddr, authority: &str) -> Result<(Sender, Connection), CallError> {
    let host = authority.to_owned();
    let stream = TcpStream::connect(address).await.map_err(|source| CallError::Connect {
        host: host.clone(),
        address,
        source,
    })?;
    let made = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    made.map_err(|error| CallError::Broken { host, why: error.to_string() })
}

/// One request and its answer, on a connection of its own; `authority` is what the `Host` field says.
/// Whoever calls this sets the deadline.
pub(crate) async fn exchange(
    address: SocketAddr,
    authority: &str,
    call: Call<'_>,
) -> Result<Answer, CallError> {
    let broken =
        |why: &dyn std::fmt::Display| CallError::Broken { host: authority.to_owned(), why: why.to_string() };
    let (mut sender, connection) = connect(address, authority).await?;
    // The set ends the connection when this function ends, however it ends.
    let mut driver = JoinSet::new();
    driver.spawn(connection);

    let request = request(authority, call).map_err(|error| broken(&error))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let status = response.status();
    let body =
        Limited::new(response.into_body(), ANSWER_MAX).collect().await.map_err(|error| broken(&error))?;
    Ok(Answer { status, body: body.to_bytes() })
}

fn request(authority: &str, call: Call<'_>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let mut request = Request::builder()
        .method(call.method)
        .uri(call.path)
        .header(header::HOST, authority)
        .header(header::ACCEPT, "application/json");
    if let Some(token) = call.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    match call.json {
        Some(json) => request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(json.to_string()))),
        None => request.body(Full::default()),
    }
}
