//! One packet in, at most one packet out, or the beginning of a transfer: pure, and total over every input.
//!
//! Sources: RFC 1035, section 4 (messages), RFC 6891 (EDNS), RFC 8906 (what a server must not be silent about),
//! RFC 2181, section 9, and RFC 9471 (truncation), RFC 8914 (extended errors), RFC 8945 (signatures), RFC 1996 (NOTIFY).

use std::net::SocketAddr;

use domain::base::iana::{Class, ExtendedErrorCode, Opcode, OptRcode};
use domain::base::{Message, Rtype};

use super::catalog::find;
use super::compose::{self, MAX_UDP, PLAIN_UDP};
use super::desk::Desk;
use super::request::Request;
use super::transfer::{self, Outgoing};
use crate::by_name::Path;
use crate::tsig;
use crate::zone::Answer;

/// How a packet came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    Udp,
    Tcp,
}

/// What is done about a packet.
#[derive(Debug)]
pub(super) enum Reply {
    /// Nothing: it must not be answered.
    Nothing,
    /// One message.
    Message(Vec<u8>),
    /// Many messages, over TCP.
    Transfer(Box<Outgoing>),
}

impl From<Option<Vec<u8>>> for Reply {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        bytes.map_or(Self::Nothing, Self::Message)
    }
}

/// Answers a packet, and counts it.
pub(super) fn reply(desk: &Desk, packet: &[u8], client: SocketAddr, via: Via) -> Reply {
    let mut rtype = None;
    let reply = decide(desk, packet, client, via, &mut rtype);
    match &reply {
        Reply::Nothing => desk.metrics.dropped(),
        Reply::Message(bytes) => {
            desk.metrics.answered(via, rtype, bytes.get(3).map_or(0, |flags| flags & 15));
        }
        Reply::Transfer(_) => desk.metrics.answered(via, rtype, 0),
    }
    reply
}

fn decide(desk: &Desk, packet: &[u8], client: SocketAddr, via: Via, rtype: &mut Option<Rtype>) -> Reply {
    let Ok(message) = Message::from_slice(packet) else { return Reply::Nothing };
    let header = message.header();
    // Answers are never answered: two servers would talk for ever.
    if header.qr() {
        return Reply::Nothing;
    }
    let bare = Request::bare(header);
    if !matches!(header.opcode(), Opcode::QUERY | Opcode::NOTIFY) {
        return compose::error(&bare, OptRcode::NOTIMP, None).into();
    }
    let Some(mut request) = Request::read(message) else {
        return compose::error(&bare, OptRcode::FORMERR, None).into();
    };
    *rtype = request.question.as_ref().map(|(question, _)| question.wire_type());
    if request.has_tsig {
        match tsig::check(&desk.keys, packet) {
            Ok(signed) => request.signed = signed,
            Err(Some(refusal)) => return Reply::Message(refusal),
            Err(None) => return compose::error(&bare, OptRcode::FORMERR, None).into(),
        }
    }
    if request.edns.is_some_and(|edns| edns.version > 0) {
        return compose::error(&request, OptRcode::BADVERS, None).into();
    }
    if header.opcode() == Opcode::NOTIFY {
        return compose::notified(&request, desk.notified(&request, client)).into();
    }
    answer(desk, request, client, via)
}

fn answer(desk: &Desk, request: Request, client: SocketAddr, via: Via) -> Reply {
    let Some((question, class)) = &request.question else { return Reply::Nothing };
    let error = |rcode, ede| compose::error(&request, rcode, ede).into();
    match question.wire_type() {
        Rtype::OPT => return error(OptRcode::FORMERR, None),
        Rtype::TKEY | Rtype::TSIG | Rtype::MAILA | Rtype::MAILB => {
            return error(OptRcode::NOTIMP, None);
        }
        _ => {}
    }
    if *class != Class::IN {
        return error(OptRcode::REFUSED, None);
    }
    if matches!(question.wire_type(), Rtype::AXFR | Rtype::IXFR) {
        return transfer::begin(desk, request, client, via);
    }
    let zones = desk.catalog.now();
    let path = Path::of(question.wire_name());
    match find(&zones, &path, question.wire_type()) {
        None => error(OptRcode::REFUSED, Some(ExtendedErrorCode::NOT_AUTHORITATIVE)),
        Some(entry) => match entry.served() {
            // A copy that is too old, or not there yet.
            None => error(OptRcode::SERVFAIL, Some(ExtendedErrorCode::NOT_READY)),
            Some(versions) => {
                let dnssec_ok = request.edns.is_some_and(|edns| edns.dnssec_ok);
                fitted(&request, versions.zone.resolve(question, &path, dnssec_ok), limit(&request, via))
                    .into()
            }
        },
    }
}

/// The answer as far as it fits.
fn fitted(request: &Request, mut found: Answer<'_>, limit: usize) -> Option<Vec<u8>> {
    if let Ok(bytes) = compose::whole(request, &found, limit) {
        return Some(bytes);
    }
    // What is merely useful is left out first, and without a word.
    if !found.glue && !found.additional.is_empty() {
        found.additional.clear();
        if let Ok(bytes) = compose::whole(request, &found, limit) {
            return Some(bytes);
        }
    }
    compose::truncated(request, &found)
}

/// The size that an answer may have.
pub(super) fn limit(request: &Request, via: Via) -> usize {
    match (via, request.edns) {
        (Via::Tcp, _) => usize::from(u16::MAX),
        (Via::Udp, None) => usize::from(PLAIN_UDP),
        (Via::Udp, Some(edns)) => usize::from(edns.size.clamp(PLAIN_UDP, MAX_UDP)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::zone::Zone;

    fn desk() -> Desk {
        let text = "$ORIGIN z.example.\n@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n* 60 TXT \"t\"\nd 60 DNAME e\nc 60 CNAME x.d\n";
        let zone = Zone::parse(text, None, "z").unwrap();
        Desk::of(vec![zone])
    }

    fn reply(desk: &Desk, packet: &[u8], via: Via) -> Option<Vec<u8>> {
        match super::reply(desk, packet, SocketAddr::from(([127, 0, 0, 1], 53)), via) {
            Reply::Nothing => None,
            Reply::Message(bytes) => Some(bytes),
            Reply::Transfer(_) => panic!("a transfer, and nobody is allowed one"),
        }
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
                match reply(&desk(), &packet, via) {
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
            prop_assert_eq!(reply(&desk(), &packet, if tcp { Via::Tcp } else { Via::Udp }), None);
        }

        #[test]
        fn what_is_answered_is_never_answered_again(packet in prop::collection::vec(any::<u8>(), 12..300)) {
            if let Some(answer) = reply(&desk(), &packet, Via::Tcp) {
                prop_assert_eq!(reply(&desk(), &answer, Via::Tcp), None);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(packet in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = reply(&desk(), &packet, Via::Udp);
        }
    }
}
