//! One of four servers keeps an old zone.

use super::{Cause, Kept, Lever};
use crate::layout::Region;

pub(super) const LEVER: Lever = Lever {
    id: "copy-old",
    title: "One server serves an old zone",
    does: "A zone without the name of buying was repaired, and the Indian copy never heard of the repair: it is not told, and its requests are refused. It answers from what it has.",
    notice: "In India nobody can buy, for as long as it lasts. Everywhere else all is well.",
    expect: "Buying fails in India alone; the servers of the zone have different serials.",
    causes: &[Cause::Keeps(Region::India, Kept::Without(&["buy", "buy.internal"]))],
};
