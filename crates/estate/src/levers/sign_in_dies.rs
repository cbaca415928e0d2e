//! The process that signs customers in is killed.

use super::{Cause, Lever};
use crate::role::Role;

pub(super) const LEVER: Lever = Lever {
    id: "sign-in-dies",
    title: "The process that signs customers in dies",
    does: "The identity process is killed on the spot (SIGKILL). Mending starts it again; who was signed in still is.",
    notice: "Nobody can sign in, so nobody can buy. Browsing works.",
    expect: "Signing in and buying fail together, in every place: one cause, two services.",
    causes: &[Cause::Dies(Role::Identity)],
};
