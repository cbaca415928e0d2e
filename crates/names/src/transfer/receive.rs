//! The messages of a transfer read one by one, up to the zone that they make. No socket, no clock of its own.
//!
//! Failure policy: the first thing that is wrong ends it. Everything is bounded: bytes, records, and that each message
//! brings at least one record.

use std::sync::Arc;

use bytes::Bytes;
use domain::base::iana::{Class, Opcode};
use domain::base::message_builder::PushError;
use domain::base::name::{FlattenInto, ParsedName, ToName};
use domain::base::{Header, Message, MessageBuilder, ParsedRecord, Rtype};
use domain::rdata::ZoneRecordData;
use domain::tsig::ClientSequence;

use super::TransferError;
use crate::name::Name;
use crate::record::Rcode;
use crate::tsig::{self, Key};
use crate::zone::{Rr, Zone, ZoneDiff, serial};

/// Most bytes of one transfer.
const MAX_BYTES: usize = 512 * 1024 * 1024;
/// Most records of one transfer.
const MAX_RECORDS: usize = 8_000_000;

/// How a zone came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Not at all: what is here is current.
    Current,
    /// Whole.
    Axfr,
    /// As what changed.
    Ixfr,
}

/// One transfer on its way in.
#[derive(Debug)]
pub(crate) struct Receiver {
    apex: Name,
    /// The version here; what is not newer than it is not taken.
    base: Option<Arc<Zone>>,
    asked: Rtype,
    id: u16,
    sequence: Option<ClientSequence<Key>>,
    state: State,
    bytes: usize,
    records: usize,
    first: bool,
}

#[derive(Debug)]
enum State {
    Start,
    /// The SOA of the version that comes.
    First(Rr),
    Whole(Rr, Vec<Rr>),
    Steps(Rr, Vec<ZoneDiff>, Step),
    Current,
    WholeDone(Rr, Vec<Rr>),
    StepsDone(Vec<ZoneDiff>),
}

/// A difference on its way in; `to` once its first half has ended.
#[derive(Debug)]
struct Step {
    from: Rr,
    removed: Vec<Rr>,
    to: Option<Rr>,
    added: Vec<Rr>,
}

impl Step {
    fn from(from: Rr) -> Self {
        Self { from, removed: Vec::new(), to: None, added: Vec::new() }
    }
}

impl Receiver {
    /// The request, and what reads its answer. With `ixfr` and a base, what changed since then is asked for.
    pub(crate) fn ask(
        apex: &Name,
        base: Option<Arc<Zone>>,
        ixfr: bool,
        key: Option<&Key>,
    ) -> Result<(Self, Vec<u8>), PushError> {
        let asked = if ixfr && base.is_some() { Rtype::IXFR } else { Rtype::AXFR };
        let mut builder = MessageBuilder::new_vec();
        builder.header_mut().set_random_id();
        let id = builder.header().id();
        let mut builder = builder.question();
        builder.push((apex, asked))?;
        let mut builder = builder.authority();
        if let Some(base) = base.as_ref().filter(|_| asked == Rtype::IXFR) {
            let soa = base.soa_rr();
            builder.push((&soa.owner, Class::IN, soa.ttl, &soa.data))?;
        }
        let mut builder = builder.additional();
        let sequence = match key {
            Some(key) => Some(ClientSequence::request(key.clone(), &mut builder, tsig::now())?),
            None => None,
        };
        let (apex, state) = (apex.clone(), State::Start);
        let receiver = Self { apex, base, asked, id, sequence, state, bytes: 0, records: 0, first: true };
        Ok((receiver, builder.finish()))
    }

    /// Takes the next message; says whether it was the last.
    pub(crate) fn take(&mut self, packet: Vec<u8>) -> Result<bool, TransferError> {
        self.bytes += packet.len();
        if self.bytes > MAX_BYTES {
            return Err(TransferError::Large("512 MiB"));
        }
        let mut message =
            Message::from_octets(packet).map_err(|_| malformed("a message without its header"))?;
        if let Some(sequence) = &mut self.sequence {
            let held = sequence.answer(&mut message, tsig::now());
            held.map_err(|why| TransferError::Signature(why.to_string()))?;
        }
        self.look_at(message.header())?;
        let message = Message::from_octets(Bytes::from(message.into_octets()))
            .map_err(|_| malformed("a message without its header"))?;
        self.look_at_question(&message)?;
        self.first = false;
        self.take_answer(&message)?;
        if !self.is_done() {
            return Ok(false);
        }
        if let Some(sequence) = self.sequence.take() {
            sequence.done().map_err(|why| TransferError::Signature(why.to_string()))?;
        }
        Ok(true)
    }

    fn look_at(&self, header: Header) -> Result<(), TransferError> {
        if header.id() != self.id || !header.qr() || header.opcode() != Opcode::QUERY {
            return Err(malformed("a message that is no response to what was asked"));
        }
        match header.rcode().to_int() {
            0 if header.tc() => Err(malformed("a truncated message over TCP")),
            0 => Ok(()),
            rcode => Err(TransferError::Refused(Rcode(rcode.into()))),
        }
    }

    fn look_at_question(&self, message: &Message<Bytes>) -> Result<(), TransferError> {
        let fits = match message.header_counts().qdcount() {
            0 => !self.first,
            1 => message.first_question().is_some_and(|asked| {
                *asked.qname() == self.apex && asked.qtype() == self.asked && asked.qclass() == Class::IN
            }),
            _ => false,
        };
        // Some servers leave the question out of the first message too, which the id makes up for.
        if fits || message.header_counts().qdcount() == 0 {
            Ok(())
        } else {
            Err(malformed("another question"))
        }
    }

