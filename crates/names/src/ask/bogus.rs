//! A resolver that fails because validation fails, told from one that cannot get the data.
//!
//! A validating resolver says SERVFAIL for both. Newer ones say why (RFC 8914); every one gives the data to who does not
//! want it checked. Absent: validation of our own.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{AskOptions, Exchange, ask};
use crate::record::Rcode;

/// The extended errors by which a resolver says that validation failed (RFC 8914, sections 4.7 to 4.13).
const OF_VALIDATION: RangeInclusive<u16> = 6..=12;

/// Whether the server failed to answer because the data fails validation: it says so itself, or answers the same
/// question when it is asked within `deadline` not to check (RFC 4035, section 3.2.2).
pub async fn fails_validation(failed: &Exchange, deadline: Duration) -> bool {
    if failed.rcode != Rcode::SERVFAIL {
        return false;
    }
    match &failed.ede {
        Some((code, _)) if OF_VALIDATION.contains(code) => return true,
        // Who does not recurse does not validate either.
        _ if !failed.flags.ra => return false,
        _ => {}
    }
    let options = AskOptions { deadline, checking_disabled: true, retry: false, ..AskOptions::default() };
    let unchecked = ask(failed.server, &failed.question, &options).await;
    unchecked.is_ok_and(|answer| matches!(answer.rcode, Rcode::NOERROR | Rcode::NXDOMAIN))
}
