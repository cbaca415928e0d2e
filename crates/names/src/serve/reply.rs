//! One packet in, at most one packet out: pure, and total over every input.
//!
//! Sources: RFC 1035, section 4 (messages), RFC 6891 (EDNS), RFC 8906 (what a server must not be silent about),
//! RFC 2181, section 9, and RFC 9471 (truncation), RFC 8914 (extended errors).

use std::convert::Infallible;

use bytes::Bytes;
use domain::base::iana::{Class, ExtendedErrorCode, Opcode, OptRcode, Rcode as WireRcode};
use domain::base::message_builder::{HashCompressor, OptBuilder, PushError};
use domain::base::name::ToName;
use domain::base::opt::exterr::ExtendedError;
use domain::base::{Header, Message, MessageBuilder, Rtype};

use super::catalog::{Zones, find};
use crate::name::Name;
use crate::question::Question;
use crate::record::Rcode;
use crate::zone::{Answer, Rr};

/// Largest UDP answer, whatever the client offers: it passes every path unfragmented (RFC 9715).
const MAX_UDP: u16 = 1232;
/// Largest answer to a client without EDNS (RFC 1035, section 2.3.4).
const PLAIN_UDP: u16 = 512;
/// OPT with one extended error without text.
const OPT_ROOM: usize = 11 + 6;

/// How a packet came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    Udp,
    Tcp,
}

/// What EDNS of a request matters.
#[derive(Debug, Clone, Copy)]
struct Edns {
    size: u16,
    version: u8,
    dnssec_ok: bool,
}

/// The parts of a request that its answer needs.
struct Request {
    header: Header,
    question: Option<(Name, Rtype, Class)>,
    edns: Option<Edns>,
}

/// Answers a packet; `None` for one that must not be answered.
pub(super) fn reply(zones: &Zones, packet: &[u8], via: Via) -> Option<Vec<u8>> {
    let message = Message::from_octets(Bytes::copy_from_slice(packet)).ok()?;
    let header = message.header();
    // Answers are never answered: two servers would talk for ever.
    if header.qr() {
        return None;
    }
    let bare = Request { header, question: None, edns: None };
    if header.opcode() != Opcode::QUERY {
        return error(&bare, OptRcode::NOTIMP, None);
    }
    let Some(request) = read(&message) else {
        return error(&bare, OptRcode::FORMERR, None);
    };
    if request.edns.is_some_and(|edns| edns.version > 0) {
        return error(&request, OptRcode::BADVERS, None);
    }
    answer(zones, &request, via)
}

/// Reads a request whole; `None` when it is malformed.
fn read(message: &Message<Bytes>) -> Option<Request> {
    let counts = message.header_counts();
    if counts.qdcount() != 1 || counts.ancount() != 0 {
        return None;
    }
    let asked = message.sole_question().ok()?;
    // Only IXFR carries a record there (RFC 1995, section 3).
    if counts.nscount() != 0 && asked.qtype() != Rtype::IXFR {
        return None;
    }
    let mut additional = message.additional().ok()?;
    let mut edns = None;
    for record in additional.by_ref() {
        let record = record.ok()?;
        if record.rtype() == Rtype::OPT {
            if edns.is_some() || !record.owner().is_root() {
                return None;
            }
            let opt = message.opt()?;
            edns = Some(Edns {
                size: opt.udp_payload_size(),
                version: opt.version(),
                dnssec_ok: opt.dnssec_ok(),
            });
        }
    }
    if additional.pos() != message.as_slice().len() {
        return None;
    }
    let question = Some((asked.qname().to_name(), asked.qtype(), asked.qclass()));
    Some(Request { header: message.header(), question, edns })
}

