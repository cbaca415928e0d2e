//! Where a walk begins: the root's servers, or servers that are known of a zone.
//!
//! Hints are read as they are published (`named.root`): lines of `OWNER [TTL] [IN] NS|A|AAAA DATA`, comments after `;`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use domain::base::name::ToLabelIter;

use crate::name::{self, Name};

/// The port of authoritative servers.
const DNS_PORT: u16 = 53;
/// Most servers that are taken of a hints file, and most zones and servers that may be given.
const MAX_SERVERS: usize = 64;

/// A server and where it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownServer {
    /// Its name, with the last dot; its address where it has no name.
    pub name: String,
    /// Where it is asked.
    pub address: SocketAddr,
}

/// Where a walk begins.
#[derive(Debug, Clone)]
pub struct Start {
    roots: Vec<KnownServer>,
    stubs: Vec<(Name, Vec<KnownServer>)>,
    pub(super) port: u16,
}

/// Why a walk cannot begin there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// A line of the hints is not a record of the kinds that belong there.
    #[error("line {line}: {why}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The hints name no root server with an address.
    #[error(
        "it names no root server with an address: a hints file has lines such as `. 3600000 NS a.root.` and `a.root. 3600000 A 192.0.2.1`"
    )]
    NoRoots,
    /// The name of a zone is not a domain name.
    #[error("{zone:?} is not a zone's name: {why}")]
    BadZone {
        /// The text given.
        zone: String,
        /// What is wrong with it.
        why: String,
    },
    /// Too much was given.
    #[error("more than {MAX_SERVERS} are given")]
    TooMany,
}

impl Start {
    /// The root servers of the internet (IANA, root.hints as of December 2023; addresses of `b` from November 2023).
    #[must_use]
    pub fn internet() -> Self {
        let mut roots = Vec::with_capacity(2 * INTERNET.len());
        for (letter, four, six) in INTERNET {
            let name = format!("{letter}.root-servers.net.");
            for ip in [IpAddr::V4(*four), IpAddr::V6(*six)] {
                roots.push(KnownServer { name: name.clone(), address: SocketAddr::new(ip, DNS_PORT) });
            }
        }
        Self { roots, stubs: Vec::new(), port: DNS_PORT }
    }

    /// No root at all: only the zones that are given later.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { roots: Vec::new(), stubs: Vec::new(), port: DNS_PORT }
    }

    /// The root servers that a hints file names.
    ///
    /// # Errors
    /// When a line cannot be read, or no root server has an address.
    pub fn hints(text: &str) -> Result<Self, StartError> {
        let mut hosts: Vec<Name> = Vec::new();
        let mut addresses: Vec<(Name, IpAddr)> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let fault = |why: String| StartError::Line { line: index + 1, why };
            match hint(line).map_err(fault)? {
                None => {}
                Some(Hint::Server(host)) => hosts.push(host),
                Some(Hint::Address(host, ip)) => addresses.push((host, ip)),
            }
            if hosts.len().max(addresses.len()) > MAX_SERVERS {
                return Err(StartError::TooMany);
            }
        }
        let mut roots: Vec<KnownServer> = Vec::new();
        for (host, ip) in addresses.iter().filter(|(host, _)| hosts.contains(host)) {
            let address = SocketAddr::new(*ip, DNS_PORT);
            // One address is one server, whatever it is called and however often.
            if !roots.iter().any(|known| known.address == address) {
                roots.push(KnownServer { name: name::show(host), address });
            }
        }
        if roots.is_empty() {
            return Err(StartError::NoRoots);
        }
        Ok(Self { roots, stubs: Vec::new(), port: DNS_PORT })
    }

    /// Adds a server that is known of a zone: what lies in the zone is walked from there, not from the root.
    ///
    /// # Errors
    /// When the zone's name is none, or too much was given.
    pub fn with_stub(mut self, zone: &str, server: KnownServer) -> Result<Self, StartError> {
        let apex = name::parse(zone).map_err(|why| StartError::BadZone { zone: zone.to_owned(), why })?;
        if self.stubs.iter().map(|(_, servers)| servers.len()).sum::<usize>() >= MAX_SERVERS {
            return Err(StartError::TooMany);
        }
        match self.stubs.iter_mut().find(|(stub, _)| *stub == apex) {
            Some((_, servers)) if servers.iter().any(|known| known.address == server.address) => {}
            Some((_, servers)) => servers.push(server),
            None => self.stubs.push((apex, vec![server])),
        }
        Ok(self)
    }

    /// For a private tree whose servers all listen on another port: the port of servers that a delegation names, and of
    /// the roots.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        for root in &mut self.roots {
            root.address.set_port(port);
        }
        self
    }

    /// Whether the walk begins at the root servers of the internet or of a hints file.
    #[must_use]
    pub fn has_roots(&self) -> bool {
        !self.roots.is_empty()
    }

    /// The deepest known zone that `name` lies in, and its servers.
    pub(super) fn of(&self, name: &Name) -> Option<(Name, &[KnownServer])> {
        let stub = self
            .stubs
            .iter()
            .filter(|(apex, _)| name.ends_with(apex))
            .max_by_key(|(apex, _)| apex.iter_labels().count());
        match stub {
            Some((apex, servers)) => Some((apex.clone(), servers)),
            None if self.roots.is_empty() => None,
            None => Some((Name::root_bytes(), &self.roots)),
        }
    }
}

