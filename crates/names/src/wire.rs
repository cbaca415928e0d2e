//! Messages on the wire: a query built, a response read into plain records.
//!
//! Every bound on a message lives here. The library refuses names that loop or point forwards; the tests of this
//! crate hold it to that.

use std::fmt::{self, Write};

use domain::base::iana::{Class, Opcode, Rcode as WireRcode};
use domain::base::message::RecordSection;
use domain::base::name::{ParsedName, ToName};
use domain::base::opt::{ExtendedError, Opt, OptRecord};
use domain::base::zonefile_fmt::{DisplayKind, ZonefileFmt};
use domain::base::{Header, Message, MessageBuilder, ParsedRecord, Rtype};
use domain::rdata::AllRecordData;

use crate::question::Question;
use crate::record::{Flags, Rcode, Record};

/// Most records read from one message; 64 KiB hold at most 4095 addresses with compressed owners.
const MAX_RECORDS: usize = 4096;
/// Most bytes that the records of one message may come to when they are written out; data that is not compressed
/// grows to a fourth of it at most.
const MAX_TEXT: usize = 1 << 20;
/// Longest text of an extended error that is kept, in characters.
const MAX_EDE_TEXT: usize = 200;

/// What of a query varies.
pub(crate) struct QueryShape {
    pub(crate) recursion_desired: bool,
    pub(crate) dnssec_ok: bool,
    pub(crate) checking_disabled: bool,
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
    header.set_cd(shape.checking_disabled);
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
#[derive(Debug, Default)]
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
    Other(&'static str),
    /// It is the response, and cannot be read.
    Broken(String),
}

/// Reads `packet` as the response to `question` under `id`. Of one that is not `whole`, because it was larger than what
/// is read of a datagram, the header alone counts, and it counts as truncated.
pub(crate) fn response(packet: &[u8], whole: bool, id: u16, question: &Question) -> Result<Response, NotIt> {
    let message = Message::from_slice(packet).map_err(|_| NotIt::Other("too short for a DNS message"))?;
    matches_question(message, id, question)?;
    if whole {
        return read(message).map_err(NotIt::Broken);
    }
    let header = message.header();
    let flags = Flags { tc: true, ..flags(header) };
    Ok(Response { rcode: Rcode(u16::from(header.rcode().to_int())), flags, ..Response::default() })
}

fn matches_question(message: &Message<[u8]>, id: u16, question: &Question) -> Result<(), NotIt> {
    let other = |why| Err(NotIt::Other(why));
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

fn flags(header: Header) -> Flags {
    Flags {
        aa: header.aa(),
        ad: header.ad(),
        ra: header.ra(),
        tc: header.tc(),
        rd: header.rd(),
        cd: header.cd(),
    }
}

fn read(message: &Message<[u8]>) -> Result<Response, String> {
    let header = message.header();
    let counts = message.header_counts();
    let announced =
        [counts.ancount(), counts.nscount(), counts.arcount()].map(usize::from).iter().sum::<usize>();
    if announced > MAX_RECORDS {
        return Err(format!("it announces {announced} records, more than {MAX_RECORDS}"));
    }
    let fault = |section: &'static str| move |why: String| format!("{section} section: {why}");
    let mut reader = Reader { room: MAX_TEXT, opt: None };
    let mut section = message.answer().map_err(|why| fault("question")(why.to_string()))?;
    let answer = reader.records(&mut section, false).map_err(fault("answer"))?;
    let mut section = following(section)?;
    let authority = reader.records(&mut section, false).map_err(fault("authority"))?;
    let mut section = following(section)?;
    let additional = reader.records(&mut section, true).map_err(fault("additional"))?;
    Ok(Response {
        rcode: Rcode(
            reader.opt.as_ref().map_or(u16::from(header.rcode().to_int()), |opt| opt.rcode(header).to_int()),
        ),
        flags: flags(header),
        answer,
        authority,
        additional,
        ede: reader.opt.as_ref().and_then(|opt| opt.opt().extended_error()).map(|error| extended(&error)),
    })
}

/// The section after one that was read to its end.
fn following<'a>(read: RecordSection<'a, [u8]>) -> Result<RecordSection<'a, [u8]>, String> {
    read.next_section().map_err(|why| why.to_string())?.ok_or_else(|| "a section is missing".to_owned())
}

fn extended(error: &ExtendedError<&[u8]>) -> (u16, String) {
    let text = error.text_slice().map(String::from_utf8_lossy).unwrap_or_default();
    (error.code().to_int(), text.chars().filter(|letter| !letter.is_control()).take(MAX_EDE_TEXT).collect())
}

/// Reads the records of one message; compression makes long texts of short messages, so what they come to is bounded.
struct Reader<'a> {
    /// How much text there may still be, in bytes.
    room: usize,
    opt: Option<OptRecord<&'a [u8]>>,
}

