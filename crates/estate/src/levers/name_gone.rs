//! The name of buying leaves the zone.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "name-gone",
    title: "The name of buying is gone",
    does: "buy.shop.example and its internal name are taken out of the zone file, and the name server is told. \
           The process that takes orders runs on, and nobody can find it.",
    notice: "Browsing works. Buying fails: “We could not complete your purchase.”",
    expect: "Buying fails in every place because its name does not exist; browsing, signing in and downloading stay green.",
    causes: &[Cause::NamesLeave(&["buy", "buy.internal"])],
};