/// What a line of the hints says.
enum Hint {
    Server(Name),
    Address(Name, IpAddr),
}

fn hint(line: &str) -> Result<Option<Hint>, String> {
    let line = line.split_once(';').map_or(line, |(before, _)| before);
    let mut words = line.split_ascii_whitespace();
    let Some(owner) = words.next() else { return Ok(None) };
    let owner = name::parse(owner).map_err(|why| format!("{owner:?} is not a domain name: {why}"))?;
    let mut words = words.skip_while(|word| word.eq_ignore_ascii_case("in") || word.parse::<u32>().is_ok());
    let (Some(rtype), Some(value), None) = (words.next(), words.next(), words.next()) else {
        return Err("a line has an owner, a type and one value: `. NS a.root.`".to_owned());
    };
    let address = |kind: &str, fits: fn(&IpAddr) -> bool| {
        let parsed = value.parse().ok().filter(fits);
        parsed.ok_or_else(|| format!("{value:?} is not an {kind} address"))
    };
    match rtype.to_ascii_uppercase().as_str() {
        "NS" if owner.is_root() => {
            let host = name::parse(value).map_err(|why| format!("{value:?} is not a domain name: {why}"))?;
            Ok(Some(Hint::Server(host)))
        }
        "NS" => Err(format!("hints are about the root, not about {}", name::show(&owner))),
        "A" => Ok(Some(Hint::Address(owner, address("IPv4", IpAddr::is_ipv4)?))),
        "AAAA" => Ok(Some(Hint::Address(owner, address("IPv6", IpAddr::is_ipv6)?))),
        other => Err(format!("{other:?} does not belong into hints: they have NS, A and AAAA")),
    }
}

type RootServer = (char, Ipv4Addr, Ipv6Addr);

const fn root(letter: char, four: [u8; 4], six: [u16; 8]) -> RootServer {
    let [a, b, c, d] = four;
    let [e, f, g, h, i, j, k, l] = six;
    (letter, Ipv4Addr::new(a, b, c, d), Ipv6Addr::new(e, f, g, h, i, j, k, l))
}

