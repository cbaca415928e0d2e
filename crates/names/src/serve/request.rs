//! A request read whole, or not at all. RFC 1035, section 4; RFC 6891; RFC 1995, section 3; RFC 1996.

use bytes::Bytes;
use domain::base::iana::{Class, Opcode};
use domain::base::message::RecordSection;
use domain::base::name::{ParsedName, ToName};
use domain::base::opt::{Opt, OptRecord};
use domain::base::{Header, Message, Rtype};
use domain::rdata::Soa;

use crate::name::Name;
use crate::question::Question;
use crate::tsig::Signed;

/// What EDNS of a request matters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edns {
    pub(super) size: u16,
    pub(super) version: u8,
    pub(super) dnssec_ok: bool,
}

/// The parts of a request that its answer needs.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) header: Header,
    pub(super) question: Option<(Question, Class)>,
    pub(super) edns: Option<Edns>,
    /// The serial that comes with an IXFR, or with a NOTIFY.
    pub(super) serial: Option<u32>,
    /// Whether it has a TSIG record.
    pub(super) has_tsig: bool,
    /// Its signature, once it was found to hold.
    pub(super) signed: Option<Signed>,
}

impl Request {
    /// What is known of a message that is not read.
    pub(super) fn bare(header: Header) -> Self {
        Self { header, question: None, edns: None, serial: None, has_tsig: false, signed: None }
    }

    /// Reads a request whole; `None` when it is malformed.
    pub(super) fn read(message: &Message<[u8]>) -> Option<Self> {
        let header = message.header();
        let notify = header.opcode() == Opcode::NOTIFY;
        let counts = message.header_counts();
        // A NOTIFY may bring the SOA (RFC 1996, section 3.7).
        if counts.qdcount() != 1 || (counts.ancount() != 0 && !notify) {
            return None;
        }
        let asked = message.sole_question().ok()?;
        let ixfr = asked.qtype() == Rtype::IXFR && !notify;
        // Only IXFR carries a record there, the SOA that the client has (RFC 1995, section 3).
        if counts.nscount() != u16::from(ixfr) && !notify {
            return None;
        }
        let name = match asked.qname().as_flat_slice() {
            Some(wire) => Name::from_octets(Bytes::copy_from_slice(wire)).ok()?,
            None => asked.qname().to_name(),
        };
        let question = Some((Question::of(name, asked.qtype()), asked.qclass()));
        let mut request = Self { question, ..Self::bare(header) };
        if ixfr {
            request.serial = Some(soa_serial(message.authority().ok()?)?);
        } else if notify && counts.ancount() > 0 {
            request.serial = soa_serial(message.answer().ok()?);
        }
        request.read_additional(message)?;
        Some(request)
    }

    fn read_additional(&mut self, message: &Message<[u8]>) -> Option<()> {
        let mut additional = message.additional().ok()?;
        for record in additional.by_ref() {
            let record = record.ok()?;
            if record.rtype() == Rtype::TSIG {
                self.has_tsig = true;
            }
            if record.rtype() == Rtype::OPT {
                if self.edns.is_some() || !record.owner().is_root() {
                    return None;
                }
                let opt = OptRecord::from(record.to_record::<Opt<&[u8]>>().ok()??);
                self.edns = Some(Edns {
                    size: opt.udp_payload_size(),
                    version: opt.version(),
                    dnssec_ok: opt.dnssec_ok(),
                });
            }
        }
        (additional.pos() == message.as_slice().len()).then_some(())
    }
}

fn soa_serial(mut section: RecordSection<'_, [u8]>) -> Option<u32> {
    let record = section.next()?.ok()?;
    let soa = record.to_record::<Soa<ParsedName<&[u8]>>>().ok()??;
    Some(soa.data().serial().into_int())
}
