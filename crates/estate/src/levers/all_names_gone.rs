//! Every name leaves the zone.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "all-names-gone",
    title: "Every name is gone",
    does: "All names of the shop are taken out of the zone; the zone itself and its name server stay. Every process runs on, unharmed and unfindable.",
    notice: "Nothing works, anywhere.",
    expect: "Everything fails in every place because no name exists: one cause for all of it.",
    causes: &[Cause::EveryNameLeaves],
};
