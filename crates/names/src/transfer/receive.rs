//! The messages of a transfer read one by one, up to the zone that they make. No socket, no clock of its own.
//!
//! Failure policy: the first thing that is wrong ends it. Everything is bounded: bytes, records, and that each message
//! brings at least one record.

use std::sync::Arc;

use bytes::Bytes;
use domain::base::iana::{Class, Opcode};
use domain::base::message_builder::PushError;
use domain::base::name::{FlattenInto, ParsedName, ToName};
use domain::base::{Header, Message, MessageBuilder, ParsedRecord, Rtype, Ttl};
use domain::rdata::ZoneRecordData;
use domain::tsig::ClientSequence;

use super::TransferError;
use crate::name::Name;
use crate::record::Rcode;
use crate::tsig::{self, Key};
use crate::zone::{MAX_TTL, Rr, Zone, ZoneDiff, serial};

/// How much one transfer may be.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    bytes: usize,
    records: usize,
}

/// Some eight million records.
const BOUNDS: Bounds = Bounds { bytes: 512 * 1024 * 1024, records: 8_000_000 };

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
    bounds: Bounds,
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
    Steps(Rr, Vec<ZoneDiff>, Box<Step>),
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
    fn from(from: Rr) -> Box<Self> {
        Box::new(Self { from, removed: Vec::new(), to: None, added: Vec::new() })
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
        let receiver = Self {
            apex,
            base,
            asked,
            id,
            sequence,
            state,
            bounds: BOUNDS,
            bytes: 0,
            records: 0,
            first: true,
        };
        Ok((receiver, builder.finish()))
    }

    /// Takes the next message; says whether it was the last.
    pub(crate) fn take(&mut self, packet: Vec<u8>) -> Result<bool, TransferError> {
        self.bytes += packet.len();
        if self.bytes > self.bounds.bytes {
            return Err(TransferError::Large(self.bounds.bytes, "bytes"));
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
            if self.records > self.bounds.records {
                return Err(TransferError::Large(self.bounds.records, "records"));
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
    mut step: Box<Step>,
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
    let Step { from, removed, added, .. } = *step;
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
    // A TTL with its highest bit set counts as zero (RFC 2181, section 8).
    let ttl = if parsed.ttl().as_secs() > MAX_TTL { Ttl::ZERO } else { parsed.ttl() };
    Ok(Rr { owner, ttl, data })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(serial: u32, host: u8) -> Zone {
        let text =
            format!("$ORIGIN z.example.\n@ 60 SOA a b {serial} 2 3 4 5\n@ 60 NS a\na 60 A 192.0.2.{host}\n");
        Zone::parse(&text, None, "z").unwrap()
    }

    fn receiver(base: Option<Zone>) -> Receiver {
        let apex = zone(1, 1).apex().clone();
        Receiver::ask(&apex, base.map(Arc::new), true, None).unwrap().0
    }

    /// A message of these records in answer to what was asked.
    fn message(to: &Receiver, records: &[Rr]) -> Vec<u8> {
        let mut builder = MessageBuilder::new_vec();
        builder.header_mut().set_id(to.id);
        builder.header_mut().set_qr(true);
        let mut builder = builder.answer();
        for record in records {
            builder.push((&record.owner, Class::IN, record.ttl, &record.data)).unwrap();
        }
        builder.finish()
    }

    fn whole(zone: &Zone) -> Vec<Rr> {
        [zone.soa_rr()].into_iter().chain(zone.rest()).chain([zone.soa_rr()]).collect()
    }

    #[test]
    fn a_zone_comes_in_any_number_of_messages() {
        let records = whole(&zone(1, 7));
        for cut in 1..records.len() {
            let mut receiver = receiver(None);
            let parts = [message(&receiver, &records[..cut]), message(&receiver, &records[cut..])];
            let [first, last] = parts;
            assert!(!receiver.take(first).unwrap() && receiver.take(last).unwrap());
            assert_eq!(receiver.finish().unwrap(), (How::Axfr, Some(zone(1, 7))));
        }
    }

    #[test]
    fn a_ttl_with_its_highest_bit_set_is_zero() {
        let mut records = whole(&zone(1, 7));
        for record in &mut records {
            record.ttl = Ttl::from_secs(record.ttl.as_secs() | 1 << 31);
        }
        let mut receiver = receiver(None);
        assert!(receiver.take(message(&receiver, &records)).unwrap());
        let (_, zone) = receiver.finish().unwrap();
        let written = zone.unwrap().to_zone_file();
        assert!(Zone::parse(&written, None, "again").is_ok(), "{written}");
        assert!(
            written.contains("z.example. 0 IN SOA") && written.contains("a.z.example. 0 IN A"),
            "{written}"
        );
    }

    #[test]
    fn what_is_not_newer_is_not_taken() {
        for serial in [5, 4, 1] {
            let mut receiver = receiver(Some(zone(5, 1)));
            let packet = message(&receiver, &whole(&zone(serial, 9)));
            assert!(receiver.take(packet).unwrap());
            assert_eq!(receiver.finish().unwrap(), (How::Current, None));
        }
    }

    #[test]
    fn an_endless_transfer_ends_at_its_bounds() {
        let mut endless = receiver(None);
        endless.bounds = Bounds { bytes: 10_000, records: 1_000_000 };
        let first = message(&endless, &whole(&zone(1, 7))[..2]);
        let next = message(&endless, &whole(&zone(1, 7))[2..3]);
        endless.take(first).unwrap();
        let ended = (0..1000).find_map(|_| endless.take(next.clone()).err()).unwrap();
        assert_eq!(ended.to_string(), "it is larger than 10000 bytes");
        let mut many = receiver(None);
        many.bounds = Bounds { bytes: 1_000_000, records: 3 };
        let packet = message(&many, &whole(&zone(1, 7)));
        assert_eq!(many.take(packet).unwrap_err().to_string(), "it is larger than 3 records");
        let mut empty = receiver(None);
        let packet = message(&empty, &[]);
        assert_eq!(
            empty.take(packet).unwrap_err().to_string(),
            "it is malformed: a message without a record"
        );
    }

    #[test]
    fn what_ends_before_the_zone_does_is_no_zone() {
        let mut receiver = receiver(None);
        let packet = message(&receiver, &whole(&zone(1, 7))[..3]);
        assert!(!receiver.take(packet).unwrap());
        assert!(matches!(receiver.finish(), Err(TransferError::Short)));
    }

    proptest! {
        #[test]
        fn arbitrary_messages_never_panic(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..5)) {
            let mut receiver = receiver(Some(zone(1, 1)));
            let id = receiver.id.to_be_bytes();
            for mut packet in packets {
                for (at, byte) in id.into_iter().chain([0x84, 0, 0, 0]).enumerate() {
                    if let Some(place) = packet.get_mut(at) {
                        *place = byte;
                    }
                }
                if receiver.take(packet).is_err() {
                    break;
                }
            }
        }

        #[test]
        fn records_in_any_order_make_the_zone_sent_or_none(
            order in prop::collection::vec(0usize..8, 1..14), whole_first: bool,
        ) {
            let (old, new) = (zone(1, 1), zone(2, 2));
            let diff = old.diff(&new).unwrap();
            let pool: Vec<Rr> = [new.soa_rr(), old.soa_rr()].into_iter().chain(diff.removed).chain(diff.added).chain(new.rest()).collect();
            let mut list: Vec<Rr> = order.iter().map(|at| pool[at % pool.len()].clone()).collect();
            if whole_first {
                list.insert(0, new.soa_rr());
            }
            let mut receiver = receiver(Some(old));
            let packet = message(&receiver, &list);
            if let Ok(true) = receiver.take(packet)
                && let Ok((_, Some(zone))) = receiver.finish()
            {
                prop_assert_eq!(zone.serial(), 2, "nothing but the version announced");
            }
        }
    }
}