fn answer(zones: &Zones, request: &Request, via: Via) -> Option<Vec<u8>> {
    let (name, rtype, class) = request.question.clone()?;
    match rtype {
        Rtype::AXFR | Rtype::IXFR => return error(request, OptRcode::REFUSED, None),
        Rtype::OPT => return error(request, OptRcode::FORMERR, None),
        Rtype::TKEY | Rtype::TSIG | Rtype::MAILA | Rtype::MAILB => {
            return error(request, OptRcode::NOTIMP, None);
        }
        _ => {}
    }
    if class != Class::IN {
        return error(request, OptRcode::REFUSED, None);
    }
    let question = Question::of(name, rtype);
    let Some(zone) = find(zones, &question) else {
        return error(request, OptRcode::REFUSED, Some(ExtendedErrorCode::NOT_AUTHORITATIVE));
    };
    let dnssec_ok = request.edns.is_some_and(|edns| edns.dnssec_ok);
    let mut found = zone.resolve(&question, dnssec_ok);
    let limit = limit(request, via);
    if let Ok(bytes) = compose(request, &found, limit) {
        return Some(bytes);
    }
    // What is merely useful is left out first, and without a word.
    if !found.glue && !found.additional.is_empty() {
        found.additional.clear();
        if let Ok(bytes) = compose(request, &found, limit) {
            return Some(bytes);
        }
    }
    truncated(request, &found)
}

fn limit(request: &Request, via: Via) -> usize {
    match (via, request.edns) {
        (Via::Tcp, _) => usize::from(u16::MAX),
        (Via::Udp, None) => usize::from(PLAIN_UDP),
        (Via::Udp, Some(edns)) => usize::from(edns.size.clamp(PLAIN_UDP, MAX_UDP)),
    }
}

type Target = HashCompressor<Vec<u8>>;

fn start(request: &Request, rcode: WireRcode) -> Option<MessageBuilder<Target>> {
    let mut builder = MessageBuilder::from_target(HashCompressor::new(Vec::with_capacity(512))).ok()?;
    let header = builder.header_mut();
    header.set_id(request.header.id());
    header.set_qr(true);
    header.set_opcode(request.header.opcode());
    header.set_rd(request.header.rd());
    header.set_rcode(rcode);
    Some(builder)
}

fn compose(request: &Request, found: &Answer, limit: usize) -> Result<Vec<u8>, PushError> {
    let rcode = OptRcode::masked_from_int(found.rcode.0);
    let mut builder = start(request, rcode.rcode()).ok_or(PushError::ShortBuf)?;
    builder.header_mut().set_aa(found.aa);
    builder.set_push_limit(limit.saturating_sub(if request.edns.is_some() { OPT_ROOM } else { 0 }));
    let mut builder = builder.question();
    if let Some((name, rtype, class)) = &request.question {
        builder.push((name, *rtype, *class))?;
    }
    let mut builder = builder.answer();
    for record in &found.answer {
        builder.push(parts(record))?;
    }
    let mut builder = builder.authority();
    for record in &found.authority {
        builder.push(parts(record))?;
    }
    let mut builder = builder.additional();
    for record in &found.additional {
        builder.push(parts(record))?;
    }
    builder.clear_push_limit();
    if request.edns.is_some() {
        builder.opt(|opt| describe(opt, rcode, None))?;
    }
    Ok(builder.finish().into_target())
}

fn parts(record: &Rr) -> (&Name, Class, domain::base::Ttl, &crate::zone::Rdata) {
    (&record.owner, Class::IN, record.ttl, &record.data)
}

/// The question and TC alone: the client comes again over TCP (RFC 7766, section 5).
fn truncated(request: &Request, found: &Answer) -> Option<Vec<u8>> {
    let empty = Answer {
        rcode: if found.rcode == Rcode::NXDOMAIN { Rcode::NXDOMAIN } else { Rcode::NOERROR },
        aa: found.aa,
        answer: Vec::new(),
        authority: Vec::new(),
        additional: Vec::new(),
        glue: false,
    };
    let mut bytes = compose(request, &empty, usize::from(PLAIN_UDP)).ok()?;
    Header::for_message_slice_mut(&mut bytes).set_tc(true);
    Some(bytes)
}

