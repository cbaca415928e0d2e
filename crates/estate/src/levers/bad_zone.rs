//! A zone without names that every store needs is on every copy.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "bad-zone",
    title: "The bad zone is everywhere",
    does: "The zone without the names of buying, of item pages and of downloads is published, and every copy fetches it. All processes run.",
    notice: "The four stores open, and nothing can be bought, looked at or downloaded, in any place.",
    expect: "Viewing, buying and downloading fail in every place with one cause: names that do not exist. Browsing, signing in and mail stay green.",
    causes: &[Cause::NamesLeave(super::STORE_NAMES)],
};
