//! The kinds of step, as data. What they do lives in `probe`, one file a kind.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use serde::Serialize;

use crate::template::{Secret, Template};

/// A step of a journey.
#[expect(clippy::large_enum_variant, reason = "a plan holds each step once, behind an `Arc`; most are HTTP")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// An HTTP request, its redirects, and what the answer must be (RFC 9110).
    Http(HttpStep),
    /// A DNS question (RFC 1034, 1035).
    Dns(DnsStep),
    /// A TCP connection, with TLS over it where demanded.
    Tcp(TcpStep),
    /// A TLS handshake and the certificate shown.
    Tls(TlsStep),
    /// An SMTP greeting, STARTTLS and sign-in (RFC 5321, 3207, 4954).
    Smtp(SmtpStep),
    /// An ICMP echo (RFC 792, 4443).
    Ping(PingStep),
}

impl Step {
    /// The verb as written in config and reports: `get`, `dns`, `smtp`.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Http(step) => step.method.verb(),
            Self::Dns(_) => "dns",
            Self::Tcp(_) => "tcp",
            Self::Tls(_) => "tls",
            Self::Smtp(_) => "smtp",
            Self::Ping(_) => "ping",
        }
    }
}

/// The request methods that journeys use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

impl Method {
    /// As written in config.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::Post => "post",
            Self::Put => "put",
            Self::Delete => "delete",
        }
    }

    /// Whether it is meant to leave traces (RFC 9110, section 9.2.1: the others are safe).
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Delete)
    }
}

/// An HTTP request and what its answer must be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HttpStep {
    /// The method.
    pub method: Method,
    /// What is asked.
    pub target: Target,
    /// Header fields, besides `host`, `user-agent`, `accept-encoding` and what the body needs.
    pub headers: Vec<(String, Template)>,
    /// The content sent.
    pub body: Body,
    /// Redirects followed at most; 0 judges the redirect itself.
    pub redirects: u8,
    /// The protocol version.
    pub version: HttpVersion,
    /// Who is trusted, and who we are.
    pub tls: TlsClient,
    /// A proxy between, if any.
    pub proxy: Option<Proxy>,
    /// Body bytes read at most; a longer body is cut, judged as cut, and never kept.
    pub body_max: u64,
    /// What the answer must be.
    pub expect: HttpExpect,
    /// What later steps take from it.
    pub captures: Vec<Capture>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A URL.
    Url(Template),
    /// The `href` of the first element that a CSS selector matches in the last page read.
    FirstLink(String),
}

/// The content sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// None.
    Empty,
    /// As it stands; the media type is the user's to set.
    Text(Template),
    /// `application/json`
    Json(JsonTemplate),
    /// `application/x-www-form-urlencoded`
    Form(Vec<(String, Template)>),
}

/// JSON whose strings may have holes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum JsonTemplate {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// A whole number
    Int(i64),
    /// Any other number
    Float(f64),
    /// A string
    Text(Template),
    /// An array
    Array(Vec<Self>),
    /// An object, in the order written
    Object(Vec<(String, Self)>),
}

/// The HTTP version spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpVersion {
    /// HTTP/2 where TLS offers it (ALPN), else HTTP/1.1.
    Auto,
    /// HTTP/1.1 (RFC 9112).
    Http1,
    /// HTTP/2 (RFC 9113), with prior knowledge where there is no TLS.
    Http2,
}

/// Who is trusted, and who we are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TlsClient {
    /// Certificates (PEM) trusted besides the system's.
    pub ca_pem: Vec<Arc<str>>,
    /// Our certificate chain (PEM), if the server asks for one.
    pub cert_pem: Option<String>,
    /// Its key (PEM).
    pub key_pem: Option<Secret>,
}

/// An HTTP proxy: CONNECT for https, absolute-form for http (RFC 9110, section 9.3.6; RFC 9112, section 3.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proxy {
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `Proxy-Authorization`, if it wants one: user and password.
    pub sign_in: Option<(String, Secret)>,
}

/// What an HTTP answer must be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HttpExpect {
    /// Status codes that pass; any of these.
    pub status: Vec<StatusRange>,
    /// Texts that must be there; all of them.
    pub text: Vec<Template>,
    /// Texts that must not be there; with a status that passes, they make an apology page.
    pub not_text: Vec<Template>,
    /// JSON paths (RFC 9535) and what stands there.
    pub json: Vec<(String, JsonMatch)>,
    /// Header fields and what they hold.
    pub headers: Vec<(String, TextMatch)>,
    /// The length of the content, after content coding is undone.
    pub size: Option<SizeMatch>,
    /// SHA-256 of the content, in lower-case hex.
    pub sha256: Option<String>,
    /// How long the step may take before it is a failure.
    pub within: Option<Duration>,
    /// Slowest transfer of the content, in bytes a second.
    pub rate: Option<u64>,
    /// Longest time without a byte of content.
    pub stall: Duration,
}

