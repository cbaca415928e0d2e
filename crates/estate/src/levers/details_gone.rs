//! The name under which item pages find what they tell leaves the zone.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "details-gone",
    title: "Item pages break",
    does: "details.internal.shop.example is taken out of the zone. What item pages tell lives there and nowhere else; \
           the charts and the search are the stores’ own.",
    notice: "The front page is as always. Every page of a single item says that it cannot be shown.",
    expect: "Viewing items fails with status 503 in every place; browsing, buying and downloading stay green.",
    causes: &[Cause::NamesLeave(&["details.internal"])],
};
