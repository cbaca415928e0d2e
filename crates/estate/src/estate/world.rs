//! What should be so: the levers that are pulled and what was done by hand, folded into zones, processes and faults.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::Shelf;
use crate::layout::{ACCOUNT_HOST, Layout, Region};
use crate::levers::{Cause, Kept, Lever};
use crate::role::{Faults, Role, ServedPage};
use crate::zone::Shape;

/// The estate as it should be; the default is whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct World {
    /// The zone of the primary.
    pub(super) zone: Shape,
    /// Copies that get nothing new, and the zone that they have.
    pub(super) stale: BTreeMap<Role, Shape>,
    /// Roles that do not run.
    pub(super) dead: BTreeSet<Role>,
    /// Roles that are stopped in their tracks.
    pub(super) paused: BTreeSet<Role>,
    /// Roles that can write nothing more.
    pub(super) full: BTreeSet<Role>,
    /// What is wrong in roles that run; a role without faults is not in it.
    pub(super) faults: BTreeMap<Role, Faults>,
    /// Hosts whose certificate has expired.
    pub(super) expired: BTreeSet<String>,
}

impl World {
    /// The world with these levers pulled.
    pub(super) fn of(pulled: impl IntoIterator<Item = &'static str>, layout: &Layout) -> Self {
        let mut world = Self::default();
        for cause in pulled.into_iter().filter_map(Lever::find).flat_map(|lever| lever.causes) {
            world.suffer(cause, layout);
        }
        world
    }

    /// Takes up what is wrong in another as well.
    pub(super) fn add(&mut self, other: &Self) {
        self.zone.add(&other.zone);
        self.stale.extend(other.stale.iter().map(|(role, shape)| (*role, shape.clone())));
        self.dead.extend(&other.dead);
        self.paused.extend(&other.paused);
        self.full.extend(&other.full);
        for (role, faults) in &other.faults {
            self.faults.entry(*role).or_default().add(faults);
        }
        self.expired.extend(other.expired.iter().cloned());
    }

    fn suffer(&mut self, cause: &Cause, layout: &Layout) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        match cause {
            Cause::NamesLeave(names) => self.zone.gone.extend(owned(names)),
            Cause::EveryNameLeaves => self.zone.gone.extend(every_name(layout)),
            Cause::AddressesLeave(names) => self.zone.emptied.extend(owned(names)),
            Cause::LeadsTo(name, role) => drop(self.zone.wrong.insert((*name).to_owned(), *role)),
            Cause::DotMissing(name) => drop(self.zone.dotless.insert((*name).to_owned())),
            Cause::ZoneEndsEarly => self.zone.cut = true,
            Cause::Keeps(region, kept) => drop(self.stale.insert(Role::Copy(*region), shape_of(*kept))),
            Cause::Dies(role) => drop(self.dead.insert(*role)),
            Cause::Pauses(role) => drop(self.paused.insert(*role)),
            // Every lever's words are known: a test of `levers` reads them all.
            Cause::Fault(role, words) => self.fault(*role, &words.parse().unwrap_or_default()),
            Cause::Page(role, status, text) => {
                let page = Some(ServedPage { status: *status, text: (*text).to_owned() });
                self.fault(*role, &Faults { page, ..Faults::default() });
            }
            Cause::PlaceCut(code) => self.cut(code, layout),
            Cause::DiskFull(role) => drop(self.full.insert(*role)),
            Cause::CertificateExpired => drop(self.expired.insert(ACCOUNT_HOST.to_owned())),
        }
    }

    /// Something is wrong in a role.
    pub(super) fn fault(&mut self, role: Role, faults: &Faults) {
        self.faults.entry(role).or_default().add(faults);
    }

    /// The storefronts of this place take no connection; in an estate without it, those of the last place.
    pub(super) fn cut(&mut self, code: &str, layout: &Layout) {
        let wanted = layout.places.iter().find(|place| place.code == code);
        if let Some(place) = wanted.or(layout.places.last()) {
            for role in Shelf::ALL.map(Role::Store) {
                self.faults.entry(role).or_default().cut.insert(place.code.to_owned());
            }
        }
    }
}

/// Every name of the zone but its servers'.
fn every_name(layout: &Layout) -> impl Iterator<Item = String> {
    let servers: Vec<&str> = Role::ALL
        .iter()
        .filter(|role| role.is_name_server())
        .flat_map(|role| role.sheet().hosts.iter().copied())
        .collect();
    let hosts = layout.hosts().into_iter().map(|host| host.name);
    hosts.filter(move |host| !servers.contains(&host.as_str()))
}

fn shape_of(kept: Kept) -> Shape {
    match kept {
        Kept::Whole => Shape::default(),
        Kept::Without(names) => {
            Shape { gone: names.iter().map(|name| (*name).to_owned()).collect(), ..Shape::default() }
        }
        Kept::Expires => Shape { short_lived: true, ..Shape::default() },
    }
}

/// The copies of the shop's zone.
pub(super) fn copies() -> impl Iterator<Item = Role> {
    Region::ALL.into_iter().map(Role::Copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::levers;
    use crate::place::PLACES;

    fn layout() -> Layout {
        Layout { block: 0, port: 1, places: PLACES.iter().collect() }
    }

    #[test]
    fn levers_add_up_and_mending_one_leaves_the_others() {
        let both = World::of(["slow", "place-cut", "name-gone"], &layout());
        assert_eq!(both.faults[&Role::Store(Shelf::Apps)].to_string(), "slow:3000 cut:in");
        assert_eq!(both.faults[&Role::Store(Shelf::Books)].to_string(), "slow:3000 cut:in");
        assert_eq!(both.zone.gone.len(), 2);

        let one = World::of(["slow"], &layout());
        assert_eq!(one.faults[&Role::Store(Shelf::Music)].to_string(), "slow:3000");
        assert!(one.zone.gone.is_empty());
        assert_eq!(World::of([], &layout()), World::default());
    }

    #[test]
    fn every_lever_makes_a_difference_and_what_is_done_by_hand_adds_to_it() {
        for lever in levers::ALL {
            let mut world = World::of([lever.id], &layout());
            assert_ne!(world, World::default(), "{}", lever.id);
            let by_hand = World { paused: [Role::Mail].into(), ..World::default() };
            world.add(&by_hand);
            assert!(world.paused.contains(&Role::Mail));
        }
    }

    #[test]
    fn every_name_that_a_lever_speaks_of_is_in_the_zone() {
        let hosts: BTreeSet<_> = layout().hosts().into_iter().map(|host| host.name).collect();
        for lever in levers::ALL {
            let world = World::of([lever.id], &layout());
            let shapes = world.stale.values().chain([&world.zone]);
            for shape in shapes {
                let names = shape.gone.iter().chain(&shape.emptied).chain(shape.wrong.keys());
                for name in names.chain(&shape.dotless) {
                    assert!(hosts.contains(name), "{}: {name}", lever.id);
                }
            }
        }
    }

    #[test]
    fn with_every_name_gone_the_name_servers_keep_their_own() {
        let world = World::of(["all-names-gone"], &layout());
        assert_eq!(world.zone.gone.len(), layout().hosts().len() - 4);
        assert!(!world.zone.gone.contains("ns1") && !world.zone.gone.contains("ns4"));
    }
}
