//! Every name server of the shop is stopped.

use super::{Cause, Lever};
use crate::layout::Region;
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "servers-silent",
    title: "All name servers fall silent",
    does: "The four processes that answer for the shop’s zone are stopped in their tracks (SIGSTOP). Their sockets are open, and nobody answers. The name server of what lives apart runs on.",
    notice: "Nothing works, anywhere, after a long wait.",
    expect: "Everything fails in every place because no name server answers in time: one cause for all of it.",
    causes: &[
        Cause::Pauses(Role::Dns),
        Cause::Pauses(Role::Copy(Region::West)),
        Cause::Pauses(Role::Copy(Region::East)),
        Cause::Pauses(Role::Copy(Region::India)),
    ],
};
