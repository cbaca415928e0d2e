//! The last dot of an alias was forgotten.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "dot-missing",
    title: "A final dot is missing",
    does: "In the zone file, buy leads to “orders.shop.example” without its last dot, so that it means orders.shop.example.shop.example. The file is a good zone, and is published.",
    notice: "Buying fails.",
    expect: "Buying fails in every place: its alias leads to a name that does not exist, and the doubled zone is in the evidence.",
    causes: &[Cause::DotMissing("buy")],
};
