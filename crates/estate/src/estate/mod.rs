//! Starts the roles as processes, breaks them, mends them, and leaves nothing behind.
//!
//! Reading order: `options`, `world` (what should be so, folded from the levers pulled and from what was done by hand),
//! `child` (one process), then [`Estate`], which makes the world so: `zones` the names, `certificate` the certificate,
//! the rest here; `hand` is what can be done beside levers. Pulling and mending are both: fold, then reconcile; so they can
//! be repeated, and a step that failed is taken again by the next.

mod certificate;
mod child;
mod hand;
mod options;
mod start;
mod state;
mod urls;
mod world;
mod zones;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::catalogue::Shelf;
use crate::layout::{ACCOUNT_HOST, Layout, Region};
use crate::levers::{self, Lever};
use crate::role::{Role, RoleArgs};
use certificate::Authority;
use child::Child;
use world::World;
use zones::Zones;

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
    /// What is wrong beside what levers broke.
    by_hand: World,
    /// What was last brought about in full; none after a failure, so that the next time does all of it.
    in_force: Option<World>,
    zones: Zones,
    authority: Authority,
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

    /// The primary name server of the shop's zone, UDP and TCP.
    #[must_use]
    pub fn dns_addr(&self) -> SocketAddr {
        self.layout.socket(Role::Dns)
    }

    /// The copy of the zone that customers of a place ask.
    #[must_use]
    pub fn dns_of(&self, place: &str) -> SocketAddr {
        self.layout.names_of(place)
    }

    /// The name server of what lives apart from the shop: social and status.
    #[must_use]
    pub fn outside_dns(&self) -> SocketAddr {
        self.layout.socket(Role::Outside)
    }

    /// The four name servers of the shop's zone, the primary first, by role.
    #[must_use]
    pub fn name_servers(&self) -> Vec<(Role, SocketAddr)> {
        let all = std::iter::once(Role::Dns).chain(world::copies());
        all.map(|role| (role, self.layout.socket(role))).collect()
    }

    /// Where a role listens.
    #[must_use]
    pub fn address(&self, role: Role) -> SocketAddr {
        self.layout.socket(role)
    }

    /// The certificate of the shop's own authority, as a file (PEM): who trusts it can sign in by TLS.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.dir.join(certificate::CA_FILE)
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
        self.shift(&[id], &[]).await
    }

    /// Mends what the lever broke; doing it again changes nothing. Roles that died by themselves are started again
    /// too.
    ///
    /// # Errors
    /// When there is no such lever, or the estate cannot be brought into that state.
    pub async fn mend(&mut self, id: &str) -> Result<(), EstateError> {
        self.shift(&[], &[id]).await
    }

    /// Mends some levers and pulls others at one stroke.
    ///
    /// # Errors
    /// When there is no such lever, or the estate cannot be brought into that state.
    pub async fn shift(&mut self, pull: &[&str], mend: &[&str]) -> Result<(), EstateError> {
        for id in pull.iter().chain(mend) {
            find(id)?;
        }
        for lever in mend.iter().filter_map(|id| Lever::find(id)) {
            self.pulled.remove(lever.id);
        }
        for lever in pull.iter().filter_map(|id| Lever::find(id)) {
            self.pulled.entry(lever.id).or_insert_with(Instant::now);
        }
        self.reconcile().await
    }

    /// Mends everything, what was done by hand as well, and starts roles that died by themselves.
    ///
    /// # Errors
    /// When the estate cannot be brought into that state.
    pub async fn mend_all(&mut self) -> Result<(), EstateError> {
        self.pulled.clear();
        self.by_hand = World::default();
        self.reconcile().await
    }

    /// What is pulled and which processes run.
    pub fn state(&mut self) -> State {
        let wanted = self.wanted();
        let levers = levers::ALL.iter().map(|lever| {
            let pulled_for = self.pulled.get(lever.id).map(Instant::elapsed);
            LeverState { lever, pulled_for }
        });
        let levers = levers.collect();
        let roles = Role::ALL.iter().map(|&role| RoleState {
            role,
            address: self.layout.socket(role),
            pid: self.children.get_mut(&role).and_then(Child::pid),
            killed: wanted.dead.contains(&role),
            paused: wanted.paused.contains(&role),
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

    fn wanted(&self) -> World {
        let mut world = World::of(self.pulled.keys().copied(), &self.layout);
        world.add(&self.by_hand);
        world
    }

    async fn reconcile(&mut self) -> Result<(), EstateError> {
        let wanted = self.wanted();
        let before = self.in_force.take();
        let woken = self.run_roles(&wanted, before.as_ref()).await?;
        self.certify(&wanted.expired, before.as_ref().map(|before| &before.expired)).await?;
        if woken.contains(&Role::Dns) || before.is_none() {
            self.zones.forget();
        }
        self.settle_zones(&wanted).await?;
        for role in &wanted.paused {
            if let Some(child) = self.children.get_mut(role) {
                child.pause()?;
            }
        }
        self.in_force = Some(wanted);
        Ok(())
    }

    /// Starts, wakes and kills, and says what is wrong within; returns the roles that were started or woken.
    async fn run_roles(
        &mut self,
        wanted: &World,
        before: Option<&World>,
    ) -> Result<BTreeSet<Role>, EstateError> {
        let mut woken = BTreeSet::new();
        for &role in Role::ALL {
            if wanted.dead.contains(&role) {
                if let Some(mut child) = self.children.remove(&role) {
                    child.kill().await;
                }
                continue;
            }
            if self.wake(role, wanted).await? {
                woken.insert(role);
            }
            let Some(child) = self.children.get_mut(&role).filter(|child| !child.is_paused()) else {
                continue;
            };
            child.limit(wanted.full.contains(&role))?;
            let (faults, so_far) = (wanted.faults.get(&role), before.map(|before| before.faults.get(&role)));
            // What the primary withholds is said by `zones`.
            if role != Role::Dns && (woken.contains(&role) || so_far != Some(faults)) {
                child.order(&format!("set {}", faults.cloned().unwrap_or_default())).await?;
            }
        }
        Ok(woken)
    }

    /// Starts a role that does not run, wakes one that is stopped and should not be; whether either was so.
    async fn wake(&mut self, role: Role, wanted: &World) -> Result<bool, EstateError> {
        if self.children.get_mut(&role).and_then(Child::pid).is_none() {
            self.start_role(role).await?;
            return Ok(true);
        }
        match self.children.get_mut(&role) {
            Some(child) if child.is_paused() && !wanted.paused.contains(&role) => {
                child.resume().map(|()| true)
            }
            Some(_) | None => Ok(false),
        }
    }

    /// Writes the certificates that should be others anew, and has them read.
    async fn certify(
        &mut self,
        expired: &BTreeSet<String>,
        before: Option<&BTreeSet<String>>,
    ) -> Result<(), EstateError> {
        let mut readers = BTreeSet::new();
        for (host, reader) in self.certified() {
            let now = expired.contains(&host);
            if before.is_none_or(|before| before.contains(&host) != now) {
                let file = self.dir.clone();
                let written = self.authority.certify(&self.dir, &host, now);
                written.map_err(|source| EstateError::File { file, source })?;
                readers.insert(reader);
            }
        }
        for role in readers {
            self.order(role, "reload").await?;
        }
        Ok(())
    }

    /// The hosts that have a certificate, and who reads it.
    fn certified(&self) -> Vec<(String, Role)> {
        let shelf = |host: &str| Shelf::find(host.split_once('.')?.1);
        let fronts = self.options.certified.iter();
        let fronts = fronts.filter_map(|host| Some((host.clone(), Role::Store(shelf(host)?))));
        std::iter::once((ACCOUNT_HOST.to_owned(), Role::Identity)).chain(fronts).collect()
    }

    async fn start_role(&mut self, role: Role) -> Result<(), EstateError> {
        let child = Child::start(&self.options, &self.args(role), &self.dir).await?;
        self.children.insert(role, child);
        Ok(())
    }

    /// Starts several roles at once.
    async fn start_roles(&mut self, roles: &[Role]) -> Result<(), EstateError> {
        let mut starting = Vec::new();
        for &role in roles {
            let args = self.args(role);
            starting.push((Child::spawn(&self.options, &args, &self.dir)?, args));
        }
        for (mut child, args) in starting {
            child.ready(&args).await?;
            self.children.insert(args.role, child);
        }
        Ok(())
    }

    fn args(&self, role: Role) -> RoleArgs {
        let layout = &self.layout;
        let primary = layout.socket(Role::Dns);
        let by_place = matches!(role, Role::Store(_) | Role::Customers);
        let names = layout.places.iter().map(|&place| (place, layout.names_of(place.code)));
        let copies = world::copies().map(|copy| (copy, layout.socket(copy)));
        RoleArgs {
            role,
            listen: layout.socket(role),
            places: layout.storefronts(role.shelf().unwrap_or(Shelf::Apps)),
            dns: if role.is_name_server() {
                primary
            } else {
                layout.socket(Role::Copy(Region::of_role(role)))
            },
            names: names.filter(|_| by_place).collect(),
            outside: (role == Role::Customers).then(|| self.outside_dns()),
            state: self.dir.clone(),
            zone: zones::file(role).map(|name| self.dir.join(name)),
            secondary_of: matches!(role, Role::Copy(_)).then_some(primary),
            copies: copies.filter(|_| role == Role::Dns).collect(),
            smtp: (role == Role::Mail).then(|| layout.smtp()),
            tls: (role == Role::Identity).then(|| layout.account()),
            temporary: self.temporary,
        }
    }

    /// Gives an order to a role that runs; one that is dead or stopped learns of it when it is started or woken.
    async fn order(&mut self, role: Role, order: &str) -> Result<(), EstateError> {
        match self.children.get_mut(&role).filter(|child| !child.is_paused()) {
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
