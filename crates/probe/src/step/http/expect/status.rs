//! `status:`

use candor_core::fault::Kind;
use candor_core::model::{HttpStep, StatusRange};

use super::super::Answer;
use crate::failure::StepFailure;

/// Holds the status to the ranges that pass.
///
/// # Errors
/// [`Kind::HttpStatus`]
pub(in crate::step::http) fn expect(step: &HttpStep, answer: &Answer) -> Result<(), StepFailure> {
    let status = answer.status.as_u16();
    let ranges = &step.expect.status;
    if ranges.iter().any(|range| (range.first..=range.last).contains(&status)) {
        return Ok(());
    }
    let wanted: Vec<String> = ranges.iter().map(written).collect();
    let detail = format!("status {}, expected {}", answer.status, wanted.join(" or "));
    Err(StepFailure::new(Kind::HttpStatus, detail))
}

fn written(range: &StatusRange) -> String {
    if range.first == range.last {
        range.first.to_string()
    } else {
        format!("{} to {}", range.first, range.last)
    }
}