/// An answer without records.
fn error(request: &Request, rcode: OptRcode, ede: Option<ExtendedErrorCode>) -> Option<Vec<u8>> {
    let builder = start(request, rcode.rcode())?;
    let mut builder = builder.question();
    if let Some((name, rtype, class)) = &request.question {
        builder.push((name, *rtype, *class)).ok()?;
    }
    let mut builder = builder.additional();
    if request.edns.is_some() {
        builder.opt(|opt| describe(opt, rcode, ede)).ok()?;
    }
    Some(builder.finish().into_target())
}

fn describe(
    opt: &mut OptBuilder<'_, Target>,
    rcode: OptRcode,
    ede: Option<ExtendedErrorCode>,
) -> Result<(), Infallible> {
    opt.set_udp_payload_size(MAX_UDP);
    opt.set_rcode(rcode);
    if let Some(code) = ede {
        opt.push(&ExtendedError::<Bytes>::from(code))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::zone::Zone;

    fn zones() -> Zones {
        let text = "$ORIGIN z.example.\n@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n* 60 TXT \"t\"\nd 60 DNAME e\nc 60 CNAME x.d\n";
        let zone = Zone::parse(text, None, "z").unwrap();
        [(zone.apex().clone(), Arc::new(zone))].into()
    }

    /// Names in and out of the zone, in wire form.
    fn name() -> impl Strategy<Value = Vec<u8>> {
        let label = prop_oneof![Just("z"), Just("example"), Just("d"), Just("c"), Just("*"), Just("q")];
        prop::collection::vec(label, 0..5).prop_map(|mut labels| {
            labels.extend(["z", "example"]);
            let mut wire = Vec::new();
            for label in labels {
                wire.push(u8::try_from(label.len()).unwrap());
                wire.extend_from_slice(label.as_bytes());
            }
            wire.push(0);
            wire
        })
    }

    proptest! {
        #[test]
        fn every_answer_is_a_response_with_the_same_id_and_within_its_size(
            header in any::<[u8; 4]>(), qd in 0u8..3, name in name(), rtype in 0u16..300, class in 0u16..5,
            size: u16, tail in prop::collection::vec(any::<u8>(), 0..4), edns: bool,
        ) {
            let mut packet = header.to_vec();
            packet.extend_from_slice(&[0, qd, 0, 0, 0, 0, 0, u8::from(edns)]);
            packet.extend_from_slice(&name);
            packet.extend_from_slice(&rtype.to_be_bytes());
            packet.extend_from_slice(&class.to_be_bytes());
            if edns {
                packet.extend_from_slice(&[0, 0, 41]);
                packet.extend_from_slice(&size.to_be_bytes());
                packet.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
            }
            packet.extend_from_slice(&tail);
            for via in [Via::Udp, Via::Tcp] {
                match reply(&zones(), &packet, via) {
                    None => prop_assert!(header[2] & 0x80 != 0, "only responses go unanswered"),
                    Some(answer) => {
                        prop_assert_eq!(&answer[..2], &header[..2]);
                        prop_assert!(answer[2] & 0x80 != 0);
                        prop_assert!(via == Via::Tcp || answer.len() <= usize::from(size.clamp(512, 1232)));
                    }
                }
            }
        }

        #[test]
        fn a_response_is_never_answered_whatever_it_holds(
            mut packet in prop::collection::vec(any::<u8>(), 3..300), tcp: bool,
        ) {
            packet[2] |= 0x80;
            prop_assert_eq!(reply(&zones(), &packet, if tcp { Via::Tcp } else { Via::Udp }), None);
        }

        #[test]
        fn what_is_answered_is_never_answered_again(packet in prop::collection::vec(any::<u8>(), 12..300)) {
            if let Some(answer) = reply(&zones(), &packet, Via::Tcp) {
                prop_assert_eq!(reply(&zones(), &answer, Via::Tcp), None);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(packet in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = reply(&zones(), &packet, Via::Udp);
        }
    }
}
