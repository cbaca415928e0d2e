//! Messages on the wire: a query built, a response read into plain records.
//!
//! Every bound on a message lives here. The library refuses names that loop or point forwards; the tests of this
//! crate hold it to that.

use bytes::Bytes;
use domain::base::iana::{Class, Opcode, Rcode as WireRcode};
use domain::base::message::RecordSection;
use domain::base::name::ParsedName;
use domain::base::opt::ExtendedError;
use domain::base::zonefile_fmt::{DisplayKind, ZonefileFmt};
use domain::base::{Message, MessageBuilder, ParsedRecord, Rtype};
use domain::rdata::AllRecordData;

use crate::name;
use crate::question::Question;
use crate::record::{Flags, Rcode, Record};

/// Most records read from one message; 64 KiB hold at most 4095 addresses with compressed owners.
const MAX_RECORDS: usize = 4096;
/// Longest text of an extended error that is kept, in characters.
const MAX_EDE_TEXT: usize = 200;

/// What of a query varies.
pub(crate) struct QueryShape {
    pub(crate) recursion_desired: bool,
    pub(crate) dnssec_ok: bool,
    /// 0 sends no EDNS.
    pub(crate) edns_size: u16,
}

/// A query with a fresh id.
pub(crate) struct Query {
    pub(crate) id: u16,
    pub(crate) bytes: Vec<u8>,
}

/// Builds a query; `None` only if it did not fit a message, which one question always does.
pub(crate) fn query(question: &Question, shape: &QueryShape) -> Option<Query> {
    let mut builder = MessageBuilder::new_vec();
    let header = builder.header_mut();
    header.set_random_id();
    header.set_rd(shape.recursion_desired);
    let id = header.id();
    let mut builder = builder.question();
    builder.push((question.wire_name(), question.wire_type())).ok()?;
    let mut builder = builder.additional();
    if shape.edns_size > 0 {
        let fill = |opt: &mut domain::base::message_builder::OptBuilder<'_, Vec<u8>>| {
            opt.set_udp_payload_size(shape.edns_size);
            opt.set_dnssec_ok(shape.dnssec_ok);
            Ok(())
        };
        builder.opt(fill).ok()?;
    }
    Some(Query { id, bytes: builder.finish() })
}

/// A response read.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) rcode: Rcode,
    pub(crate) flags: Flags,
    pub(crate) answer: Vec<Record>,
    pub(crate) authority: Vec<Record>,
    pub(crate) additional: Vec<Record>,
    pub(crate) ede: Option<(u16, String)>,
}

/// Why a packet is not the response waited for.
#[derive(Debug)]
pub(crate) enum NotIt {
    /// It belongs to another question, or is no message at all: wait on.
    Other(String),
    /// It is the response, and cannot be read.
    Broken(String),
}

/// Reads `packet` as the response to `question` under `id`.
pub(crate) fn response(packet: Bytes, id: u16, question: &Question) -> Result<Response, NotIt> {
    let size = packet.len();
    let message = Message::from_octets(packet)
        .map_err(|_| NotIt::Other(format!("{size} bytes, too short for a DNS message")))?;
    matches_question(&message, id, question)?;
    read(&message).map_err(NotIt::Broken)
}

fn matches_question(message: &Message<Bytes>, id: u16, question: &Question) -> Result<(), NotIt> {
    let other = |why: &str| Err(NotIt::Other(why.to_owned()));
    let header = message.header();
    if header.id() != id {
        return other("another id");
    }
    if !header.qr() {
        return other("a query, not a response");
    }
    if header.opcode() != Opcode::QUERY {
        return other("another opcode");
    }
    match message.header_counts().qdcount() {
        // A server that cannot or will not read the question may leave it out.
        0 if header.rcode() != WireRcode::NOERROR && header.rcode() != WireRcode::NXDOMAIN => Ok(()),
        1 => match message.first_question() {
            Some(asked)
                if asked.qname() == question.wire_name()
                    && asked.qtype() == question.wire_type()
                    && asked.qclass() == Class::IN =>
            {
                Ok(())
            }
            Some(_) => other("another question"),
            None => other("a question that cannot be read"),
        },
        _ => other("not exactly one question"),
    }
}

fn read(message: &Message<Bytes>) -> Result<Response, String> {
    let header = message.header();
    let counts = message.header_counts();
    let announced =
        [counts.ancount(), counts.nscount(), counts.arcount()].map(usize::from).iter().sum::<usize>();
    if announced > MAX_RECORDS {
        return Err(format!("it announces {announced} records, more than {MAX_RECORDS}"));
    }
    let fault =
        |section: &'static str| move |why: &dyn std::fmt::Display| format!("{section} section: {why}");
    let sections = message.sections().map_err(|why| fault("question")(&why))?;
    let opt = message.opt();
    Ok(Response {
        rcode: Rcode(message.opt_rcode().to_int()),
        flags: Flags {
            aa: header.aa(),
            ad: header.ad(),
            ra: header.ra(),
            tc: header.tc(),
            rd: header.rd(),
            cd: header.cd(),
        },
        answer: records(sections.1).map_err(|why| fault("answer")(&why))?,
        authority: records(sections.2).map_err(|why| fault("authority")(&why))?,
        additional: records(sections.3).map_err(|why| fault("additional")(&why))?,
        ede: opt.and_then(|opt| opt.opt().extended_error()).map(|error| extended(&error)),
    })
}

