//! The store is slow.

use super::{Cause, Lever};
use crate::catalogue::Shelf;
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "slow",
    title: "The store is slow",
    does: "Every answer of the stores waits for three seconds.",
    notice: "Pages come, late.",
    expect: "In every place, browsing is degraded where a journey waits for more than three seconds, and fails where it does not. No connection is refused.",
    causes: &[
        Cause::Fault(Role::Store(Shelf::Apps), "slow"),
        Cause::Fault(Role::Store(Shelf::MacApps), "slow"),
        Cause::Fault(Role::Store(Shelf::Music), "slow"),
        Cause::Fault(Role::Store(Shelf::Books), "slow"),
    ],
};
