//! Support is behind an apology.

use super::{Cause, Lever};
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "apology-elsewhere",
    title: "Support apologises, with status 200",
    does: "In front of the whole support site stands a page: “We will be back soon.” Its status is the one that means success.",
    notice: "No ticket can be opened.",
    expect: "Asking support fails though the page says 200: no ticket comes of it. All else stays green.",
    causes: &[Cause::Page(Role::Support, 200, "We will be back soon.")],
};
