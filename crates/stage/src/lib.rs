//! The stage: scenarios of causes, the truth that follows from them, and the score of whoever watches.
//!
//! A [`Scenario`] says what really happens to the estate and when, never what anybody should see. From it comes the
//! [`Truth`]: what a customer with an empty cache can do, by place; made by live customers ([`live`]) or worked out by
//! the [`model`]. Whoever watches is met from outside alone: by its public page ([`live`]) or as a [`Subject`]; what its
//! page said is the [`Seen`]. [`score()`] holds the one against the other. The truth never reaches who watches.
//!
//! In reading order: [`cause`] and [`scenario`] (the language), [`truth`], [`mod@fault`], [`seen`] and [`mod@score`] (pure), [`model`]
//! (the world of the simulated mode), [`subject`] and [`play`] (a simulated run), [`live`] (real processes), [`tell`]
//! (timeline, report, JSON), [`variations`] (scenarios from a seed).
//!
//! Failure policy: a scenario with faults is refused with every fault at its place. The pure parts cannot fail.
//! Absent: anything of Candor. The stage stands on the estate alone, so that it cannot take over Candor's errors.

pub mod cause;
pub mod fault;
pub mod live;
pub mod model;
pub mod play;
pub mod scenario;
pub mod score;
pub mod seen;
mod splitmix;
pub mod subject;
pub mod tell;
pub mod truth;
pub mod variations;

pub use cause::Cause;
pub use fault::Fault;
pub use scenario::{Event, Scenario};
pub use score::{Scores, score};
pub use seen::{Seen, Verdict};
pub use subject::Subject;
pub use truth::{Can, CellName, Layer, Truth};

/// Milliseconds since the scenario began.
pub type Ms = u64;
