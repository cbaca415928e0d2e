//! Record data as a zone holds it: typed, with absolute names of its own, and its ways in and out.

use std::borrow::Cow;

use bytes::Bytes;
use domain::base::name::{FlattenInto, ParsedName};
use domain::base::rdata::{ComposeRecordData, ParseRecordData};
use domain::base::zonefile_fmt::{DisplayKind, ZonefileFmt};
use domain::base::{Rtype, Ttl};
use domain::dep::octseq::parse::Parser;
use domain::rdata::ZoneRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};

use crate::name::{self, Name};
use crate::record::Record;

/// Record data of any type a zone may hold.
pub(crate) type Rdata = ZoneRecordData<Bytes, Name>;

/// One record as an answer carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rr {
    pub(crate) owner: Name,
    pub(crate) ttl: Ttl,
    pub(crate) data: Rdata,
}

/// One record of an answer, for the most part where it stands in the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given<'a> {
    pub(crate) owner: Cow<'a, Name>,
    pub(crate) ttl: Ttl,
    pub(crate) data: Cow<'a, Rdata>,
}

impl Rr {
    pub(crate) fn plain(&self) -> Record {
        plain(&self.owner, self.ttl, &self.data)
    }
}

impl Given<'_> {
    pub(crate) fn plain(&self) -> Record {
        plain(&self.owner, self.ttl, &self.data)
    }
}

impl From<Rr> for Given<'_> {
    fn from(record: Rr) -> Self {
        Self { owner: Cow::Owned(record.owner), ttl: record.ttl, data: Cow::Owned(record.data) }
    }
}

fn plain(owner: &Name, ttl: Ttl, data: &Rdata) -> Record {
    Record {
        name: name::show(owner),
        class: "IN".to_owned(),
        ttl: ttl.as_secs(),
        rtype: domain::base::RecordData::rtype(data).to_string(),
        data: show(data),
    }
}

/// The presentation form, every name in it shielded.
pub(crate) fn show(data: &Rdata) -> String {
    let rtype = domain::base::RecordData::rtype(data);
    let text = data.display_zonefile(DisplayKind::Simple).to_string();
    let (before, names, after) = around_names(rtype, &text);
    let text = match name::shielded(names) {
        Cow::Borrowed(_) => text,
        Cow::Owned(names) => format!("{before}{names}{after}"),
    };
    if is_common(rtype) || reads_back(rtype, &text, data) { text } else { generic(data) }
}

/// Whether every record of a type has a presentation form that can be read: those that zones are full of.
fn is_common(rtype: Rtype) -> bool {
    matches!(
        rtype,
        Rtype::A
            | Rtype::AAAA
            | Rtype::NS
            | Rtype::SOA
            | Rtype::CNAME
            | Rtype::DNAME
            | Rtype::PTR
            | Rtype::MX
            | Rtype::SRV
            | Rtype::TXT
            | Rtype::DS
            | Rtype::DNSKEY
            | Rtype::RRSIG
            | Rtype::NSEC
            | Rtype::NSEC3
            | Rtype::NSEC3PARAM
    )
}

/// Whether what was written is read as the same again. A transfer brings bytes that no zone file could have had (a CAA
/// without a tag), and the library does not write all that it reads (an IPSECKEY without a gateway).
fn reads_back(rtype: Rtype, text: &str, data: &Rdata) -> bool {
    let mut file = Zonefile::from(format!(". 0 IN {rtype} {text}\n").as_bytes());
    match file.next_entry() {
        Ok(Some(Entry::Record(record))) => wire(record.data()) == wire(data),
        _ => false,
    }
}

/// The form that every data has (RFC 3597, section 5).
fn generic(data: &Rdata) -> String {
    let bytes = wire(data);
    let mut text = format!("\\# {}", bytes.len());
    if !bytes.is_empty() {
        text.push(' ');
    }
    for byte in bytes {
        text.push_str(&format!("{byte:02X}"));
    }
    text
}

/// The part of the presentation form that may hold names and holds no quoted string, and what stands around it.
fn around_names(rtype: Rtype, text: &str) -> (&str, &str, &str) {
    let (start, end) = match rtype {
        Rtype::TXT | Rtype::HINFO | Rtype::CAA => (0, 0),
        // Three strings, then the replacement (RFC 3403, section 4.1).
        Rtype::NAPTR => (spaces(text).last().unwrap_or(0), text.len()),
        // The priority, the target, then parameters (RFC 9460, section 2.1).
        Rtype::SVCB | Rtype::HTTPS => {
            let mut spaces = spaces(text);
            (spaces.next().unwrap_or(0), spaces.next().unwrap_or(text.len()))
        }
        _ => (0, text.len()),
    };
    let (text, after) = text.split_at_checked(end).unwrap_or((text, ""));
    let (before, names) = text.split_at_checked(start).unwrap_or(("", text));
    (before, names, after)
}

/// Where the spaces stand that no backslash is before.
fn spaces(text: &str) -> impl Iterator<Item = usize> {
    let mut escaped = false;
    text.char_indices().filter_map(move |(at, letter)| {
        let space = letter == ' ' && !escaped;
        escaped = letter == '\\' && !escaped;
        space.then_some(at)
    })
}

/// The uncompressed wire form.
pub(crate) fn wire<D: ComposeRecordData>(data: &D) -> Vec<u8> {
    let mut bytes = Vec::new();
    match data.compose_rdata(&mut bytes) {
        Ok(()) => bytes,
        Err(never) => match never {},
    }
}

/// Reads the uncompressed wire form of a type; data of a known type must be whole and without a rest.
pub(crate) fn from_wire(rtype: Rtype, bytes: Vec<u8>) -> Result<Rdata, String> {
    if bytes.len() > usize::from(u16::MAX) {
        return Err(format!("the data has {} bytes, more than a record can hold", bytes.len()));
    }
    let bytes = Bytes::from(bytes);
    let mut parser = Parser::from_ref(&bytes);
    let parsed = ZoneRecordData::<Bytes, ParsedName<Bytes>>::parse_rdata(rtype, &mut parser)
        .map_err(|why| format!("the data is not that of a {rtype}: {why}"))?
        .ok_or_else(|| format!("{rtype} is not a type of records"))?;
    if parser.remaining() > 0 {
        return Err(format!("the data of a {rtype} has {} bytes too many", parser.remaining()));
    }
    match parsed.try_flatten_into() {
        Ok(flat) => Ok(flat),
        Err(never) => match never {},
    }
}
