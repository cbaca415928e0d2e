//! What a failing HTTP step saw, and what lies beneath an error of the connection.
//!
//! Fields that are credentials by their name show stars; all else is redacted and bounded by the runner.

use std::error::Error;
use std::io::{self, ErrorKind};

use candor_core::fault::Kind;
use candor_core::observation::Evidence;
use candor_core::template::REDACTED;

use super::{Answer, exchange};
use crate::connect::io_kind;
use crate::failure::StepFailure;
use crate::redact::SECRET_FIELDS;

/// Bytes of content that go into evidence before it is redacted: more than stay, so that the cut falls later.
const BODY_MAX: usize = 16 << 10;

/// The failure with the answer as its evidence.
pub(super) fn add(mut failure: StepFailure, answer: &Answer) -> StepFailure {
    let status = format!("{} {}", exchange::version(answer.version), answer.status);
    let fields = answer.headers.iter().map(|(name, value)| {
        if SECRET_FIELDS.contains(&name.as_str()) {
            format!("{name}: {REDACTED}")
        } else {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        }
    });
    let content = answer.content();
    let (head, _) = content.split_at_checked(BODY_MAX).unwrap_or((content, &[]));
    let evidence = failure.evidence.get_or_insert_with(Evidence::default);
    evidence.lines.push(status);
    evidence.lines.extend(fields);
    evidence.body = String::from_utf8_lossy(head).into_owned();
    failure
}

/// An error and what lies beneath it, in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut beneath = error.source();
    while let Some(error) = beneath {
        let more = error.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        beneath = error.source();
    }
    said
}

/// How a connection ended that should not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The server ended it, or the stream that we had on it.
    Off,
    /// What came breaks the rules of HTTP, or our bounds.
    Rules,
    /// What came breaks the rules of TLS; also an alert after the handshake, say, for want of our certificate.
    Tls,
    /// The socket failed.
    Socket(Kind),
}

/// What an error of a connection says.
pub(super) fn broken(error: &hyper::Error) -> Broken {
    if error.is_parse() {
        return Broken::Rules;
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Broken::Off;
    }
    let mut beneath: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = beneath {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return broken_io(io);
        }
        if let Some(h2) = error.downcast_ref::<h2::Error>() {
            return match h2.get_io() {
                Some(io) => broken_io(io),
                None if h2.is_remote() => Broken::Off,
                None => Broken::Rules,
            };
        }
        beneath = error.source();
    }
    Broken::Rules
}

fn broken_io(error: &io::Error) -> Broken {
    let is_tls = error.get_ref().is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some());
    match error.kind() {
        _ if is_tls => Broken::Tls,
        ErrorKind::UnexpectedEof => Broken::Off,
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::QuotaExceeded => Broken::Rules,
        _ => Broken::Socket(io_kind(error)),
    }
}
