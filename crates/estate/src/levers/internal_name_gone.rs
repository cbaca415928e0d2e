//! An internal name leaves the zone; every public name stays.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "internal-name-gone",
    title: "An internal name is gone",
    does: "id.internal.shop.example is taken out of the zone. Customers never see that name; \
           the process that takes orders needs it to ask whose order it is.",
    notice: "Browsing and signing in work. Buying fails: “temporarily unavailable”.",
    expect: "Buying fails with status 503 in every place, though every public name resolves. The shape of 11 March 2015, in small.",
    causes: &[Cause::NamesLeave(&["id.internal"])],
};
