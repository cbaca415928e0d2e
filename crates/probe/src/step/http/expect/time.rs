//! `within:` and `rate:`, how long it took.

use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::model::HttpStep;

use super::super::Answer;
use crate::deadline::seconds;
use crate::failure::StepFailure;
use crate::step::StepContext;

/// A transfer shorter than this says nothing about its rate: it came with the head, or nearly.
const RATE_FROM: Duration = Duration::from_millis(50);

/// Holds the step to its time and the transfer to its rate.
///
/// # Errors
/// [`Kind::TransferTooSlow`] for the rate, [`Kind::DeadlineExceeded`] for the time.
pub(super) fn expect(step: &HttpStep, context: &StepContext<'_>, answer: &Answer) -> Result<(), StepFailure> {
    let took = answer.received.took;
    if let Some(wanted) = step.expect.rate
        && took >= RATE_FROM
    {
        let micros = took.as_micros().max(1);
        let rate = u128::from(answer.received.bytes) * 1_000_000 / micros;
        if rate < u128::from(wanted) {
            let detail = format!(
                "{} bytes in {}: {rate} bytes a second, expected at least {wanted}",
                answer.received.bytes,
                seconds(took),
            );
            return Err(StepFailure::new(Kind::TransferTooSlow, detail));
        }
    }
    context.deadline().expect_within(step.expect.within)
}
