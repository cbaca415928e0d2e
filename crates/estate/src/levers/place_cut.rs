//! One place is cut off.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "place-cut",
    title: "India is cut off",
    does: "The listeners of the four Indian storefronts are closed, and every connection to them. \
           The other places share the processes and run on.",
    notice: "In India the shop does not open. Everywhere else all is well.",
    expect: "Browsing fails in India alone because the connection is refused; three places stay green.",
    causes: &[Cause::PlaceCut("in")],
};
