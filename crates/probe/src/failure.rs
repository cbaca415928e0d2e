//! Why a step failed: the kind of fault, a line of detail, and what was seen.
//!
//! Texts in here may hold secrets and hostile bytes: the runner redacts and bounds them once, at the end of a run,
//! so that no step has to remember to.

use candor_core::fault::Kind;
use candor_core::observation::Evidence;

/// Why a step failed.
#[derive(Debug)]
pub(crate) struct StepFailure {
    /// What is wrong.
    pub(crate) kind: Kind,
    /// One line for operators; redacted and cut by the runner.
    pub(crate) detail: String,
    /// What was seen, where something was; redacted and cut by the runner.
    pub(crate) evidence: Option<Evidence>,
}

impl StepFailure {
    /// A failure without evidence.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), evidence: None }
    }

    /// The step cannot run as configured.
    pub(crate) fn config(detail: impl Into<String>) -> Self {
        Self::new(Kind::VantageConfig, detail)
    }

    /// The same with lines of evidence before those it already has.
    #[must_use]
    pub(crate) fn with_lines(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        let evidence = self.evidence.get_or_insert_default();
        evidence.lines.splice(0..0, lines);
        self
    }
}
