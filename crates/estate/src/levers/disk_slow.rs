//! The disk of the process that takes orders is slow.

use super::{Cause, Lever};
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "disk-slow",
    title: "A disk is slow",
    does: "Every use of its database waits for three seconds in the process that takes orders, one after another, as at a disk that is failing.",
    notice: "Buying takes for ever, and then fails.",
    expect: "Buying fails in every place because it takes too long. No connection is refused, and no name is missing.",
    causes: &[Cause::Fault(Role::Commerce, "slow-disk")],
};
