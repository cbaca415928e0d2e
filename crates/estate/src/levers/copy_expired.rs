//! A copy has not been current for too long.

use super::{Cause, Kept, Lever};
use crate::layout::Region;

pub(super) const LEVER: Lever = Lever {
    id: "copy-expired",
    title: "A copy has expired",
    does: "The Indian copy is cut off from the primary. After ten seconds its zone is too old by what the zone itself says (EXPIRE), and it answers every question with SERVFAIL.",
    notice: "In India nothing opens, ten seconds later. Everywhere else all is well.",
    expect: "Everything fails in India: the name server is there, and says that it cannot answer.",
    causes: &[Cause::Keeps(Region::India, Kept::Expires)],
};
