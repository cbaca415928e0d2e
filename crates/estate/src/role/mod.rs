//! The roles: one process each, one file each, found by the others only by name.
//!
//! Reading order: `args` (how a role is started), `control` (how it is told things while it runs), then the roles:
//! `dns` (five name servers), `store` (four of them), `details`, `identity`, `commerce`, `delivery`. A new role is a file with its
//! [`Sheet`] and a row in [`Role::ALL`], [`Role::sheet`] and [`run_role`].
//!
//! A role says `ready` on its standard output once its sockets are bound, obeys orders on its standard input, and
//! ends when that input ends: so no role outlives whoever started it.

mod args;
mod callers;
mod commerce;
mod connect;
mod control;
mod customers;
mod database;
mod delivery;
mod details;
mod dns;
mod documents;
mod identity;
mod key;
mod mail;
mod social;
mod status;
mod store;
mod support;
mod testflight;

use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::signal::unix::{SignalKind, signal};

use crate::catalogue::Shelf;
use crate::http::{Door, shell};
use crate::layout::Region;

pub use args::{ArgsError, RoleArgs, USAGE};
pub(crate) use control::SLOW_MAX_MS;
pub use control::{Faults, ServedPage};
pub use delivery::{PROBE_SHA256, PROBE_SIZE};
pub(crate) use dns::KEY_FILE;
pub use identity::{
    DESK_PASSWORD, DESK_USER, DEVELOPER_PASSWORD, DEVELOPER_USER, PROBE_PASSWORD, PROBE_USER,
};
pub use social::{SUPPORT_AUTHOR, SUPPORT_KEY};
pub use status::STATUS_KEY;

/// What a process of the estate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Answers for the shop's zone: the primary.
    Dns,
    /// Answers from a copy of it.
    Copy(Region),
    /// Answers for the zone that lives apart.
    Outside,
    /// Front pages and item pages of every place, for one shelf.
    Store(Shelf),
    /// Says what item pages tell beside what the charts tell.
    Details,
    /// Signs customers in.
    Identity,
    /// Takes orders.
    Commerce,
    /// Hands out files.
    Delivery,
    /// Takes letters in and keeps them.
    Mail,
    /// Keeps documents and their versions.
    Documents,
    /// Answers customers who need help.
    Support,
    /// Shows what customers say in public.
    Social,
    /// Shows what a person last said of each system.
    Status,
    /// Takes builds from developers.
    Connect,
    /// Gives beta builds to testers.
    Testflight,
    /// Comes and buys, or cannot.
    Customers,
}

/// A role's place on the map.
#[derive(Debug, Clone, Copy)]
pub struct Sheet {
    /// Its word on the command line and in logs.
    pub word: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// The last octet of its address.
    pub octet: u8,
    /// Its names, relative to the zone.
    pub hosts: &'static [&'static str],
}

impl Role {
    /// Every role, the name servers first: the others need them.
    pub const ALL: &'static [Self] = &[
        Self::Dns,
        Self::Copy(Region::West),
        Self::Copy(Region::East),
        Self::Copy(Region::India),
        Self::Outside,
        Self::Identity,
        Self::Commerce,
        Self::Delivery,
        Self::Mail,
        Self::Customers,
        Self::Testflight,
        Self::Connect,
        Self::Status,
        Self::Social,
        Self::Support,
        Self::Documents,
        Self::Details,
        Self::Store(Shelf::Apps),
        Self::Store(Shelf::MacApps),
        Self::Store(Shelf::Music),
        Self::Store(Shelf::Books),
    ];

    /// Its place on the map.
    #[must_use]
    pub const fn sheet(self) -> &'static Sheet {
        match self {
            Self::Dns => &dns::SHEET,
            Self::Copy(region) => dns::copy_sheet(region),
            Self::Outside => &dns::OUTSIDE_SHEET,
            Self::Store(shelf) => store::sheet(shelf),
            Self::Details => &details::SHEET,
            Self::Identity => &identity::SHEET,
            Self::Commerce => &commerce::SHEET,
            Self::Delivery => &delivery::SHEET,
            Self::Mail => &mail::SHEET,
            Self::Customers => &customers::SHEET,
            Self::Testflight => &testflight::SHEET,
            Self::Connect => &connect::SHEET,
            Self::Status => &status::SHEET,
            Self::Social => &social::SHEET,
            Self::Support => &support::SHEET,
            Self::Documents => &documents::SHEET,
        }
    }

    /// Its word on the command line and in logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.sheet().word
    }

    /// The shelf of a store.
    #[must_use]
    pub const fn shelf(self) -> Option<Shelf> {
        match self {
            Self::Store(shelf) => Some(shelf),
            _ => None,
        }
    }

    /// Whether it answers for a zone.
    #[must_use]
    pub const fn is_name_server(self) -> bool {
        matches!(self, Self::Dns | Self::Copy(_) | Self::Outside)
    }

    /// The role with this word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.word() == word)
    }
}