/// Status codes from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StatusRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

/// What stands at a JSON path.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonMatch {
    /// Anything at all.
    Exists,
    /// This value.
    Equals(JsonTemplate),
    /// A number of at least this.
    AtLeast(f64),
    /// A number of at most this.
    AtMost(f64),
    /// A string that this pattern matches.
    Matches(String),
}

/// What a text must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextMatch {
    /// There at all.
    Exists,
    /// Holds this.
    Contains(Template),
    /// Is this.
    Equals(Template),
    /// This pattern matches.
    Matches(String),
}

/// A length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SizeMatch {
    /// At least so many bytes.
    pub min: u64,
    /// At most so many bytes.
    pub max: u64,
}

/// What later steps take from an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capture {
    /// The hole it fills.
    pub name: String,
    /// Where it is found.
    pub from: CaptureFrom,
}

/// Where a captured value is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureFrom {
    /// A JSON path (RFC 9535).
    Json(String),
    /// A CSS selector; the text of the element, or an attribute of it.
    Css {
        /// The selector.
        selector: String,
        /// The attribute, if not the text.
        attribute: Option<String>,
    },
    /// A header field.
    Header(String),
    /// A pattern on the content; its first group, or the whole match.
    Regex(String),
}

/// A DNS question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnsStep {
    /// The name asked for.
    pub name: Template,
    /// The record type by its mnemonic: `A`, `MX`, `TYPE65`.
    pub rtype: String,
    /// Servers asked; empty for those of the step's resolver.
    pub servers: Vec<SocketAddr>,
    /// What the answer must be.
    pub expect: DnsExpect,
}

/// What a DNS answer must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnsExpect {
    /// The response code by its mnemonic: `NOERROR`, `NXDOMAIN`.
    pub rcode: String,
    /// The data of the answer in presentation form, as a set; `None` for any answer that is not empty.
    pub answer: Option<Vec<Template>>,
    /// Header flags that must be set.
    pub flags: Vec<Flag>,
    /// Whether every authoritative server must give the same answer.
    pub authorities_agree: bool,
    /// How long the step may take before it is a failure.
    pub within: Option<Duration>,
}

/// A flag of the DNS header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Authoritative answer.
    Aa,
    /// Authentic data (RFC 4035).
    Ad,
    /// Recursion available.
    Ra,
    /// Truncated.
    Tc,
}

/// A TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TcpStep {
    /// Host name or address.
    pub host: Template,
    /// Port.
    pub port: u16,
    /// TLS over it, if demanded.
    pub tls: Option<TlsExpect>,
    /// How long the step may take before it is a failure.
    pub within: Option<Duration>,
}

/// A TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TlsStep {
    /// Host name or address.
    pub host: Template,
    /// Port.
    pub port: u16,
    /// What the certificate must be.
    pub expect: TlsExpect,
    /// Who is trusted, and who we are.
    pub client: TlsClient,
}

/// What a certificate must be. It is always valid now, for the name, and vouched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TlsExpect {
    /// How long every certificate of the chain must still be good.
    pub expires_in: Duration,
    /// The name asked for and demanded, if not the host.
    pub name: Option<Template>,
}

/// An SMTP dialogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SmtpStep {
    /// Host name or address.
    pub host: Template,
    /// Port.
    pub port: u16,
    /// Whether and how TLS is used.
    pub starttls: StartTls,
    /// Who is trusted.
    pub client: TlsClient,
    /// What the certificate must be, where TLS is used.
    pub tls: TlsExpect,
    /// User and password for AUTH PLAIN, if the step signs in. Never sent in the clear.
    pub sign_in: Option<(Template, Template)>,
    /// How long the step may take before it is a failure.
    pub within: Option<Duration>,
}

/// How an SMTP dialogue gets its TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StartTls {
    /// Not at all.
    Never,
    /// Where it is offered.
    Offered,
    /// It must be offered, and work.
    Required,
    /// From the first byte (RFC 8314).
    Implicit,
}

/// An ICMP echo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PingStep {
    /// Host name or address.
    pub host: Template,
    /// How long the answer may take before it is a failure.
    pub within: Option<Duration>,
}
