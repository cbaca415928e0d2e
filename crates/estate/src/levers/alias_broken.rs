//! The middle of a chain of aliases leaves the zone.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "alias-broken",
    title: "A chain of aliases is broken",
    does: "cdn leads to edge, and edge to files. edge is taken out of the zone; both ends stay.",
    notice: "Nothing can be downloaded.",
    expect: "Downloads fail in every place because a name in the middle does not exist; all else stays green.",
    causes: &[Cause::NamesLeave(&["edge"])],
};
