//! DNS messages, as much of them as a customer's stub and a relay need: a question, its addresses and aliases, and where
//! addresses stand in a message.
//!
//! Written out here so that the truth stands on none of Candor's code (RFC 1035, section 4). Failure policy: what is not
//! such a message gives none; a name that circles ends after [`JUMPS_MAX`] jumps. Absent: every other type.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// How often a name may jump (RFC 1035, section 4.1.4).
const JUMPS_MAX: usize = 40;
/// The longest name as it stands, in bytes (RFC 1035, section 2.3.4).
const NAME_MAX: usize = 255;
/// The length of a header.
const HEADER: usize = 12;

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;
const IN: u16 = 1;

/// What a record says of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Datum {
    /// It has this address.
    Address(Ipv4Addr),
    /// It is called this.
    Alias(String),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Of the question that it answers.
    pub(super) id: u16,
    /// Whether it is one.
    pub(super) answers: bool,
    /// Whether there is more, over TCP.
    pub(super) truncated: bool,
    /// The response code.
    pub(super) rcode: u8,
    /// What was asked.
    pub(super) asked: Option<String>,
    /// The answer section's addresses and aliases, with their owners.
    pub(super) found: Vec<(String, Datum)>,
}

/// A question for the addresses of `name`, recursion desired; none where it is no name.
pub(super) fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        bytes.push(u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    (bytes.len() <= HEADER + NAME_MAX).then_some(())?;
    bytes.extend(A.to_be_bytes());
    bytes.extend(IN.to_be_bytes());
    Some(bytes)
}

/// The answer to a question for an address, with no other section; for another type, that there is none.
pub(super) fn answer_to(question: &[u8], address: Ipv4Addr) -> Option<Vec<u8>> {
    let mut at = Cursor { bytes: question, at: HEADER };
    at.name()?;
    let (kind, _) = (at.u16()?, at.u16()?);
    let mut bytes = question.get(..at.at)?.to_vec();
    let found = u8::from(kind == A);
    // A response, authoritative, recursion available as it was desired; one question, and what was found.
    put(&mut bytes, 2..HEADER, &[0x85, 0x80, 0, 1, 0, found, 0, 0, 0, 0]);
    if kind == A {
        bytes.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4]);
        bytes.extend(address.octets());
    }
    Some(bytes)
}

/// Reads an answer.
pub(super) fn read(bytes: &[u8]) -> Option<Message> {
    let walk = Walk::of(bytes)?;
    let found = walk.records.iter().filter(|record| record.is_answer && record.class == IN);
    let found = found.filter_map(|record| match record.kind {
        A => Some((record.owner.clone(), Datum::Address(address(bytes, &record.data)?))),
        CNAME => {
            let mut at = Cursor { bytes, at: record.data.start };
            Some((record.owner.clone(), Datum::Alias(at.name()?)))
        }
        _ => None,
    });
    Some(Message {
        id: walk.id,
        answers: walk.flags & 0x8000 != 0,
        truncated: walk.flags & 0x0200 != 0,
        rcode: u8::try_from(walk.flags & 0x000F).ok()?,
        found: found.collect(),
        asked: walk.asked,
    })
}

/// Replaces every address in a message; what is not a message is left as it is. IPv6 addresses are replaced by what the
/// address `0.0.0.0` is replaced by, as a mapped address.
pub(super) fn translate(message: &mut [u8], mut replaced: impl FnMut(Ipv4Addr) -> Ipv4Addr) {
    let Some(walk) = Walk::of(message) else { return };
    for record in walk.records.into_iter().filter(|record| record.class == IN) {
        match record.kind {
            A => {
                let Some(old) = address(message, &record.data) else { continue };
                put(message, record.data, &replaced(old).octets());
            }
            AAAA => {
                let mapped: Ipv6Addr = replaced(Ipv4Addr::UNSPECIFIED).to_ipv6_mapped();
                put(message, record.data, &mapped.octets());
            }
            _ => {}
        }
    }
}

fn address(bytes: &[u8], data: &Range<usize>) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = bytes.get(data.clone())?.try_into().ok()?;
    Some(Ipv4Addr::from(octets))
}

fn put(message: &mut [u8], at: Range<usize>, bytes: &[u8]) {
    if let Some(place) = message.get_mut(at).filter(|place| place.len() == bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// A record, and where its data stand.
struct Record {
    is_answer: bool,
    owner: String,
    kind: u16,
    class: u16,
    data: Range<usize>,
}

/// A message walked through to its end.
struct Walk {
    id: u16,
    flags: u16,
    asked: Option<String>,
    records: Vec<Record>,
}

impl Walk {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut at = Cursor { bytes, at: 0 };
        let (id, flags) = (at.u16()?, at.u16()?);
        let (questions, answers) = (at.u16()?, at.u16()?);
        let others = u32::from(at.u16()?) + u32::from(at.u16()?);
        let mut asked = None;
        for _ in 0..questions {
            asked = Some(at.name()?);
            at.skip(4)?;
        }
        let mut records = Vec::new();
        for n in 0..u32::from(answers) + others {
            let owner = at.name()?;
            let (kind, class) = (at.u16()?, at.u16()?);
            at.skip(4)?;
            let length = usize::from(at.u16()?);
            let data = at.at..at.at.checked_add(length)?;
            at.skip(length)?;
            records.push(Record { is_answer: n < u32::from(answers), owner, kind, class, data });
        }
        Some(Self { id, flags, asked, records })
    }
}

/// A place in a message.
struct Cursor<'m> {
    bytes: &'m [u8],
    at: usize,
}

