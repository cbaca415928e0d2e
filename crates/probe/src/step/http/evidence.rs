//! What a failing HTTP step saw, and what lies beneath an error of the connection.
//!
//! Fields that are credentials by their name show stars; all else is redacted and bounded by the runner.

use std::error::Error;
use std::io;

use candor_core::observation::Evidence;
use candor_core::template::REDACTED;

use super::{Answer, exchange};
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

/// The error of the socket beneath an error, if there is one.
pub(super) fn io_cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e io::Error> {
    let mut beneath = error.source();
    while let Some(error) = beneath {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        beneath = error.source();
    }
    None
}

/// Whether an error of a socket comes from TLS: an alert after the handshake, say, for want of our certificate.
pub(super) fn is_tls(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
}
