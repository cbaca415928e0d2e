//! Downloads begin and then stop.

use super::{Cause, Lever};
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "downloads-stall",
    title: "Downloads stall",
    does: "The delivery process sends the first fifth of every file and then waits for a disk that does not answer. \
           The connection stays open. Mending lets downloads under way go on.",
    notice: "A download starts, gets to 20 %, and spins for ever.",
    expect: "Downloads fail as stalled, which is neither refused nor slow; everything else stays green.",
    causes: &[Cause::Fault(Role::Delivery, "stall")],
};