impl<'a> Reader<'a> {
    fn records(
        &mut self,
        section: &mut RecordSection<'a, [u8]>,
        additional: bool,
    ) -> Result<Vec<Record>, String> {
        let mut list = Vec::new();
        for parsed in section {
            let parsed = parsed.map_err(|why| why.to_string())?;
            if parsed.rtype() == Rtype::OPT {
                self.opt(&parsed, additional)?;
            } else {
                list.push(self.record(&parsed)?);
            }
        }
        Ok(list)
    }

    /// One OPT, in its place, owned by the root (RFC 6891, section 6.1.1).
    fn opt(&mut self, parsed: &ParsedRecord<'a, [u8]>, additional: bool) -> Result<(), String> {
        if !additional {
            return Err("an OPT record where none may be".to_owned());
        }
        if self.opt.is_some() {
            return Err("a second OPT record".to_owned());
        }
        if !parsed.owner().is_root() {
            return Err("an OPT record with a name".to_owned());
        }
        let typed = parsed.to_record::<Opt<&[u8]>>().map_err(|why| format!("OPT: {why}"))?;
        self.opt = typed.map(OptRecord::from);
        Ok(())
    }

    fn record(&mut self, parsed: &ParsedRecord<'a, [u8]>) -> Result<Record, String> {
        let name = self.text(parsed.owner().fmt_with_dot())?;
        let typed = parsed
            .to_any_record::<AllRecordData<&[u8], ParsedName<&[u8]>>>()
            .map_err(|why| format!("{name} {}: {why}", parsed.rtype()))?;
        Ok(Record {
            class: self.text(parsed.class())?,
            ttl: parsed.ttl().as_secs(),
            rtype: self.text(parsed.rtype())?,
            data: self.text(typed.data().display_zonefile(DisplayKind::Simple))?,
            name,
        })
    }

    /// The presentation form, while there is room.
    fn text(&mut self, what: impl fmt::Display) -> Result<String, String> {
        let mut text = Text { kept: String::with_capacity(24), room: self.room };
        write!(text, "{what}").map_err(|_| format!("more than {MAX_TEXT} bytes when written out"))?;
        self.room = text.room;
        Ok(text.kept)
    }
}

/// A text that does not grow beyond its room.
struct Text {
    kept: String,
    room: usize,
}

impl Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.room = self.room.checked_sub(more.len()).ok_or(fmt::Error)?;
        self.kept.push_str(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked() -> Question {
        Question::parse("www.shop.example", "A").unwrap()
    }

    fn shaped() -> Query {
        query(
            &asked(),
            &QueryShape {
                recursion_desired: true,
                dnssec_ok: true,
                checking_disabled: false,
                edns_size: 1232,
            },
        )
        .unwrap()
    }

    /// Our own query turned into a response header with these counts, and `tail` after the question.
    fn forged(counts: [u8; 3], tail: &[u8]) -> (u16, Vec<u8>) {
        let query = shaped();
        let mut bytes = query.bytes;
        bytes.truncate(12 + 18 + 4);
        bytes[2] |= 0x80;
        for (place, count) in [7, 9, 11].into_iter().zip(counts) {
            bytes[place] = count;
        }
        bytes.extend_from_slice(tail);
        (query.id, bytes)
    }

    #[test]
    fn a_name_that_points_at_itself_is_a_broken_response() {
        let (id, bytes) = forged([1, 0, 0], &[0xC0, 34, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
        assert!(matches!(response(&bytes, true, id, &asked()), Err(NotIt::Broken(_))));
    }

    #[test]
    fn a_name_that_points_forwards_is_a_broken_response() {
        let tail = [0xC0, 36, 0xC0, 34, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
        let (id, bytes) = forged([1, 0, 0], &tail);
        assert!(matches!(response(&bytes, true, id, &asked()), Err(NotIt::Broken(_))));
    }

    #[test]
    fn an_address_of_three_bytes_is_a_broken_response() {
        let (id, bytes) = forged([1, 0, 0], &[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 3, 192, 0, 2]);
        assert!(matches!(response(&bytes, true, id, &asked()), Err(NotIt::Broken(_))));
    }

    #[test]
    fn a_count_beyond_the_records_is_a_broken_response() {
        let (id, bytes) = forged([2, 0, 0], &[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
        assert!(matches!(response(&bytes, true, id, &asked()), Err(NotIt::Broken(_))));
    }

    #[test]
    fn an_answer_is_read_in_presentation_form() {
        let (id, bytes) = forged([1, 0, 0], &[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
        let read = response(&bytes, true, id, &asked()).unwrap();
        let lines: Vec<_> = read.answer.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["www.shop.example. 60 IN A 192.0.2.1"]);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), id: u16) {
            let _ = response(&bytes, true, id, &asked());
        }

        #[test]
        fn an_arbitrary_tail_after_a_matching_question_never_panics(
            counts in any::<[u8; 3]>(), tail in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            let (id, bytes) = forged(counts.map(|count| count % 8), &tail);
            let _ = response(&bytes, true, id, &asked());
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
            let _ = response(&bytes, true, id, &asked());
        }
    }
}
