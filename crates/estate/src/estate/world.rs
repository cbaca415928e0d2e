//! What should be so: the levers that are pulled, folded into names, processes and faults.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::Shelf;
use crate::layout::Layout;
use crate::levers::{Cause, Lever};
use crate::role::{Faults, Role};

/// The estate as it should be; the default is whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct World {
    /// Hosts that are not in the zone.
    pub(super) gone: BTreeSet<String>,
    /// Roles that do not run.
    pub(super) dead: BTreeSet<Role>,
    /// What is wrong in roles that run; a role without faults is not in it.
    pub(super) faults: BTreeMap<Role, Faults>,
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

    fn suffer(&mut self, cause: &Cause, layout: &Layout) {
        match cause {
            Cause::NamesLeave(hosts) => self.gone.extend(hosts.iter().map(|host| (*host).to_owned())),
            Cause::EveryNameLeaves => {
                let servers = Role::Dns.sheet().hosts;
                let hosts = layout.hosts().into_iter().map(|host| host.name);
                self.gone.extend(hosts.filter(|host| !servers.contains(&host.as_str())));
            }
            Cause::Dies(role) => drop(self.dead.insert(*role)),
            Cause::Fault(role, words) => {
                // Every lever's words are known: a test of `levers` reads them all.
                let fault: Faults = words.parse().unwrap_or_default();
                let faults = self.faults.entry(*role).or_default();
                faults.stall |= fault.stall;
                faults.apology |= fault.apology;
                faults.slow |= fault.slow;
                faults.cut.extend(fault.cut);
            }
            Cause::PlaceCut(code) => {
                let wanted = layout.places.iter().find(|place| place.code == *code);
                if let Some(place) = wanted.or(layout.places.last()) {
                    for role in Shelf::ALL.map(Role::Store) {
                        self.faults.entry(role).or_default().cut.insert(place.code.to_owned());
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::PLACES;

    #[test]
    fn levers_add_up_and_mending_one_leaves_the_others() {
        let layout = Layout { block: 0, port: 1, places: PLACES.iter().collect() };
        let both = World::of(["slow", "place-cut", "name-gone"], &layout);
        assert_eq!(both.faults[&Role::Store(Shelf::Apps)].to_string(), "slow cut:in");
        assert_eq!(both.faults[&Role::Store(Shelf::Books)].to_string(), "slow cut:in");
        assert_eq!(both.gone.len(), 2);

        let one = World::of(["slow"], &layout);
        assert_eq!(one.faults[&Role::Store(Shelf::Music)].to_string(), "slow");
        assert!(one.gone.is_empty());
        assert_eq!(World::of([], &layout), World::default());
    }

    #[test]
    fn with_every_name_gone_the_name_server_keeps_its_own() {
        let layout = Layout { block: 0, port: 1, places: PLACES.iter().collect() };
        let world = World::of(["all-names-gone"], &layout);
        assert_eq!(world.gone.len(), layout.hosts().len() - 1);
        assert!(!world.gone.contains("ns1"));
    }
}
