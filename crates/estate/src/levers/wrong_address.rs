//! The name of buying leads to another system.

use super::{Cause, Lever};
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "wrong-address",
    title: "A name leads to the wrong machine",
    does: "orders.shop.example gets the address of the process that tells of items. It answers, and knows nothing of orders.",
    notice: "Buying fails: “there is nothing here”.",
    expect: "Buying fails with status 404 in every place. Every name resolves, every connection is accepted, and it is the DNS all the same.",
    causes: &[Cause::LeadsTo("orders", Role::Details)],
};
