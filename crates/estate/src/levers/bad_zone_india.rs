//! A zone without names that every store needs reaches the Indian copy first.

use super::{Cause, Kept, Lever};
use crate::layout::Region;

pub(super) const LEVER: Lever = Lever {
    id: "bad-zone-india",
    title: "A bad zone reaches India first",
    does: "A zone without the names of buying, of item pages and of downloads is published. Only the copy of the zone that India asks has fetched it; the two others are not told, and keep the good one.",
    notice: "In India nobody can buy, look at an item, or download. Front pages open. Everywhere else all is well.",
    expect: "Viewing, buying and downloading fail in India alone, because names do not exist there: the copies of one zone differ.",
    causes: &[
        Cause::NamesLeave(super::STORE_NAMES),
        Cause::Keeps(Region::West, Kept::Whole),
        Cause::Keeps(Region::East, Kept::Whole),
    ],
};
