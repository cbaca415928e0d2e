//! The zone’s file ends early, at a line end.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "zone-truncated",
    title: "The zone file was cut off",
    does: "The end of the zone file is missing, as after a copy that did not end. What is left is a good zone, with a higher serial, and is published.",
    notice: "Some stores are gone in some places, others are well: who is further down in the file has lost.",
    expect: "Browsing fails for whole stores and places because their names do not exist, all at one moment.",
    causes: &[Cause::ZoneEndsEarly],
};
