//! One question to one server, every field of the answer kept.
//!
//! Every UDP query has a socket, a port and an id of its own (RFC 5452); a reply that does not match id and question
//! is ignored and counted, never believed, and beyond a bound the question goes over TCP. One deadline bounds all of it.

mod bogus;
mod tcp;
mod udp;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

pub use self::bogus::fails_validation;
use self::udp::Ignored;
use crate::question::Question;
use crate::record::{Flags, Rcode, Record};
use crate::wire::{QueryShape, Response};
use crate::zone::ZoneAnswer;

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
    /// Set CD: take data that fails validation too (RFC 4035, section 3.2.2).
    pub checking_disabled: bool,
    /// How the question may travel.
    pub transport: Transport,
    /// The UDP size offered by EDNS, at most 4096; 0 sends no EDNS at all.
    pub edns_size: u16,
    /// Ask once more over UDP when half of the deadline went by in silence; the exchange says so.
    pub retry: bool,
}

impl Default for AskOptions {
    /// Five seconds, RD, no DO, no CD, UDP then TCP, 1232 bytes (DNS flag day 2020), one retry.
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            recursion_desired: true,
            dnssec_ok: false,
            checking_disabled: false,
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
    /// The message itself, where DNSSEC records were asked for: signatures are over bytes.
    pub(crate) message: Option<Bytes>,
}

impl Exchange {
    /// What a server that has the zone in memory says.
    pub(crate) fn of_zone(server: SocketAddr, question: &Question, said: ZoneAnswer) -> Self {
        Self {
            server,
            transport: TransportUsed::Udp,
            rcode: said.rcode,
            flags: Flags { aa: said.aa, ..Flags::default() },
            question: question.clone(),
            answer: said.answer,
            authority: said.authority,
            additional: said.additional,
            took: Duration::ZERO,
            retried: false,
            ignored: 0,
            size: 0,
            ede: None,
            message: None,
        }
    }
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
    /// The answer over UDP is cut, and TCP did not bring the whole of it.
    #[error("{server} cut its answer short, and over TCP: {source}")]
    Truncated {
        /// The server asked.
        server: SocketAddr,
        /// What came of TCP.
        source: Box<AskError>,
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
    let asking = Asking { server, question, options, begun, ignored: Ignored::default() };
    let (reply, transport, retried) = asking.exchange().await?;
    let Reply { response, size, message } = reply;
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
        ignored: asking.ignored.count(),
        size,
        ede: response.ede,
        message,
    })
}

/// A packet as the answer to a question, whatever its id: for fuzzing.
#[cfg(fuzzing)]
pub(crate) fn exchange_of(packet: &[u8], question: &Question) -> Option<Exchange> {
    let id = u16::from_be_bytes([*packet.first()?, *packet.get(1)?]);
    let response = crate::wire::response(packet, true, id, question).ok()?;
    let said = ZoneAnswer {
        rcode: response.rcode,
        aa: response.flags.aa,
        answer: response.answer,
        authority: response.authority,
        additional: response.additional,
    };
    let exchange = Exchange::of_zone(SocketAddr::from(([127, 0, 0, 1], 53)), question, said);
    Some(Exchange { message: Some(Bytes::copy_from_slice(packet)), ..exchange })
}

/// A matching response and its size in bytes.
struct Reply {
    response: Response,
    size: usize,
    message: Option<Bytes>,
}

/// One question on its way.
struct Asking<'a> {
    server: SocketAddr,
    question: &'a Question,
    options: &'a AskOptions,
    begun: Instant,
    ignored: Ignored,
}

impl Asking<'_> {
    async fn exchange(&self) -> Result<(Reply, TransportUsed, bool), AskError> {
        if self.options.transport == Transport::Tcp {
            return Ok((self.over_tcp().await?, TransportUsed::Tcp, false));
        }
        let truncated = |source| AskError::Truncated { server: self.server, source: Box::new(source) };
        match self.over_udp().await {
            Ok((reply, again)) if !reply.response.flags.tc || self.options.transport == Transport::Udp => {
                Ok((reply, TransportUsed::Udp, again))
            }
            Ok((_, again)) => Ok((self.over_tcp().await.map_err(truncated)?, TransportUsed::Tcp, again)),
            // Who floods guesses; into a connection nobody can guess his way.
            Err(flooded @ AskError::Mismatched { .. }) if self.options.transport == Transport::UdpThenTcp => {
                let reply = self.over_tcp().await.map_err(|_| flooded)?;
                Ok((reply, TransportUsed::Tcp, false))
            }
            Err(other) => Err(other),
        }
    }

    async fn over_tcp(&self) -> Result<Reply, AskError> {
        timeout_at(self.after(self.options.deadline), tcp::attempt(self))
            .await
            .unwrap_or_else(|_| Err(self.silence()))
    }

    /// Sends again after half of the deadline, and goes on listening for the answer to the first question.
    async fn over_udp(&self) -> Result<(Reply, bool), AskError> {
        let end = self.after(self.options.deadline);
        let mut first = pin!(udp::send(self)?.reply(self));
        if !self.options.retry {
            let reply = timeout_at(end, first).await.unwrap_or_else(|_| Err(self.silence()))?;
            return Ok((reply, false));
        }
        if let Ok(done) = timeout_at(self.after(self.options.deadline / 2), &mut first).await {
            return Ok((done?, false));
        }
        let second = udp::send(self)?.reply(self);
        let either = async {
            tokio::select! {
                done = first => done,
                done = second => done,
            }
        };
        let reply = timeout_at(end, either).await.unwrap_or_else(|_| Err(self.silence()))?;
        Ok((reply, true))
    }

    /// A moment after the beginning; a deadline beyond all clocks is a day.
    fn after(&self, time: Duration) -> Instant {
        self.begun.checked_add(time).unwrap_or_else(|| self.begun + DAY)
    }

    /// The fault of a deadline that went by.
    fn silence(&self) -> AskError {
        match self.ignored.fault(self.server) {
            Some(mismatched) => mismatched,
            None => AskError::Timeout { server: self.server, deadline: self.options.deadline },
        }
    }
}

/// What stands for a deadline that no clock can hold.
const DAY: Duration = Duration::from_secs(86_400);

fn shape(options: &AskOptions) -> QueryShape {
    QueryShape {
        recursion_desired: options.recursion_desired,
        dnssec_ok: options.dnssec_ok,
        checking_disabled: options.checking_disabled,
        edns_size: options.edns_size.min(udp::MAX_DATAGRAM),
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
