//! From the evidence of a walk to a named cause: F1 to F16 of docs/dns.md, "healthy", or "could not tell".
//!
//! * [`judge()`]: pure; what was heard in, a typed finding out. `page` makes its sentences.
//! * [`way()`]: a walk as a picture needs it.
//! * [`across`]: from failing cells to their causes: which names are walked to, and what explains how much.
//! * [`registered`]: the domain that a registry could be asked about, and [`with_registration`] what its answer adds.
//! * [`Known`]: what is known of a name from before, or demanded of it; [`unused()`]: what of that the walk could not use.
//!
//! Failure policy: what the evidence does not say is not said. A fault that only some servers or resolvers show comes
//! after one that stops everybody; of several that stop everybody, the one nearest to the root is the cause.

pub mod across;
mod judge;
mod known;
mod registration;
mod way;

pub use judge::{judge, unused};
pub use known::{Known, KnownName, UnreadableExpectation};
pub use registration::{registered, with_registration};
pub use way::{answer_of, in_short, said_by, way};
