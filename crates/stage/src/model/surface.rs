//! What anybody can ask of the world at a moment: its name servers one by one, and whether an address takes connections.
//! It shows what is, as packets would, and never why.

use std::net::IpAddr;

use candor_estate::layout::ZONE;

use super::estate::copy_of;
use super::world::{Running, World};
use crate::Ms;
use crate::scenario::Watch;
use crate::subject::{Contact, NameServer, Serves, Surface};

/// The world as it is met at a moment.
struct Sight<'w> {
    world: &'w World,
    timeout_ms: Ms,
    now_ms: Ms,
}

impl World {
    /// What whoever watches can ask of it now.
    #[must_use]
    pub fn surface(&self, watch: &Watch, now_ms: Ms) -> impl Surface + '_ {
        Sight { world: self, timeout_ms: watch.timeout_ms, now_ms }
    }
}

impl Surface for Sight<'_> {
    fn name_servers(&self) -> Vec<NameServer> {
        let world = self.world;
        let serves = |at: usize, role: &str| match world.role(role).running {
            _ if world.cut_everywhere => Serves::Silent,
            Running::Halted => Serves::Silent,
            Running::No => Serves::Gone,
            Running::Yes => world.copies.file(at).map_or(Serves::Expired, Serves::Zone),
        };
        let server = |(at, (role, address)): (usize, &(&'static str, IpAddr))| NameServer {
            name: format!("{role}.{ZONE}"),
            address: *address,
            serves: serves(at, role),
        };
        world.map.servers.iter().enumerate().map(server).collect()
    }

    fn connect(&self, from: &str, address: IpAddr, host: Option<&str>) -> Contact {
        self.world.contact((from, address), host, (self.timeout_ms, self.now_ms))
    }

    fn resolver(&self, from: &str) -> Option<IpAddr> {
        let known = self.world.places.iter().any(|place| place == from);
        self.world.map.servers.get(copy_of(from)).filter(|_| known).map(|(_, address)| *address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, read};
    use crate::truth::Layer;

    fn scenario(timeline: &str) -> Scenario {
        let text = format!("scenario: One\nlasts: 20m\ntimeline:\n{timeline}");
        read("one.yaml", &text).unwrap_or_else(|faults| panic!("{faults}"))
    }

    fn at(timeline: &str, now_ms: Ms) -> World {
        let mut world = World::new(&scenario(timeline), 1);
        world.advance(now_ms);
        world
    }

    fn served(world: &World) -> Vec<Serves> {
        let servers = world.surface(&Watch::default(), 0).name_servers();
        servers.into_iter().map(|server| server.serves).collect()
    }

    fn serial_of(serves: &Serves) -> Option<String> {
        let Serves::Zone(text) = serves else { return None };
        let soa = text.lines().find(|line| line.contains(" SOA "))?;
        soa.split_whitespace().nth(5).map(str::to_owned)
    }

    #[test]
    fn each_copy_is_shown_as_it_is_with_its_own_serial() {
        let world = at("  - at: 1m\n    publish: {remove: [id], withhold: [ns2]}\n", 65_000);
        let served = served(&world);
        let serials: Vec<_> = served.iter().filter_map(serial_of).collect();
        assert_eq!(serials, ["2", "1", "2", "2"]);
        let has_id = |serves: &Serves| matches!(serves, Serves::Zone(text) if text.contains("\nid IN A"));
        assert_eq!(served.iter().map(has_id).collect::<Vec<_>>(), [false, true, false, false]);
        let Some(Serves::Zone(text)) = served.first() else { panic!("no zone") };
        assert!(text.contains("\n@ IN MX 10 mx\n") && text.contains("$ORIGIN shop.example.\n"), "{text}");
        let servers = world.surface(&Watch::default(), 0).name_servers();
        assert_eq!(
            (servers[1].name.as_str(), servers[1].address.to_string()),
            ("ns2.shop.example", "127.77.0.54".to_owned())
        );
    }

    #[test]
    fn servers_that_are_killed_halted_or_hold_what_is_too_old_differ() {
        let timeline = "  - {at: 5s, publish: {refresh: 20s, retry: 5s, expire: 60s}}\n  - {at: 1m, kill: ns2}\n  \
                        - {at: 1m, pause: ns3}\n  - {at: 1m, link: {copy: ns4, cut: true}}\n";
        let world = at(timeline, 400_000);
        let served = served(&world);
        assert!(matches!(
            served.as_slice(),
            [Serves::Zone(_), Serves::Gone, Serves::Silent, Serves::Expired]
        ));
        let cut = at("  - {at: 1m, cut-watcher: everywhere}\n", 61_000);
        assert_eq!(self::served(&cut), [Serves::Silent, Serves::Silent, Serves::Silent, Serves::Silent]);
    }

    #[test]
    fn a_connection_meets_who_listens_there_from_that_place() {
        let timeline = "  - {at: 1m, kill: commerce}\n  - {at: 1m, expire-certificate: us.apps}\n  \
                        - {at: 1m, link: {place: in, cut: true}}\n  - {at: 1m, pause: mail}\n";
        let world = at(timeline, 61_000);
        let surface = world.surface(&Watch::default(), 61_000);
        let meets = |from: &str, address: &str, host: Option<&str>| {
            surface.connect(from, address.parse().unwrap(), host).trouble
        };
        let apps = world.map.zone.lines().find_map(|line| line.strip_prefix("us.apps IN A ")).unwrap();
        assert_eq!(meets("gb", "127.77.0.12", None), Some((Layer::Connect, "refused")), "it was killed");
        assert_eq!(meets("gb", "127.77.0.20", None), None, "what is halted is still connected to");
        assert_eq!(meets("gb", "127.9.9.9", None), Some((Layer::Connect, "refused")));
        assert_eq!(meets("gb", "192.0.2.1", None), Some((Layer::Connect, "timeout")));
        assert_eq!(meets("in", "127.77.0.11", None), Some((Layer::Connect, "timeout")), "its link is cut");
        assert_eq!(meets("gb", apps, Some("us.apps.shop.example")), Some((Layer::Tls, "expired")));
        assert_eq!(meets("gb", apps, Some("us.music.shop.example.")), None);
        assert_eq!(surface.resolver("in").map(|address| address.to_string()).as_deref(), Some("127.77.0.56"));
        assert_eq!(surface.resolver("fr"), None, "no such place takes part");
    }

    #[test]
    fn a_run_tells_which_hosts_it_connected_to() {
        let world = at("  - {at: 1m, kill: apps}\n", 61_000);
        let cell = crate::CellName::new("apps", "buy", Some("in"));
        let check = crate::subject::Check { id: 1, cell, from: "in".into() };
        let met = world.meet(&check, &Watch::default(), 61_000);
        let hosts: Vec<&str> = met.reached.iter().map(|(host, _)| host.as_str()).collect();
        assert_eq!(hosts, ["id.shop.example"]);
        assert_eq!(met.trouble.map(|trouble| trouble.step), Some(1));
    }
}
