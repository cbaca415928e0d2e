//! Answers put into bytes: compressed, within their size, with EDNS where the request had it, signed where it was.
//!
//! Failure policy: what does not fit is an error for the caller, who gives less.

use std::convert::Infallible;

use bytes::Bytes;
use domain::base::iana::{Class, ExtendedErrorCode, OptRcode, Rcode as WireRcode};
use domain::base::message_builder::{AdditionalBuilder, OptBuilder, PushError, QuestionBuilder};
use domain::base::opt::exterr::ExtendedError;
use domain::base::{MessageBuilder, Ttl};
use domain::tsig::ServerSequence;

use super::compressed::Compressed;
use super::request::Request;
use crate::name::Name;
use crate::record::Rcode;
use crate::tsig::{self, Key};
use crate::zone::{Answer, Given, Rdata};

/// Largest UDP answer, whatever the client offers: it passes every path unfragmented (RFC 9715).
pub(super) const MAX_UDP: u16 = 1232;
/// Largest answer to a client without EDNS (RFC 1035, section 2.3.4).
pub(super) const PLAIN_UDP: u16 = 512;
/// OPT with one extended error without text.
const OPT_ROOM: usize = 11 + 6;

type Target = Compressed;

/// What of a message must stay free for what comes at its end.
pub(super) fn reserved(request: &Request) -> usize {
    let opt = if request.edns.is_some() { OPT_ROOM } else { 0 };
    opt + request.signed.as_ref().map_or(0, |signed| signed.wrapped_key().room())
}

pub(super) fn start(request: &Request, rcode: WireRcode) -> Option<MessageBuilder<Target>> {
    let mut builder = MessageBuilder::from_target(Compressed::default()).ok()?;
    let header = builder.header_mut();
    header.set_id(request.header.id());
    header.set_qr(true);
    header.set_opcode(request.header.opcode());
    header.set_rd(request.header.rd());
    header.set_rcode(rcode);
    Some(builder)
}

/// The question as it was asked.
pub(super) fn ask_again(request: &Request, builder: &mut QuestionBuilder<Target>) -> Result<(), PushError> {
    let Some((question, class)) = &request.question else { return Ok(()) };
    builder.push((question.wire_name(), question.wire_type(), *class))
}

fn parts<'a>(record: &'a Given<'_>) -> (&'a Name, Class, Ttl, &'a Rdata) {
    (&record.owner, Class::IN, record.ttl, &record.data)
}

/// An answer that fits `limit`.
pub(super) fn whole(request: &Request, found: &Answer<'_>, limit: usize) -> Result<Vec<u8>, PushError> {
    put(request, found, limit, false)
}

/// The question and TC alone: the client comes again over TCP (RFC 7766, section 5).
pub(super) fn truncated(request: &Request, found: &Answer<'_>) -> Option<Vec<u8>> {
    let rcode = if found.rcode == Rcode::NXDOMAIN { Rcode::NXDOMAIN } else { Rcode::NOERROR };
    let empty = Answer { rcode, aa: found.aa, ..Answer::default() };
    put(request, &empty, usize::from(PLAIN_UDP), true).ok()
}

fn put(request: &Request, found: &Answer<'_>, limit: usize, tc: bool) -> Result<Vec<u8>, PushError> {
    let rcode = OptRcode::masked_from_int(found.rcode.0);
    let mut builder = start(request, rcode.rcode()).ok_or(PushError::ShortBuf)?;
    builder.header_mut().set_aa(found.aa);
    builder.header_mut().set_tc(tc);
    builder.set_push_limit(limit.saturating_sub(reserved(request)));
    let mut builder = builder.question();
    ask_again(request, &mut builder)?;
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
    seal(request, builder, rcode, None)
}

/// An answer without records.
pub(super) fn error(request: &Request, rcode: OptRcode, ede: Option<ExtendedErrorCode>) -> Option<Vec<u8>> {
    let builder = start(request, rcode.rcode())?;
    let mut builder = builder.question();
    ask_again(request, &mut builder).ok()?;
    seal(request, builder.additional(), rcode, ede).ok()
}

/// The answer to a NOTIFY (RFC 1996, section 4.7).
pub(super) fn notified(request: &Request, rcode: OptRcode) -> Option<Vec<u8>> {
    let mut builder = start(request, rcode.rcode())?;
    builder.header_mut().set_aa(rcode == OptRcode::NOERROR);
    let mut builder = builder.question();
    ask_again(request, &mut builder).ok()?;
    seal(request, builder.additional(), rcode, None).ok()
}

/// The end of a message that stands alone.
fn seal(
    request: &Request,
    mut builder: AdditionalBuilder<Target>,
    rcode: OptRcode,
    ede: Option<ExtendedErrorCode>,
) -> Result<Vec<u8>, PushError> {
    if request.edns.is_some() {
        builder.opt(|opt| describe(opt, rcode, ede))?;
    }
    if let Some(signed) = &request.signed {
        signed.clone().answer(&mut builder, tsig::now())?;
    }
    Ok(builder.finish().into_bytes())
}

/// The end of one message of many.
pub(super) fn seal_one_of_many(
    request: &Request,
    mut builder: AdditionalBuilder<Target>,
    sequence: Option<&mut ServerSequence<Key>>,
) -> Result<Vec<u8>, PushError> {
    builder.clear_push_limit();
    if request.edns.is_some() {
        builder.opt(|opt| describe(opt, OptRcode::NOERROR, None))?;
    }
    if let Some(sequence) = sequence {
        sequence.answer(&mut builder, tsig::now())?;
    }
    Ok(builder.finish().into_bytes())
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
