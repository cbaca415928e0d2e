//! The process that takes orders is killed.

use super::{Cause, Lever};
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "process-dies",
    title: "The process that takes orders dies",
    does: "The commerce process is killed on the spot (SIGKILL). Mending starts it again on the same database: \
           every order that was answered is still there.",
    notice: "Browsing works. Buying fails, just as when its name is gone; from the shop’s page the two look alike.",
    expect: "Buying fails in every place because the connection is refused. The name is fine: it is not DNS.",
    causes: &[Cause::Dies(Role::Commerce)],
};