/// The root servers of the internet.
const INTERNET: &[RootServer] = &[
    root('a', [198, 41, 0, 4], [0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30]),
    root('b', [170, 247, 170, 2], [0x2801, 0x1b8, 0x10, 0, 0, 0, 0, 0xb]),
    root('c', [192, 33, 4, 12], [0x2001, 0x500, 2, 0, 0, 0, 0, 0xc]),
    root('d', [199, 7, 91, 13], [0x2001, 0x500, 0x2d, 0, 0, 0, 0, 0xd]),
    root('e', [192, 203, 230, 10], [0x2001, 0x500, 0xa8, 0, 0, 0, 0, 0xe]),
    root('f', [192, 5, 5, 241], [0x2001, 0x500, 0x2f, 0, 0, 0, 0, 0xf]),
    root('g', [192, 112, 36, 4], [0x2001, 0x500, 0x12, 0, 0, 0, 0, 0xd0d]),
    root('h', [198, 97, 190, 53], [0x2001, 0x500, 1, 0, 0, 0, 0, 0x53]),
    root('i', [192, 36, 148, 17], [0x2001, 0x7fe, 0, 0, 0, 0, 0, 0x53]),
    root('j', [192, 58, 128, 30], [0x2001, 0x503, 0xc27, 0, 0, 0, 2, 0x30]),
    root('k', [193, 0, 14, 129], [0x2001, 0x7fd, 0, 0, 0, 0, 0, 1]),
    root('l', [199, 7, 83, 42], [0x2001, 0x500, 0x9f, 0, 0, 0, 0, 0x42]),
    root('m', [202, 12, 27, 33], [0x2001, 0xdc3, 0, 0, 0, 0, 0, 0x35]),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        name::parse(text).unwrap()
    }

    #[test]
    fn hints_are_read_as_they_are_published() {
        let text = "; comment\n.   3600000  NS  A.ROOT.TEST.\n. IN NS b.root.test.\nA.ROOT.TEST. 3600000 A 127.0.0.9 ; it\n\nb.root.test. AAAA ::1\nstranger.test. A 127.0.0.8\n";
        let start = Start::hints(text).unwrap();
        let (apex, servers) = start.of(&name("www.shop.test")).unwrap();
        assert!(apex.is_root());
        let list: Vec<String> = servers.iter().map(|s| format!("{} {}", s.name, s.address)).collect();
        assert_eq!(list, ["A.ROOT.TEST. 127.0.0.9:53", "b.root.test. [::1]:53"]);
    }

    #[test]
    fn one_address_is_one_server_however_often_it_is_given() {
        let text = ". NS a.\n. NS b.\na. A 127.0.0.9\na. A 127.0.0.9\nb. A 127.0.0.9\nb. A 127.0.0.8\n";
        let start = Start::hints(text).unwrap();
        let roots = |start: &Start| start.of(&name("x.test")).unwrap().1.to_vec();
        let list: Vec<String> = roots(&start).iter().map(|s| format!("{} {}", s.name, s.address)).collect();
        assert_eq!(list, ["a. 127.0.0.9:53", "b. 127.0.0.8:53"]);
        let (one, two) = (roots(&start).remove(0), roots(&start).remove(1));
        let mut stub = Start::nowhere();
        for server in [&one, &two, &one, &one] {
            stub = stub.with_stub("test", server.clone()).unwrap();
        }
        assert_eq!(roots(&stub), [one, two]);
    }

    #[test]
    fn what_is_wrong_with_hints_is_said_with_its_line() {
        let said = |text: &str| Start::hints(text).unwrap_err().to_string();
        insta::assert_snapshot!(said(". NS a.\na. A ::1"), @r#"line 2: "::1" is not an IPv4 address"#);
        insta::assert_snapshot!(said("test. NS a."), @"line 1: hints are about the root, not about test.");
        insta::assert_snapshot!(said("\n. SOA"), @"line 2: a line has an owner, a type and one value: `. NS a.root.`");
        insta::assert_snapshot!(said(". TXT x"), @r#"line 1: "TXT" does not belong into hints: they have NS, A and AAAA"#);
        assert!(said("").contains("no root server"));
        assert!(said("b. A 127.0.0.1").contains("no root server"));
    }

    #[test]
    fn a_known_zone_goes_before_the_root_and_the_deepest_before_others() {
        let server = |last: u8| KnownServer {
            name: format!("ns{last}."),
            address: SocketAddr::from(([127, 0, 0, last], 53)),
        };
        let start = Start::internet().with_stub("corp.test", server(1)).unwrap();
        let start =
            start.with_stub("eu.corp.test", server(2)).unwrap().with_stub("corp.test", server(3)).unwrap();
        let at = |text: &str| {
            let (apex, servers) = start.of(&name(text)).unwrap();
            (name::show(&apex), servers.len())
        };
        assert_eq!(at("a.eu.corp.test"), ("eu.corp.test.".into(), 1));
        assert_eq!(at("a.corp.test"), ("corp.test.".into(), 2));
        assert_eq!(at("a.test"), (".".into(), 26));
        assert!(Start::nowhere().of(&name("a.test")).is_none());
    }

    proptest! {
        #[test]
        fn arbitrary_hints_never_panic(text in ".{0,200}") {
            let _ = Start::hints(&text);
        }
    }
}