impl Cursor<'_> {
    fn u8(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.at = self.at.checked_add(length).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }

    /// A name in lower case, without the last dot.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut reads = Cursor { bytes: self.bytes, at: self.at };
        let mut behind = None;
        for _ in 0..JUMPS_MAX {
            match reads.u8()? {
                0 => {
                    self.at = behind.unwrap_or(reads.at);
                    return Some(name);
                }
                length @ 1..=63 => {
                    let end = reads.at.checked_add(usize::from(length))?;
                    let label = reads.bytes.get(reads.at..end)?;
                    let dot = if name.is_empty() { "" } else { "." };
                    name.push_str(dot);
                    name.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
                    reads.at = end;
                }
                high @ 192.. => {
                    let low = reads.u8()?;
                    behind = behind.or(Some(reads.at));
                    reads.at = usize::from(u16::from_be_bytes([high & 0x3F, low]));
                }
                _ => return None,
            }
            (name.len() <= NAME_MAX).then_some(())?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer for `x.y`: an alias to `z.y`, whose address follows, and an address of six octets groups.
    fn answer() -> Vec<u8> {
        let mut bytes = question(7, "X.y").unwrap();
        bytes[2] = 0x81;
        bytes[7] = 2;
        bytes[11] = 1;
        // x.y CNAME z.y, whose `y` is that of the question.
        bytes.extend([0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 2, 0, 4, 1, b'z', 0xC0, 14]);
        // z.y A 127.77.3.10, whose name is the alias's.
        let alias = u8::try_from(bytes.len() - 4).unwrap();
        bytes.extend([0xC0, alias, 0, 1, 0, 1, 0, 0, 0, 2, 0, 4, 127, 77, 3, 10]);
        // z.y AAAA ::1, among the additional.
        bytes.extend([0xC0, alias, 0, 28, 0, 1, 0, 0, 0, 2, 0, 16]);
        bytes.extend(Ipv6Addr::LOCALHOST.octets());
        bytes
    }

    #[test]
    fn aliases_and_addresses_are_read_with_their_owners() {
        let read = read(&answer()).unwrap();
        assert_eq!((read.id, read.answers, read.rcode, read.asked.as_deref()), (7, true, 0, Some("x.y")));
        let there = Ipv4Addr::new(127, 77, 3, 10);
        assert_eq!(
            read.found,
            [("x.y".to_owned(), Datum::Alias("z.y".to_owned())), ("z.y".to_owned(), Datum::Address(there))]
        );
    }

    #[test]
    fn every_address_is_translated_and_nothing_else() {
        let mut message = answer();
        let new = Ipv4Addr::new(127, 77, 100, 10);
        translate(&mut message, |_| new);
        let before = answer();
        let changed: Vec<usize> = (0..before.len()).filter(|&n| before[n] != message[n]).collect();
        assert_eq!(read(&message).unwrap().found[1].1, Datum::Address(new));
        assert_eq!(&message[message.len() - 16..], new.to_ipv6_mapped().octets());
        assert!(changed.iter().all(|&n| n == before.len() - 30 || n >= before.len() - 16), "{changed:?}");
    }

    #[test]
    fn an_answer_of_ours_is_read_back() {
        let there = Ipv4Addr::LOCALHOST;
        let told = answer_to(&question(9, "elsewhere.example").unwrap(), there).unwrap();
        let read = read(&told).unwrap();
        assert_eq!((read.id, read.answers, read.rcode), (9, true, 0));
        assert_eq!(read.found, [("elsewhere.example".to_owned(), Datum::Address(there))]);
        assert_eq!(answer_to(&[0; 11], there), None);
    }

    #[test]
    fn a_name_that_circles_is_no_name() {
        let mut bytes = question(1, "x").unwrap();
        bytes[12] = 0xC0;
        bytes[13] = 12;
        assert_eq!(read(&bytes), None);
    }

    #[test]
    fn what_is_no_name_is_not_asked_for() {
        for name in ["", "a..b", &"x".repeat(64), &"x.".repeat(200)] {
            assert_eq!(question(1, name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_reason_to_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..90, byte in any::<u8>()
        ) {
            let _ = read(&bytes);
            let mut message = answer();
            if let Some(place) = message.get_mut(at) {
                *place = byte;
            }
            let _ = read(&message);
            let length = message.len();
            translate(&mut message, |_| Ipv4Addr::LOCALHOST);
            prop_assert_eq!(message.len(), length);
        }
    }
}
