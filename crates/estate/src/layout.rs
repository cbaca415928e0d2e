//! Who listens where and under which name: the estate's map, made of data alone.
//!
//! An address record cannot carry a port, so each role has an address of its own in one block `127.77.N.0/24`, each
//! storefront one in its store's block (`127.78.N.0/24` apps, `127.79.N.0/24` Mac apps, `127.80.N.0/24` music,
//! `127.81.N.0/24` books), and all share one port. On Linux the whole of 127.0.0.0/8 is loopback and needs no
//! privileges.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::catalogue::Shelf;
use crate::place::Place;
use crate::role::Role;

/// The zone of the shop.
pub const ZONE: &str = "shop.example";

/// The second octet of the roles' block; the stores' follow.
const ROLES: u8 = 77;
/// The last octet of the first place's storefront; the others follow.
const FIRST_PLACE: u8 = 100;

/// The last octet of where letters come in, which is another server than the mailbox.
const MX: u8 = 30;

/// Where everything listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `N` in `127.77.N.0/24`.
    pub block: u8,
    /// The port of every role.
    pub port: u16,
    /// The places, in order.
    pub places: Vec<&'static Place>,
}

/// A name of the zone and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Relative to [`ZONE`]: `buy.internal`.
    pub name: String,
    /// Its address.
    pub address: Ipv4Addr,
}

impl Layout {
    fn role(&self, role: Role) -> Ipv4Addr {
        Ipv4Addr::new(127, ROLES, self.block, role.sheet().octet)
    }

    /// Where a role listens.
    #[must_use]
    pub fn socket(&self, role: Role) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.role(role)), self.port)
    }

    fn mx(&self) -> Ipv4Addr {
        Ipv4Addr::new(127, ROLES, self.block, MX)
    }

    /// Where letters come in by SMTP.
    #[must_use]
    pub fn smtp(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.mx()), self.port)
    }

    fn street(&self, shelf: Shelf) -> impl Iterator<Item = (&'static Place, Ipv4Addr)> {
        let second = match shelf {
            Shelf::Apps => ROLES + 1,
            Shelf::MacApps => ROLES + 2,
            Shelf::Music => ROLES + 3,
            Shelf::Books => ROLES + 4,
        };
        let block = self.block;
        let addresses = (FIRST_PLACE..=u8::MAX).map(move |last| Ipv4Addr::new(127, second, block, last));
        self.places.iter().copied().zip(addresses)
    }

    /// Where a store's storefront of each place listens.
    #[must_use]
    pub fn storefronts(&self, shelf: Shelf) -> Vec<(&'static Place, SocketAddr)> {
        let socket = |address| SocketAddr::new(IpAddr::V4(address), self.port);
        self.street(shelf).map(|(place, address)| (place, socket(address))).collect()
    }

    /// Every socket of the estate, the name server's first.
    #[must_use]
    pub fn sockets(&self) -> Vec<SocketAddr> {
        let roles = Role::ALL.iter().map(|role| self.socket(*role));
        let streets = Shelf::ALL.into_iter().flat_map(|shelf| self.storefronts(shelf));
        roles.chain([self.smtp()]).chain(streets.map(|(_, socket)| socket)).collect()
    }

    /// Every name of the zone with an address.
    #[must_use]
    pub fn hosts(&self) -> Vec<Host> {
        let of_roles = Role::ALL.iter().flat_map(|role| {
            let address = self.role(*role);
            role.sheet().hosts.iter().map(move |name| Host { name: (*name).to_owned(), address })
        });
        let of_places = Shelf::ALL.into_iter().flat_map(|shelf| {
            let name = move |place: &Place| format!("{}.{}", place.code, shelf.word());
            self.street(shelf).map(move |(place, address)| Host { name: name(place), address })
        });
        let mx = Host { name: "mx".to_owned(), address: self.mx() };
        of_roles.chain([mx]).chain(of_places).collect()
    }

    /// The zone as a zone file (RFC 1035, section 5), without the hosts that are `gone`.
    ///
    /// Lifetimes are short, also those of denials (the SOA's last field; RFC 2308, section 4), so that nobody
    /// remembers for long what a lever did.
    #[must_use]
    pub fn zone_file(&self, serial: u32, gone: impl Fn(&str) -> bool) -> String {
        let mut text = format!(
            "; The shop's zone. Written by the estate whenever a name comes or goes.\n\
             $ORIGIN {ZONE}.\n$TTL 2\n\
             @ IN SOA ns1 hostmaster {serial} 3600 600 86400 1\n@ IN NS ns1\n@ IN MX 10 mx\n"
        );
        for host in self.hosts().iter().filter(|host| !gone(&host.name)) {
            text.push_str(&format!("{} IN A {}\n", host.name, host.address));
        }
        text
    }
}

/// The full name of a host of the zone.
#[must_use]
pub fn full(host: &str) -> String {
    format!("{host}.{ZONE}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::PLACES;

    fn layout() -> Layout {
        Layout { block: 3, port: 8080, places: PLACES.iter().collect() }
    }

    #[test]
    fn every_socket_is_its_own() {
        let sockets = layout().sockets();
        assert!(
            sockets.iter().enumerate().all(|(n, socket)| sockets.iter().position(|s| s == socket) == Some(n))
        );
        assert_eq!(sockets[0].to_string(), "127.77.3.53:8080");
    }

    #[test]
    fn the_zone_file_is_a_zone_and_lacks_what_is_gone() {
        let whole = layout().zone_file(7, |_| false);
        let zone = candor_names::Zone::parse(&whole, None, "shop").unwrap();
        assert_eq!((zone.serial(), zone.origin().as_str()), (7, "shop.example."));
        assert!(
            whole.contains("in.apps IN A 127.78.3.103\n")
                && whole.contains("za.books IN A 127.81.3.140\n")
                && whole.contains("buy.internal IN A 127.77.3.12\n")
        );

        let less = layout().zone_file(8, |host| host == "buy");
        assert!(!less.contains("\nbuy IN") && less.contains("\nbuy.internal IN"));
    }
}
