//! What an answer must be, one file for each group of expectations.
//!
//! The order is that of telling most: the status, then an apology, texts, JSON, fields, the length and hash of the
//! content, and how long it all took.

mod fields;
mod json;
mod size;
pub(super) mod status;
mod text;
mod time;

use candor_core::model::HttpStep;

use super::Answer;
use crate::failure::StepFailure;
use crate::step::StepContext;

/// Holds `answer` to everything that the step expects.
///
/// # Errors
/// The first expectation that fails.
pub(super) fn judge(step: &HttpStep, context: &StepContext<'_>, answer: &Answer) -> Result<(), StepFailure> {
    status::expect(step, answer)?;
    text::expect(step, context, answer)?;
    json::expect(step, context, answer)?;
    fields::expect(step, context, answer)?;
    size::expect(step, answer)?;
    time::expect(step, context, answer)
}
