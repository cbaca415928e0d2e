//! Starts the roles as processes, breaks them, mends them, and leaves nothing behind.
//!
//! Reading order: `options`, `world` (what should be so, folded from the levers pulled), `child` (one process),
//! then [`Estate`], which makes the world so. Pulling and mending are both: fold, then reconcile; so they can be
//! repeated, and a step that failed is taken again by the next.

mod child;
mod options;
mod start;
mod state;
mod urls;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::catalogue::Shelf;
use crate::layout::Layout;
use crate::levers::{self, Lever};
use crate::role::{Role, RoleArgs};
use child::Child;
use world::World;

pub use options::{EstateError, EstateOptions};
pub use state::{LeverState, RoleState, State};
pub use urls::Urls;

/// The running estate. Dropping it kills its processes and removes its temporary directory;
/// [`Estate::stop`] does the same without blocking the thread.
#[derive(Debug)]
pub struct Estate {
    options: EstateOptions,
    layout: Layout,
    dir: PathBuf,
    temporary: bool,
    children: BTreeMap<Role, Child>,
    pulled: BTreeMap<&'static str, Instant>,
    /// What was last brought about in full; none after a failure, so that the next time does all of it.
    in_force: Option<World>,
    serial: u32,
}

impl Estate {
    /// Starts every role and waits until each is ready.
    ///
    /// # Errors
    /// When no block of loopback addresses is free, a process does not start, or a place is not known.
    pub async fn start(options: EstateOptions) -> Result<Self, EstateError> {
        start::start(options).await
    }

    /// Where everything is, by name and by address.
    #[must_use]
    pub fn urls(&self) -> Urls {
        Urls::new(self.layout.clone())
    }

    /// The name server to ask for the shop's names, UDP and TCP.
    #[must_use]
    pub fn dns_addr(&self) -> SocketAddr {
        self.layout.socket(Role::Dns)
    }

    /// The directory of its zone file, databases and logs.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Every lever, in the order in which to try them.
    #[must_use]
    pub fn levers(&self) -> &'static [&'static Lever] {
        levers::ALL
    }

    /// Breaks what the lever breaks; doing it again changes nothing.
    ///
    /// # Errors
    /// When there is no such lever, or the estate cannot be brought into that state.
    pub async fn pull(&mut self, id: &str) -> Result<(), EstateError> {
        let lever = find(id)?;
        self.pulled.entry(lever.id).or_insert_with(Instant::now);
        self.reconcile().await
    }

    /// Mends what the lever broke; doing it again changes nothing. Roles that died by themselves are started again
    /// too.
    ///
    /// # Errors
    /// When there is no such lever, or the estate cannot be brought into that state.
    pub async fn mend(&mut self, id: &str) -> Result<(), EstateError> {
        let lever = find(id)?;
        self.pulled.remove(lever.id);
        self.reconcile().await
    }

    /// Mends everything, and starts roles that died by themselves.
    ///
    /// # Errors
    /// When the estate cannot be brought into that state.
    pub async fn mend_all(&mut self) -> Result<(), EstateError> {
        self.pulled.clear();
        self.reconcile().await
    }

    /// What is pulled and which processes run.
    pub fn state(&mut self) -> State {
        let dead = World::of(self.pulled.keys().copied(), &self.layout).dead;
        let levers = levers::ALL.iter().map(|lever| {
            let pulled_for = self.pulled.get(lever.id).map(Instant::elapsed);
            LeverState { lever, pulled_for }
        });
        let levers = levers.collect();
        let roles = Role::ALL.iter().map(|&role| RoleState {
            role,
            address: self.layout.socket(role),
            pid: self.children.get_mut(&role).and_then(Child::pid),
            killed: dead.contains(&role),
        });
        State { levers, roles: roles.collect() }
    }

    /// Stops every process and removes what was temporary.
    pub async fn stop(mut self) {
        for child in self.children.values_mut() {
            child.kill().await;
        }
        self.children.clear();
    }

    async fn reconcile(&mut self) -> Result<(), EstateError> {
        let wanted = World::of(self.pulled.keys().copied(), &self.layout);
        let before = self.in_force.take();
        for &role in Role::ALL {
            if wanted.dead.contains(&role) {
                if let Some(mut child) = self.children.remove(&role) {
                    child.kill().await;
                }
                continue;
            }
            let runs = self.children.get_mut(&role).is_some_and(|child| child.pid().is_some());
            if !runs {
                self.start_role(role).await?;
            }
            let faults = wanted.faults.get(&role).cloned().unwrap_or_default();
            let as_before =
                before.as_ref().is_some_and(|before| before.faults.get(&role) == wanted.faults.get(&role));
            if !runs || !as_before {
                self.order(role, &format!("set {faults}")).await?;
            }
        }
        if before.is_none_or(|before| before.gone != wanted.gone) {
            self.publish_zone(&wanted).await?;
        }
        self.in_force = Some(wanted);
        Ok(())
    }

    /// Writes the zone file with a higher serial and has the name server read it.
    async fn publish_zone(&mut self, wanted: &World) -> Result<(), EstateError> {
        self.write_zone(wanted)?;
        self.order(Role::Dns, "reload").await
    }

    fn write_zone(&mut self, wanted: &World) -> Result<(), EstateError> {
        // Seconds since 1970, so that a serial is higher than that of any earlier run; 32 bits last until 2106.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.serial = u32::try_from(now).unwrap_or(u32::MAX).max(self.serial.saturating_add(1));
        let text = self.layout.zone_file(self.serial, |host| wanted.gone.contains(host));
        let (file, draft) = (self.zone_file(), self.dir.join("zone.draft"));
        let written = std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, &file));
        written.map_err(|source| EstateError::File { file, source })
    }

    fn zone_file(&self) -> PathBuf {
        self.dir.join("shop.example.zone")
    }

    async fn start_role(&mut self, role: Role) -> Result<(), EstateError> {
        let args = RoleArgs {
            role,
            listen: self.layout.socket(role),
            places: self.layout.storefronts(role.shelf().unwrap_or(Shelf::Apps)),
            dns: self.dns_addr(),
            state: self.dir.clone(),
            zone: (role == Role::Dns).then(|| self.zone_file()),
            smtp: (role == Role::Mail).then(|| self.layout.smtp()),
            temporary: self.temporary,
        };
        let child = Child::start(&self.options, &args, &self.dir).await?;
        self.children.insert(role, child);
        Ok(())
    }

    async fn order(&mut self, role: Role, order: &str) -> Result<(), EstateError> {
        match self.children.get_mut(&role) {
            Some(child) => child.order(order).await,
            None => Ok(()),
        }
    }
}

impl Drop for Estate {
    fn drop(&mut self) {
        for child in self.children.values_mut() {
            child.kill_now();
        }
        if self.temporary {
            drop(std::fs::remove_dir_all(&self.dir));
        }
    }
}

fn find(id: &str) -> Result<&'static Lever, EstateError> {
    Lever::find(id).ok_or_else(|| EstateError::UnknownLever {
        id: id.to_owned(),
        known: levers::ALL.iter().map(|lever| lever.id).collect::<Vec<_>>().join(", "),
    })
}