    fn take_answer(&mut self, message: &Message<Bytes>) -> Result<(), TransferError> {
        if message.header_counts().ancount() == 0 {
            return Err(malformed("a message without a record"));
        }
        let answer = message.answer().map_err(|why| malformed(&why.to_string()))?;
        let mut last: Option<Name> = None;
        for parsed in answer {
            let parsed = parsed.map_err(|why| malformed(&why.to_string()))?;
            // What follows says nothing new.
            if matches!(self.state, State::Current) {
                return Ok(());
            }
            if self.is_done() {
                return Err(malformed("records after the end"));
            }
            self.records += 1;
            if self.records > MAX_RECORDS {
                return Err(TransferError::Large("8 million records"));
            }
            let owner = match last.take().filter(|last| *last == parsed.owner()) {
                Some(same) => same,
                None => parsed.owner().to_name(),
            };
            last = Some(owner.clone());
            let record = record(&parsed, owner)?;
            self.step(record)?;
        }
        Ok(())
    }

    fn step(&mut self, record: Rr) -> Result<(), TransferError> {
        let soa = soa_serial(&record).filter(|_| record.owner == self.apex);
        let state = std::mem::replace(&mut self.state, State::Current);
        self.state = match (state, soa) {
            (State::Start, None) => return Err(malformed("it does not begin with the SOA of the zone")),
            (State::Start, Some(new)) => match &self.base {
                Some(base) if !serial::is_newer(new, base.serial()) => State::Current,
                _ => State::First(record),
            },
            (State::First(target), Some(old)) => {
                let base =
                    self.base.as_ref().filter(|base| base.serial() == old && self.asked == Rtype::IXFR);
                if base.is_none() {
                    return Err(malformed("a second SOA that is not that of the version here"));
                }
                State::Steps(target, Vec::new(), Step::from(record))
            }
            (State::First(target), None) => State::Whole(target, vec![record]),
            (State::Whole(target, mut list), None) => {
                list.push(record);
                State::Whole(target, list)
            }
            (State::Whole(target, list), Some(last)) if soa_serial(&target) == Some(last) => {
                State::WholeDone(target, list)
            }
            (State::Whole(..), Some(_)) => {
                return Err(malformed("it ends with another SOA than it began with"));
            }
            (State::Steps(target, steps, step), soa) => next_step(target, steps, step, record, soa)?,
            (State::Current | State::WholeDone(..) | State::StepsDone(..), _) => {
                return Err(malformed("records after the end"));
            }
        };
        Ok(())
    }

    fn is_done(&self) -> bool {
        matches!(self.state, State::Current | State::WholeDone(..) | State::StepsDone(..))
    }

    /// The zone that came; nothing where the one here is current. Takes its time where it is large.
    pub(crate) fn finish(self) -> Result<(How, Option<Zone>), TransferError> {
        match self.state {
            State::Current => Ok((How::Current, None)),
            State::WholeDone(soa, records) => {
                let zone = Zone::of_records(soa, records).map_err(TransferError::NoZone)?;
                Ok((How::Axfr, Some(zone)))
            }
            State::StepsDone(steps) => {
                let base = self.base.ok_or(TransferError::Short)?;
                let zone =
                    base.apply_received(&steps).map_err(|why| TransferError::NoZone(why.to_string()))?;
                Ok((How::Ixfr, Some(zone)))
            }
            _ => Err(TransferError::Short),
        }
    }
}

fn next_step(
    target: Rr,
    mut steps: Vec<ZoneDiff>,
    mut step: Step,
    record: Rr,
    soa: Option<u32>,
) -> Result<State, TransferError> {
    let Some(found) = soa else {
        let half = if step.to.is_some() { &mut step.added } else { &mut step.removed };
        half.push(record);
        return Ok(State::Steps(target, steps, step));
    };
    let Some(to) = step.to.take() else {
        if soa_serial(&step.from).is_some_and(|from| !serial::is_newer(found, from)) {
            return Err(malformed("a difference that leads back"));
        }
        step.to = Some(record);
        return Ok(State::Steps(target, steps, step));
    };
    if soa_serial(&to) != Some(found) {
        return Err(malformed("differences that do not follow on each other"));
    }
    let last = soa_serial(&target) == Some(found);
    let Step { from, removed, added, .. } = step;
    steps.push(ZoneDiff { from, to, removed, added });
    Ok(if last { State::StepsDone(steps) } else { State::Steps(target, steps, Step::from(record)) })
}

fn record(parsed: &ParsedRecord<'_, Bytes>, owner: Name) -> Result<Rr, TransferError> {
    let unreadable =
        |why: String| malformed(&format!("{} {}: {why}", crate::name::show(&owner), parsed.rtype()));
    if parsed.class() != Class::IN {
        return Err(unreadable("its class is not IN".to_owned()));
    }
    let typed = parsed
        .to_record::<ZoneRecordData<Bytes, ParsedName<Bytes>>>()
        .map_err(|why| unreadable(why.to_string()))?
        .ok_or_else(|| unreadable("it is not a type of records".to_owned()))?;
    let data = match typed.into_data().try_flatten_into() {
        Ok(data) => data,
        Err(never) => match never {},
    };
    Ok(Rr { owner, ttl: parsed.ttl(), data })
}

fn soa_serial(record: &Rr) -> Option<u32> {
    match &record.data {
        ZoneRecordData::Soa(soa) => Some(soa.serial().into_int()),
        _ => None,
    }
}

fn malformed(why: &str) -> TransferError {
    TransferError::Malformed(why.to_owned())
}
