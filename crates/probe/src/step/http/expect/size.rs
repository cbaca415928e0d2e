//! `size:` and `sha256:`, the content as a whole.

use candor_core::fault::Kind;
use candor_core::model::HttpStep;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::super::Answer;
use crate::failure::StepFailure;

/// Holds the content to its length and hash.
///
/// # Errors
/// [`Kind::TransferTruncated`] where it is too short, [`Kind::ContentAssertion`] where it is too long or another.
pub(super) fn expect(step: &HttpStep, answer: &Answer) -> Result<(), StepFailure> {
    let failed = |kind, detail: String| Err(StepFailure::new(kind, detail));
    let content = answer.content();
    let length = content.len() as u64;
    let cut = answer.received.cut;
    if let Some(size) = step.expect.size {
        if length < size.min && !cut {
            let detail = format!("{length} bytes of content, expected at least {}", size.min);
            return failed(Kind::TransferTruncated, detail);
        }
        if length > size.max || cut {
            let more = if cut { "more than " } else { "" };
            let detail = format!("{more}{length} bytes of content, expected at most {}", size.max);
            return failed(Kind::ContentAssertion, detail);
        }
    }
    if let Some(wanted) = &step.expect.sha256 {
        if cut {
            return failed(
                Kind::ContentAssertion,
                format!("no hash: the content is longer than {length} bytes (body_max)"),
            );
        }
        let found = HEXLOWER.encode(&Sha256::digest(content));
        if !found.eq_ignore_ascii_case(wanted) {
            return failed(
                Kind::ContentAssertion,
                format!("the SHA-256 of the content is {found}, expected {wanted}"),
            );
        }
    }
    Ok(())
}
