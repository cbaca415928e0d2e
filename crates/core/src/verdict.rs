//! What is decided about a cell: four words, and nothing between them.

use serde::{Deserialize, Serialize};

/// The measured verdict. Ordered by how much a reader must worry: `worst()` is `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A quorum of fresh passes.
    Operational,
    /// No fresh evidence, or too little of it.
    Unknown,
    /// Works for some, sometimes, or slowly.
    Degraded,
    /// A confirmed majority of fresh voters fails.
    Outage,
}

impl Verdict {
    /// All four, from best to worst.
    pub const ALL: [Self; 4] = [Self::Operational, Self::Unknown, Self::Degraded, Self::Outage];

    /// The word used in JSON, metrics and style sheets.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Degraded => "degraded",
            Self::Outage => "outage",
            Self::Unknown => "unknown",
        }
    }

    /// Whether customers are measured to suffer.
    #[must_use]
    pub const fn is_failing(self) -> bool {
        matches!(self, Self::Degraded | Self::Outage)
    }
}
