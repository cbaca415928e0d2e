//! What is pulled and which processes run, as a value.

use std::net::SocketAddr;
use std::time::Duration;

use crate::levers::Lever;
use crate::role::Role;

/// The estate at one moment.
#[derive(Debug, Clone)]
pub struct State {
    /// Every lever, in the order in which to try them.
    pub levers: Vec<LeverState>,
    /// Every role.
    pub roles: Vec<RoleState>,
}

/// A lever at one moment.
#[derive(Debug, Clone)]
pub struct LeverState {
    /// Which.
    pub lever: &'static Lever,
    /// For how long it has been pulled; none if it is not.
    pub pulled_for: Option<Duration>,
}

/// A role at one moment.
#[derive(Debug, Clone)]
pub struct RoleState {
    /// Which.
    pub role: Role,
    /// Where it listens when it runs.
    pub address: SocketAddr,
    /// Its process, if it runs.
    pub pid: Option<u32>,
    /// Whether it was killed on purpose; a role without process that nobody killed has died by itself.
    pub killed: bool,
    /// Whether it is stopped in its tracks.
    pub paused: bool,
}
