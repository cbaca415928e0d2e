//! Zones that leave: whole (AXFR, RFC 5936), or as what changed (IXFR, RFC 1995).
//!
//! Failure policy: refused to all that are not allowed, before anything of the zone is said. A client that does not take its
//! messages in time is cut. Absent: zones over UDP beyond one message; there the SOA alone says "come over TCP".

use std::iter::Peekable;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::base::Rtype;
use domain::base::iana::{Class, OptRcode, Rcode as WireRcode};
use domain::tsig::ServerSequence;
use tokio::io::{self, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::compose;
use super::desk::Desk;
use super::metrics::Sent;
use super::reply::{Reply, Via, limit};
use super::request::Request;
use crate::store::Versions;
use crate::tsig::Key;
use crate::zone::{Answer, Given, Rr, ZoneDiff, serial};

/// A message is closed when it has so many bytes: names are compressed by pointers that reach no farther.
const MESSAGE: usize = 16 * 1024;
/// How long a client may take for one message.
const SLOWEST_MESSAGE: Duration = Duration::from_secs(10);
/// How long a whole transfer may take.
const SLOWEST: Duration = Duration::from_secs(600);

/// A transfer that may begin.
#[derive(Debug)]
pub(super) struct Outgoing {
    request: Request,
    versions: Arc<Versions>,
    /// The serial that the client has, where what changed since then is sent.
    since: Option<u32>,
}

/// Decides about a request for a zone.
pub(super) fn begin(desk: &Desk, request: Request, client: SocketAddr, via: Via) -> Reply {
    let error = |rcode| compose::error(&request, rcode, None).into();
    let Some((question, _)) = &request.question else { return error(OptRcode::FORMERR) };
    let (name, rtype) = (question.wire_name(), question.wire_type());
    // Over UDP a zone has no meaning (RFC 5936, section 4.2).
    if (rtype == Rtype::AXFR && via == Via::Udp) || !desk.may_transfer(&request, client) {
        desk.metrics.sent(Sent::Refused);
        return error(OptRcode::REFUSED);
    }
    let versions = match desk.catalog.now().get(name).map(|entry| entry.served().map(Arc::clone)) {
        None => return error(OptRcode::NOTAUTH),
        Some(None) => return error(OptRcode::SERVFAIL),
        Some(Some(versions)) => versions,
    };
    let had = request.serial.filter(|_| rtype == Rtype::IXFR);
    // A client that is not behind is told so (RFC 1995, section 2).
    if had.is_some_and(|had| !serial::is_newer(versions.zone.serial(), had)) {
        desk.metrics.sent(Sent::Current);
        return alone(&request, &versions, via).into();
    }
    let since = had.filter(|had| versions.since(*had).is_some());
    if via == Via::Udp {
        return over_udp(&request, &versions, since).into();
    }
    desk.metrics.sent(if since.is_some() { Sent::Ixfr } else { Sent::Axfr });
    Reply::Transfer(Box::new(Outgoing { request, versions, since }))
}

/// The SOA of the newest version alone.
fn alone(request: &Request, versions: &Versions, via: Via) -> Option<Vec<u8>> {
    let found = Answer { aa: true, answer: vec![versions.zone.soa_rr().into()], ..Answer::default() };
    compose::whole(request, &found, limit(request, via)).ok()
}

/// What changed, if one message holds it.
fn over_udp(request: &Request, versions: &Versions, since: Option<u32>) -> Option<Vec<u8>> {
    let steps = since.and_then(|serial| versions.since(serial));
    // A record has eleven bytes at least.
    let limit = limit(request, Via::Udp);
    let fits = |steps: &&[Arc<ZoneDiff>]| steps.iter().map(|step| step.len() + 2).sum::<usize>() < limit / 11;
    if let Some(steps) = steps.filter(fits) {
        let found = Answer {
            aa: true,
            answer: changes(versions, steps).map(Given::from).collect(),
            ..Answer::default()
        };
        if let Ok(bytes) = compose::whole(request, &found, limit) {
            return Some(bytes);
        }
    }
    alone(request, versions, Via::Udp)
}

/// The records of an IXFR: the newest SOA around pairs of old and new (RFC 1995, section 4).
fn changes<'v>(versions: &'v Versions, steps: &'v [Arc<ZoneDiff>]) -> impl Iterator<Item = Rr> + Send + 'v {
    let soa = versions.zone.soa_rr();
    let around = soa.clone();
    let steps = steps.iter().flat_map(|step| {
        let gone = std::iter::once(&step.from).chain(&step.removed);
        gone.chain(std::iter::once(&step.to)).chain(&step.added).cloned()
    });
    std::iter::once(soa).chain(steps).chain(std::iter::once(around))
}

impl Outgoing {
    fn records(&self) -> Box<dyn Iterator<Item = Rr> + Send + '_> {
        let zone = &self.versions.zone;
        match self.since.and_then(|serial| self.versions.since(serial)) {
            Some(steps) => Box::new(changes(&self.versions, steps)),
            None => {
                let soa = std::iter::once(zone.soa_rr());
                Box::new(soa.clone().chain(zone.rest()).chain(soa))
            }
        }
    }

    pub(super) fn messages(&self) -> Messages<'_> {
        let sequence = self.request.signed.clone().map(ServerSequence::from);
        Messages { request: &self.request, records: self.records().peekable(), sequence, first: true }
    }

    /// Sends all messages, each with its length before it.
    pub(super) async fn send(&self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let all = async {
            for message in self.messages() {
                let message = message.ok_or_else(|| io::Error::other("a record that no message holds"))?;
                let length = u16::try_from(message.len()).map_err(io::Error::other)?;
                let mut framed = length.to_be_bytes().to_vec();
                framed.extend_from_slice(&message);
                timeout(SLOWEST_MESSAGE, stream.write_all(&framed)).await??;
            }
            Ok(())
        };
        timeout(SLOWEST, all).await?
    }
}

/// The messages of a transfer, made one by one.
pub(super) struct Messages<'a> {
    request: &'a Request,
    records: Peekable<Box<dyn Iterator<Item = Rr> + Send + 'a>>,
    sequence: Option<ServerSequence<Key>>,
    first: bool,
}

impl Iterator for Messages<'_> {
    /// Nothing where a record does not fit a message.
    type Item = Option<Vec<u8>>;

    fn next(&mut self) -> Option<Option<Vec<u8>>> {
        self.records.peek()?;
        let message = self.message();
        if message.is_none() {
            self.records = (Box::new(std::iter::empty()) as Box<dyn Iterator<Item = Rr> + Send>).peekable();
        }
        Some(message)
    }
}

impl Messages<'_> {
    fn message(&mut self) -> Option<Vec<u8>> {
        let mut builder = compose::start(self.request, WireRcode::NOERROR)?;
        builder.header_mut().set_aa(true);
        builder.set_push_limit(usize::from(u16::MAX).saturating_sub(compose::reserved(self.request)));
        let mut builder = builder.question();
        // Later messages need not repeat the question (RFC 5936, section 2.2.1).
        if self.first {
            compose::ask_again(self.request, &mut builder).ok()?;
        }
        self.first = false;
        let mut builder = builder.answer();
        let mut empty = true;
        while let Some(record) = self.records.peek() {
            if builder.as_slice().len() >= MESSAGE {
                break;
            }
            match builder.push((&record.owner, Class::IN, record.ttl, &record.data)) {
                Ok(()) => drop(self.records.next()),
                Err(_) if empty => return None,
                Err(_) => break,
            }
            empty = false;
        }
        compose::seal_one_of_many(self.request, builder.additional(), self.sequence.as_mut()).ok()
    }
}