fn extended(error: &ExtendedError<Bytes>) -> (u16, String) {
    let text = error.text_slice().map(String::from_utf8_lossy).unwrap_or_default();
    (error.code().to_int(), text.chars().filter(|letter| !letter.is_control()).take(MAX_EDE_TEXT).collect())
}

fn records(section: RecordSection<'_, Bytes>) -> Result<Vec<Record>, String> {
    let mut list = Vec::new();
    for parsed in section {
        let parsed = parsed.map_err(|why| why.to_string())?;
        if parsed.rtype() != Rtype::OPT {
            list.push(record(&parsed)?);
        }
    }
    Ok(list)
}

fn record(parsed: &ParsedRecord<'_, Bytes>) -> Result<Record, String> {
    let name = name::show(&parsed.owner());
    let typed = parsed
        .to_any_record::<AllRecordData<Bytes, ParsedName<Bytes>>>()
        .map_err(|why| format!("{name} {}: {why}", parsed.rtype()))?;
    Ok(Record {
        class: parsed.class().to_string(),
        ttl: parsed.ttl().as_secs(),
        rtype: parsed.rtype().to_string(),
        data: typed.data().display_zonefile(DisplayKind::Simple).to_string(),
        name,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked() -> Question {
        Question::parse("www.shop.example", "A").unwrap()
    }

    fn shaped() -> Query {
        query(&asked(), &QueryShape { recursion_desired: true, dnssec_ok: true, edns_size: 1232 }).unwrap()
    }

    /// Our own query turned into a response header with these counts, and `tail` after the question.
    fn forged(counts: [u8; 3], tail: &[u8]) -> (u16, Bytes) {
        let query = shaped();
        let mut bytes = query.bytes;
        bytes.truncate(12 + 18 + 4);
        bytes[2] |= 0x80;
        for (place, count) in [7, 9, 11].into_iter().zip(counts) {
            bytes[place] = count;
        }
        bytes.extend_from_slice(tail);
        (query.id, bytes.into())
    }

    #[test]
    fn a_name_that_points_at_itself_is_a_broken_response() {
        let (id, bytes) = forged([1, 0, 0], &[0xC0, 34, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
        assert!(matches!(response(bytes, id, &asked()), Err(NotIt::Broken(_))));
    }

    #[test]
    fn a_name_that_points_forwards_is_a_broken_response() {
        let tail = [0xC0, 36, 0xC0, 34, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
        let (id, bytes) = forged([1, 0, 0], &tail);
        assert!(matches!(response(bytes, id, &asked()), Err(NotIt::Broken(_))));
    }

    #[test]
    fn an_address_of_three_bytes_is_a_broken_response() {
        let (id, bytes) = forged([1, 0, 0], &[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 3, 192, 0, 2]);
        assert!(matches!(response(bytes, id, &asked()), Err(NotIt::Broken(_))));
    }

    #[test]
    fn a_count_beyond_the_records_is_a_broken_response() {
        let (id, bytes) = forged([2, 0, 0], &[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
        assert!(matches!(response(bytes, id, &asked()), Err(NotIt::Broken(_))));
    }

    #[test]
    fn an_answer_is_read_in_presentation_form() {
        let (id, bytes) = forged([1, 0, 0], &[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
        let read = response(bytes, id, &asked()).unwrap();
        let lines: Vec<_> = read.answer.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["www.shop.example. 60 IN A 192.0.2.1"]);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), id: u16) {
            let _ = response(bytes.into(), id, &asked());
        }

        #[test]
        fn an_arbitrary_tail_after_a_matching_question_never_panics(
            counts in any::<[u8; 3]>(), tail in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            let (id, bytes) = forged(counts.map(|count| count % 8), &tail);
            let _ = response(bytes, id, &asked());
        }

        #[test]
        fn arbitrary_data_of_every_type_never_panics(
            rtype in 0u16..300, data in proptest::collection::vec(any::<u8>(), 0..120),
        ) {
            let mut tail = vec![0xC0, 12];
            tail.extend_from_slice(&rtype.to_be_bytes());
            tail.extend_from_slice(&[0, 1, 0, 0, 0, 60, 0, u8::try_from(data.len()).unwrap()]);
            tail.extend_from_slice(&data);
            let (id, bytes) = forged([1, 0, 0], &tail);
            let _ = response(bytes, id, &asked());
        }
    }
}
