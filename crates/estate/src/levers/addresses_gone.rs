//! The name of buying stays, without an address.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "addresses-gone",
    title: "A name has lost its addresses",
    does: "orders.shop.example, to which buy.shop.example leads, stays in the zone with a text record and without an address.",
    notice: "Buying fails. A look at the zone finds the name, and a check for NXDOMAIN finds nothing.",
    expect: "Buying fails in every place because its name has no address (NODATA), which is not the same as no name.",
    causes: &[Cause::AddressesLeave(&["orders"])],
};
