//! The store is slow.

use super::{Cause, Lever};
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "slow",
    title: "The store is slow",
    does: "Every answer of the store waits for three seconds.",
    notice: "Pages come, late.",
    expect: "Browsing is degraded or failing in every place, by what the journey allows; nothing is refused.",
    causes: &[Cause::Fault(Role::Store, "slow")],
};