/// Why a role does not run, or not any more.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// The command line is wrong.
    #[error(transparent)]
    Args(#[from] ArgsError),
    /// Its address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// What it stores cannot be opened.
    #[error("cannot open its database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The zone cannot be served.
    #[error("cannot serve the zone: {0}")]
    Zone(String),
    /// The key with which it signs cannot be used.
    #[error("cannot sign: {0}")]
    Key(String),
    /// Its certificate cannot be used.
    #[error("its certificate cannot be used: {0}")]
    Certificate(String),
    /// Its control lines broke.
    #[error("cannot answer on standard output: {0}")]
    Control(io::Error),
}

/// The signal of a write that a limit on the size of files forbids; the same number on Linux, macOS and the BSDs.
const SIGXFSZ: i32 = 25;

/// Runs a role until its standard input ends.
///
/// # Errors
/// When it cannot start, or cannot go on. A taken address is also said on standard output, so that whoever started
/// the role can try another.
pub async fn run_role(args: RoleArgs) -> Result<(), RoleError> {
    // A disk that is full must be an error of a write, and not the end of the process.
    let _oversized = signal(SignalKind::from_raw(SIGXFSZ)).map_err(RoleError::Control)?;
    let control = control::Control::start();
    let (state, temporary) = (args.state.clone(), args.temporary);
    let result = match args.role {
        Role::Dns | Role::Copy(_) | Role::Outside => Box::pin(dns::run(args, control)).await,
        Role::Store(shelf) => Box::pin(store::run(shelf, args, control)).await,
        Role::Details => Box::pin(details::run(args, control)).await,
        Role::Identity => Box::pin(identity::run(args, control)).await,
        Role::Commerce => Box::pin(commerce::run(args, control)).await,
        Role::Delivery => Box::pin(delivery::run(args, control)).await,
        Role::Mail => Box::pin(mail::run(args, control)).await,
        Role::Customers => Box::pin(customers::run(args, control)).await,
        Role::Testflight => Box::pin(testflight::run(args, control)).await,
        Role::Connect => Box::pin(connect::run(args, control)).await,
        Role::Status => Box::pin(status::run(args, control)).await,
        Role::Social => Box::pin(social::run(args, control)).await,
        Role::Support => Box::pin(support::run(args, control)).await,
        Role::Documents => Box::pin(documents::run(args, control)).await,
    };
    match &result {
        Err(RoleError::Listen { source, .. }) => control::say_taken(source).map_err(RoleError::Control)?,
        // Whoever started us is gone without stopping us: what was only for this run goes with the run.
        Ok(()) if temporary => drop(std::fs::remove_dir_all(state)),
        Ok(()) | Err(_) => {}
    }
    result
}

/// Serves these pages behind the front that every role has, and obeys orders, until the role ends.
async fn serve(address: SocketAddr, routes: Router, control: control::Control) -> Result<(), RoleError> {
    let _door = Door::open(address, shell(routes, control.faults()))
        .await
        .map_err(|source| RoleError::Listen { address, source })?;
    control.attend(async |_| Ok(())).await.map_err(RoleError::Control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::PLACES;

    #[test]
    fn every_role_is_in_the_map_and_in_the_usage() {
        let map = include_str!("../lib.rs");
        for role in Role::ALL {
            let sheet = role.sheet();
            let mut hosts: Vec<_> = sheet.hosts.iter().map(|host| format!("`{host}`")).collect();
            hosts.extend(role.shelf().map(|shelf| format!("`{{place}}.{}`", shelf.word())));
            let row = format!("//! | `{}` | {} | ", sheet.word, hosts.join(", "));
            assert!(map.contains(&row), "the module docs of the crate miss: {row}");
            assert!(USAGE.contains(sheet.word));
            assert_eq!(Role::find(sheet.word), Some(*role));
        }
    }

    #[test]
    fn no_two_roles_share_an_address_and_there_is_room_for_the_places() {
        for (n, role) in Role::ALL.iter().enumerate() {
            let octet = role.sheet().octet;
            assert_eq!(Role::ALL.iter().position(|other| other.sheet().octet == octet), Some(n));
            assert!((1..100).contains(&octet));
        }
        assert!(PLACES.len() <= 155);
    }
}
