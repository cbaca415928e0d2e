//! Every page is the apology page, with status 200.

use super::{Cause, Lever};
use crate::catalogue::Shelf;
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "apology",
    title: "The shop says sorry, with status 200",
    does: "Every store answers every page with its apology page, “temporarily unavailable”, and the status that means success.",
    notice: "No shop, only an apology.",
    expect: "Browsing fails in every place though every status is 200; who checks only the status sees nothing. Buying by program goes on.",
    causes: &[
        Cause::Fault(Role::Store(Shelf::Apps), "apology"),
        Cause::Fault(Role::Store(Shelf::MacApps), "apology"),
        Cause::Fault(Role::Store(Shelf::Music), "apology"),
        Cause::Fault(Role::Store(Shelf::Books), "apology"),
    ],
};
