//! One question to one server, every field of the answer kept.
//!
//! Every UDP query has a socket, a port and an id of its own (RFC 5452); a reply that does not match id and question
//! is ignored and counted, never believed. One deadline bounds all of it.

mod tcp;
mod udp;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use self::udp::Ignored;
use crate::question::Question;
use crate::record::{Flags, Rcode, Record};
use crate::wire::{QueryShape, Response};

/// How a question may travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// UDP, then TCP when the answer is truncated (RFC 7766, section 5).
    UdpThenTcp,
    /// UDP alone; a truncated answer is kept as it is.
    Udp,
    /// TCP alone.
    Tcp,
}

/// How an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportUsed {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

/// How to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskOptions {
    /// Bound on the whole exchange, retry and TCP included.
    pub deadline: Duration,
    /// Set RD.
    pub recursion_desired: bool,
    /// Set DO: ask for DNSSEC records (RFC 3225).
    pub dnssec_ok: bool,
    /// How the question may travel.
    pub transport: Transport,
    /// The UDP size offered by EDNS; 0 sends no EDNS at all.
    pub edns_size: u16,
    /// Ask once more over UDP when half of the deadline went by in silence; the exchange says so.
    pub retry: bool,
}

impl Default for AskOptions {
    /// Five seconds, RD, no DO, UDP then TCP, 1232 bytes (DNS flag day 2020), one retry.
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            recursion_desired: true,
            dnssec_ok: false,
            transport: Transport::UdpThenTcp,
            edns_size: 1232,
            retry: true,
        }
    }
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The server that answered.
    pub server: SocketAddr,
    /// How the answer came.
    pub transport: TransportUsed,
    /// Response code, extended bits included.
    pub rcode: Rcode,
    /// Header flags.
    pub flags: Flags,
    /// What was asked.
    pub question: Question,
    /// Answer section.
    pub answer: Vec<Record>,
    /// Authority section.
    pub authority: Vec<Record>,
    /// Additional section, without OPT.
    pub additional: Vec<Record>,
    /// From the first byte sent to the whole answer.
    pub took: Duration,
    /// Whether the question had to be sent twice.
    pub retried: bool,
    /// Replies that came but did not match the question.
    pub ignored: u32,
    /// Size of the answer in bytes.
    pub size: usize,
    /// Extended DNS error (RFC 8914): code and text.
    pub ede: Option<(u16, String)>,
}

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Silence.
    #[error("{server} did not answer within {} ms", deadline.as_millis())]
    Timeout {
        /// The server asked.
        server: SocketAddr,
        /// How long it had.
        deadline: Duration,
    },
    /// The host answers that nobody listens on the port.
    #[error("{server} refuses connections: nobody listens there")]
    Refused {
        /// The server asked.
        server: SocketAddr,
    },
    /// No way to the server, or the connection broke.
    #[error("{server} cannot be reached: {why}")]
    Unreachable {
        /// The server asked.
        server: SocketAddr,
        /// What the network said.
        why: String,
    },
    /// The answer is not a DNS message, or breaks a bound.
    #[error("{server} sent an answer that cannot be read: {why}")]
    Malformed {
        /// The server asked.
        server: SocketAddr,
        /// What is wrong with the message.
        why: String,
    },
    /// Replies came, none to the question that was asked: another id or another question.
    #[error("{server} sent {ignored} replies, none to the question asked: {why}")]
    Mismatched {
        /// The server asked.
        server: SocketAddr,
        /// How many replies were ignored.
        ignored: u32,
        /// What did not match in the first of them.
        why: String,
    },
    /// We could not ask: no file descriptors, no permission.
    #[error("the question to {server} could not be sent from here: {source}")]
    Unable {
        /// The server asked.
        server: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Asks `server` one question.
///
/// # Errors
/// When no answer to this question came before the deadline; see [`AskError`] for the kinds. An answer that
/// reports an error (NXDOMAIN, SERVFAIL) is an [`Exchange`], not an error.
pub async fn ask(
    server: SocketAddr,
    question: &Question,
    options: &AskOptions,
) -> Result<Exchange, AskError> {
    let begun = Instant::now();
    let ignored = Ignored::default();
    let outcome = timeout(options.deadline, exchange(server, question, options, &ignored)).await;
    let (seen, why) = ignored.seen();
    let (reply, transport, retried) = match outcome {
        Ok(done) => done?,
        Err(_) if seen > 0 => return Err(AskError::Mismatched { server, ignored: seen, why }),
        Err(_) => return Err(AskError::Timeout { server, deadline: options.deadline }),
    };
    let Reply { response, size } = reply;
    Ok(Exchange {
        server,
        transport,
        rcode: response.rcode,
        flags: response.flags,
        question: question.clone(),
        answer: response.answer,
        authority: response.authority,
        additional: response.additional,
        took: begun.elapsed(),
        retried,
        ignored: seen,
        size,
        ede: response.ede,
    })
}

/// A matching response and its size in bytes.
struct Reply {
    response: Response,
    size: usize,
}

async fn exchange(
    server: SocketAddr,
    question: &Question,
    options: &AskOptions,
    ignored: &Ignored,
) -> Result<(Reply, TransportUsed, bool), AskError> {
    let mut retried = false;
    if options.transport != Transport::Tcp {
        let (reply, again) = over_udp(server, question, options, ignored).await?;
        retried = again;
        if !reply.response.flags.tc || options.transport == Transport::Udp {
            return Ok((reply, TransportUsed::Udp, retried));
        }
    }
    let reply = tcp::attempt(server, question, options).await?;
    Ok((reply, TransportUsed::Tcp, retried))
}

/// Sends again after half of the deadline, and goes on listening for the answer to the first question.
async fn over_udp(
    server: SocketAddr,
    question: &Question,
    options: &AskOptions,
    ignored: &Ignored,
) -> Result<(Reply, bool), AskError> {
    let mut first = pin!(udp::attempt(server, question, options, ignored));
    if !options.retry {
        return Ok((first.await?, false));
    }
    if let Ok(done) = timeout(options.deadline / 2, &mut first).await {
        return Ok((done?, false));
    }
    let second = pin!(udp::attempt(server, question, options, ignored));
    let reply = tokio::select! {
        done = first => done?,
        done = second => done?,
    };
    Ok((reply, true))
}

fn shape(options: &AskOptions) -> QueryShape {
    QueryShape {
        recursion_desired: options.recursion_desired,
        dnssec_ok: options.dnssec_ok,
        edns_size: options.edns_size,
    }
}

/// Sorts what the system says by who must act.
fn failed(server: SocketAddr, source: io::Error) -> AskError {
    match source.kind() {
        ErrorKind::ConnectionRefused => AskError::Refused { server },
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::TimedOut
        | ErrorKind::UnexpectedEof => AskError::Unreachable { server, why: source.to_string() },
        _ => AskError::Unable { server, source },
    }
}
