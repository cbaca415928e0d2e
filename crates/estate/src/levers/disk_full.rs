//! The disk of the process that takes orders is full.

use super::{Cause, Lever};
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "disk-full",
    title: "A disk is full",
    does: "The process that takes orders can write nothing more: the system refuses every write to a file. It runs on, and can read.",
    notice: "Buying fails: “something broke here”. What was bought before can still be downloaded.",
    expect: "Buying fails with status 500 in every place; browsing and downloading stay green.",
    causes: &[Cause::DiskFull(Role::Commerce)],
};
