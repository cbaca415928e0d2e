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
/// The zone of what lives apart from the shop, with a name server of its own: it stays when the shop's zone is lost.
pub const OUTSIDE_ZONE: &str = "outside.example";

/// Names of [`OUTSIDE_ZONE`]; all others are the shop's.
const OUTSIDE: &[&str] = &["ns", "social", "status"];

/// Names that are aliases, and the names that lead from them to the address.
const ALIASES: &[(&str, &[&str])] = &[("buy", &["orders"]), ("cdn", &["edge", "files"])];

/// Places whose customers, and storefronts, ask the eastern copy of the zone.
const EASTERN: &[&str] =
    &["ae", "au", "cn", "hk", "id", "il", "jp", "kr", "kw", "my", "nz", "sg", "th", "tr", "tw", "za"];
/// Places that ask the Indian copy. All others ask the western one.
const INDIAN: &[&str] = &["in"];
/// Roles that ask the eastern copy; all others ask the western one. A storefront asks that of its place.
const EASTERN_ROLES: &[Role] = &[Role::Documents, Role::Support, Role::Testflight];

/// A part of the world whose customers and processes ask the same copy of the shop's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// Europe and the Americas, and most of the shop's own systems.
    West,
    /// Asia, the Pacific, the Middle East and Africa, and some of the shop's own systems.
    East,
    /// India.
    India,
}

impl Region {
    /// Every region.
    pub const ALL: [Self; 3] = [Self::West, Self::East, Self::India];

    /// The region of a place, by its code.
    #[must_use]
    pub fn of(code: &str) -> Self {
        match code {
            code if EASTERN.contains(&code) => Self::East,
            code if INDIAN.contains(&code) => Self::India,
            _ => Self::West,
        }
    }

    /// The region whose copy a role asks.
    #[must_use]
    pub fn of_role(role: Role) -> Self {
        if EASTERN_ROLES.contains(&role) { Self::East } else { Self::West }
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::West => "west",
            Self::East => "east",
            Self::India => "in",
        }
    }
}

/// The second octet of the roles' block; the stores' follow.
const ROLES: u8 = 77;
/// The last octet of the first place's storefront; the others follow.
const FIRST_PLACE: u8 = 100;

/// The last octet of where letters come in, which is another server than the mailbox.
const MX: u8 = 30;
/// The name under which customers sign in by TLS.
pub(crate) const ACCOUNT_HOST: &str = "account";
/// The last octet of where that is.
const ACCOUNT: u8 = 31;

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
    /// Where it leads in the end.
    pub address: Ipv4Addr,
    /// The name that it is an alias of, relative too; without one it has the address itself.
    pub alias: Option<&'static str>,
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

    /// Where customers sign in by TLS.
    #[must_use]
    pub fn account(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, ROLES, self.block, ACCOUNT)), self.port)
    }

    /// The copy of the zone that customers of a place ask.
    #[must_use]
    pub fn names_of(&self, code: &str) -> SocketAddr {
        self.socket(Role::Copy(Region::of(code)))
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
        roles.chain([self.smtp(), self.account()]).chain(streets.map(|(_, socket)| socket)).collect()
    }

    /// Every name of the shop's zone.
    #[must_use]
    pub fn hosts(&self) -> Vec<Host> {
        let plain = |name: &str, address| Host { name: name.to_owned(), address, alias: None };
        let mut hosts = Vec::new();
        for &role in Role::ALL {
            let address = self.role(role);
            // The stores come last, each with its storefronts: in the order of the file.
            let is_store = role.shelf().is_some();
            for name in role.sheet().hosts.iter().filter(|name| !is_store && !is_outside(role, name)) {
                match ALIASES.iter().find(|(alias, _)| alias == name) {
                    Some((_, chain)) => hosts.extend(links(name, chain, address)),
                    None => hosts.push(plain(name, address)),
                }
            }
        }
        hosts.push(plain("mx", self.mx()));
        if let IpAddr::V4(address) = self.account().ip() {
            hosts.push(plain(ACCOUNT_HOST, address));
        }
        for shelf in Shelf::ALL {
            let fronts = self.street(shelf);
            hosts.push(plain(shelf.word(), self.role(Role::Store(shelf))));
            hosts.extend(
                fronts.map(|(place, address)| plain(&format!("{}.{}", place.code, shelf.word()), address)),
            );
        }
        hosts
    }

    /// Every name of [`OUTSIDE_ZONE`].
    #[must_use]
    pub fn outside_hosts(&self) -> Vec<Host> {
        let all = Role::ALL.iter().flat_map(|&role| {
            let address = self.role(role);
            let names = role.sheet().hosts.iter().filter(move |name| is_outside(role, name));
            names.map(move |name| Host { name: (*name).to_owned(), address, alias: None })
        });
        all.collect()
    }
}

/// An alias, the names between, and the name that has the address.
fn links(name: &str, chain: &[&'static str], address: Ipv4Addr) -> Vec<Host> {
    let mut names = vec![name.to_owned()];
    names.extend(chain.iter().map(|link| (*link).to_owned()));
    let next = chain.iter().copied().map(Some).chain([None]);
    names.into_iter().zip(next).map(|(name, alias)| Host { name, address, alias }).collect()
}

fn is_outside(role: Role, name: &str) -> bool {
    matches!(role, Role::Outside | Role::Social | Role::Status) && OUTSIDE.contains(&name)
}

/// The full name of a host.
#[must_use]
pub fn full(host: &str) -> String {
    let zone = if OUTSIDE.contains(&host) { OUTSIDE_ZONE } else { ZONE };
    format!("{host}.{zone}")
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
    fn each_place_asks_the_copy_of_its_region() {
        let copy = |code| layout().names_of(code).to_string();
        assert_eq!(copy("gb"), "127.77.3.54:8080");
        assert_eq!(copy("jp"), "127.77.3.55:8080");
        assert_eq!(copy("in"), "127.77.3.56:8080");
        for code in EASTERN.iter().chain(INDIAN) {
            assert!(Place::find(code).is_some(), "{code}");
        }
    }

    #[test]
    fn what_lives_apart_is_in_a_zone_of_its_own() {
        let (hosts, apart) = (layout().hosts(), layout().outside_hosts());
        let names: Vec<_> = apart.iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, ["ns", "status", "social"]);
        assert!(!hosts.iter().any(|host| names.contains(&host.name.as_str())));
        assert_eq!(
            (full("social"), full("buy")),
            ("social.outside.example".to_owned(), "buy.shop.example".to_owned())
        );
    }
}
