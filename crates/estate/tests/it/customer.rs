//! A customer: finds hosts through the estate's name server alone, one connection for each request.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use candor_estate::catalogue::Shelf;
use candor_estate::{Estate, PROBE_PASSWORD, PROBE_USER, Urls};
use candor_names::{LookupError, Resolver, ServersResolver};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Longer than any answer takes, the slow ones too.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a customer got no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The name does not exist.
    Nxdomain,
    /// The name server did not help in another way.
    Lookup(#[expect(dead_code, reason = "shown when a test fails")] LookupError),
    /// Nobody listens.
    Refused,
    /// Anything else.
    Broken(#[expect(dead_code, reason = "shown when a test fails")] String),
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Customer {
    resolver: ServersResolver,
    outside: ServersResolver,
    pub(crate) urls: Urls,
}

impl Customer {
    pub(crate) fn of(estate: &Estate) -> Self {
        Self::asking(estate, estate.dns_addr())
    }

    /// A customer who asks the name server of a place.
    pub(crate) fn at(estate: &Estate, place: &str) -> Self {
        Self::asking(estate, estate.dns_of(place))
    }

    fn asking(estate: &Estate, dns: SocketAddr) -> Self {
        let outside = ServersResolver::new(vec![estate.outside_dns()]);
        Self { resolver: ServersResolver::new(vec![dns]), outside, urls: estate.urls() }
    }

    pub(crate) async fn connect(&self, authority: &str) -> Result<TcpStream, Trouble> {
        let (host, port) = authority.rsplit_once(':').unwrap();
        let resolver = if host.ends_with(".outside.example") { &self.outside } else { &self.resolver };
        let found = resolver.lookup(host, PATIENCE).await.map_err(|error| match error {
            LookupError::Nxdomain { .. } => Trouble::Nxdomain,
            other => Trouble::Lookup(other),
        })?;
        let address = SocketAddr::new(found.addresses[0], port.parse().unwrap());
        TcpStream::connect(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => Trouble::Refused,
            _ => Trouble::Broken(error.to_string()),
        })
    }

    /// Sends a request to `http://HOST:PORT/PATH` and returns the answer with its body still to come.
    pub(crate) async fn open(
        &self,
        method: &str,
        url: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Result<Response<Incoming>, Trouble> {
        let rest = url.strip_prefix("http://").unwrap();
        let (authority, path) = rest.split_at(rest.find('/').unwrap());
        let broken = |error: hyper::Error| Trouble::Broken(error.to_string());
        let stream = self.connect(authority).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", authority);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        sender.send_request(request).await.map_err(broken)
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        url: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, Trouble> {
        let whole = async {
            let (parts, body) = self.open(method, url, fields, body).await?.into_parts();
            let body = body.collect().await.map_err(|error| Trouble::Broken(error.to_string()))?;
            Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body: body.to_bytes() })
        };
        tokio::time::timeout(PATIENCE, whole).await.unwrap()
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Reply, Trouble> {
        self.ask("GET", url, &[], "").await
    }

    pub(crate) async fn front(&self, place: &str) -> Result<Reply, Trouble> {
        self.get(&self.urls.storefront().replace("{place}", place)).await
    }

    pub(crate) async fn sign_in(&self) -> Result<Reply, Trouble> {
        let body = json!({ "user": PROBE_USER, "password": PROBE_PASSWORD }).to_string();
        self.ask("POST", &self.urls.sign_in(), &[("content-type", "application/json")], &body).await
    }

    pub(crate) async fn token(&self) -> String {
        self.sign_in().await.unwrap().json()["token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn orders(&self, place: &str) -> String {
        self.urls.orders().replace("{place}", place)
    }

    pub(crate) async fn order(
        &self,
        token: &str,
        place: &str,
        item: &str,
        key: &str,
    ) -> Result<Reply, Trouble> {
        let fields = [("content-type", "application/json"), ("authorization", &format!("Bearer {token}"))];
        let body = json!({ "item": item, "key": key }).to_string();
        self.ask("POST", &self.orders(place), &fields, &body).await
    }

    /// Opens an account and signs in; the token.
    pub(crate) async fn account(&self, user: &str) -> String {
        let id = self.urls.sign_in().replace("/sign-in", "");
        let (body, json) =
            (json!({ "user": user, "password": "correct horse" }), ("content-type", "application/json"));
        let opened = self.ask("POST", &format!("{id}/accounts"), &[json], &body.to_string()).await.unwrap();
        assert_eq!(opened.status, 201, "{}", opened.text());
        let signed_in = self.ask("POST", &self.urls.sign_in(), &[json], &body.to_string()).await.unwrap();
        signed_in.json()["token"].as_str().unwrap().to_owned()
    }

    /// Asks with a token; with a body, it is JSON.
    pub(crate) async fn with(
        &self,
        token: &str,
        method: &str,
        url: &str,
        body: Option<Value>,
    ) -> Result<Reply, Trouble> {
        let fields = [("content-type", "application/json"), ("authorization", &format!("Bearer {token}"))];
        self.ask(method, url, &fields, &body.map(|body| body.to_string()).unwrap_or_default()).await
    }

    /// A storefront's front page.
    pub(crate) fn store(&self, shelf: Shelf, place: &str) -> String {
        self.urls.storefront_of(shelf).replace("{place}", place)
    }

    /// Where a host is.
    pub(crate) async fn address(&self, host: &str) -> IpAddr {
        self.resolver.lookup(host, PATIENCE).await.unwrap().addresses[0]
    }

    /// Buys the probe item as an automatic customer does, from signing in on.
    pub(crate) async fn buy(&self, key: &str) -> Result<Reply, Trouble> {
        let signed_in = self.sign_in().await?;
        match signed_in.status {
            200 => {
                let token = signed_in.json()["token"].as_str().unwrap().to_owned();
                self.order(&token, "gb", "probe-item", key).await
            }
            _ => Ok(signed_in),
        }
    }
}
