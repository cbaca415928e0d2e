//! What a diagnosis found, as typed values: the class of failure, where, and the evidence. `page` makes the sentences.
//!
//! The classes F1 to F17 are those of docs/dns.md; F17 (how a change is published) cannot be seen from outside.
//! A finding names nobody without evidence: [`What::NotDns`] and [`What::CouldNotTell`] are findings too.

use alloc::string::String;
use alloc::vec::Vec;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fault::{Act, Kind};

/// What was found about a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The name that was asked about, with its last dot.
    pub name: String,
    /// What was found.
    pub what: What,
    /// What it was before, where that is known.
    pub was: Option<Was>,
    /// What else was seen, which does not explain the failure.
    pub asides: Vec<What>,
    /// When.
    pub at: Timestamp,
}

/// How it was when it was last seen healthy, or as it is demanded to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Was {
    /// Data, `A 192.0.2.20`.
    pub records: Vec<String>,
    /// The zone's serial then.
    pub serial: Option<u32>,
    /// When it was seen.
    pub at: Option<Timestamp>,
}

/// A server, and what is the matter with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its name, with the last dot; its address where it has none.
    pub name: String,
    /// Its address.
    pub address: String,
    /// What it said, in the terms of DNS: `NXDOMAIN`, `REFUSED`, `silent`, `A 192.0.2.1`.
    pub said: String,
}

/// Some of the servers of a zone, out of so many.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Servers {
    /// Those meant.
    pub these: Vec<Server>,
    /// How many the zone has, by address.
    pub of: u32,
    /// How many hosts these addresses belong to; 0 where that was not kept.
    #[serde(default)]
    pub hosts: u32,
}

/// How an alias ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasEnd {
    /// At a name that does not exist.
    Missing,
    /// At a name without addresses.
    Empty,
    /// Where it began.
    Circle,
    /// After more aliases than resolvers follow.
    TooLong,
}

/// Why the name of a zone's server leads to no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAddress {
    /// It is an alias, which a server's name may not be (RFC 2181, section 10.3).
    Alias,
    /// It exists without an address.
    Empty,
    /// It does not exist in this zone, which is there.
    Missing(String),
    /// Its address can only be had from servers whose names lie in the zone that it serves; the zone that it lies in.
    Circular(String),
}

/// What a registry says of a domain (RDAP, RFC 9083).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Registration {
    /// Whether the registry knows it at all.
    pub known: bool,
    /// When it ends, or ended.
    pub ends: Option<Timestamp>,
    /// What keeps it out of the DNS: `client hold`, `redemption period`.
    pub held: Vec<String>,
}

/// What is wrong with signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadSignature {
    /// They have ended.
    Expired(Timestamp),
    /// They begin later.
    NotYet(Timestamp),
    /// They do not verify with the key of that tag.
    Wrong(u16),
    /// They are by a key that the zone does not publish.
    UnknownKey(u16),
    /// There are none.
    Missing,
    /// The signed denial of this type says that the type is there.
    Lists(String),
    /// The signed denial of another type says that this one is not there, and it is.
    Lacks(String),
}

/// How a resolver fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolverFault {
    /// It does not answer.
    Silent,
    /// Nobody listens there, or no way leads there.
    Unreachable(String),
    /// It answers with this error; in its own words (RFC 8914), where it has some.
    Error(String),
    /// It refuses data whose signatures are good.
    Validation(String),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each variant says what its fields are to it, and they have the names of the field"
)]
pub enum What {
    /// F1: the name does not exist in its zone.
    NameMissing { name: String, zone: String, servers: Servers, serial: Option<u32> },
    /// F2: the name exists, without the data.
    Empty { name: String, types: Vec<String>, zone: String, servers: Servers, serial: Option<u32> },
    /// F3: many names of the zone are gone at once.
    MassLoss { name: String, zone: String, lost: u32, of: u32, last: Option<String>, serial: Option<u32> },
    /// F4: a name in the zone's file lacks its last dot, and has the zone's name twice.
    DotMissing { owner: String, rtype: String, target: String, meant: String, zone: String },
    /// F5: servers of one zone do not say the same.
    Disagreement { name: String, zone: String, wrong: Servers, others: String, serial: Option<u32> },
    /// F1, F2 or F6: a host that records of the name send others to (MX, SRV) has no address.
    TargetBroken { name: String, rtype: String, target: String, end: AliasEnd, zone: String },
    /// F5: servers contradict themselves: they deny the name for some types, or fail, and have it for others (or at least the
    /// zone's SOA).
    Contradiction {
        name: String,
        zone: String,
        denied: Vec<String>,
        has: Vec<String>,
        servers: Servers,
        fails: bool,
    },
    /// F6: an alias leads nowhere or in a circle; which link of how many.
    AliasBroken { name: String, target: String, end: AliasEnd, link: u32, of: u32, zone: String },
    /// F7: a wildcard answers for a name that has no records of its own.
    Wildcard { name: String, wildcard: String, data: Vec<String>, ttl: u32 },
    /// F8: the data is not what is expected.
    WrongData { name: String, zone: String, data: Vec<String>, expected: Vec<String>, serial: Option<u32> },
    /// F9: servers that the parent names do not serve the zone.
    Lame { zone: String, parent: String, servers: Servers },
    /// F9: the parent names servers within the zone, and no address for them.
    NoGlue { zone: String, parent: String, hosts: Vec<String> },
    /// F9: the parent gives an address for a server that the zone gives otherwise.
    GlueDiffers { zone: String, parent: String, host: String, glue: Vec<String>, own: Vec<String> },
    /// F9: names of the zone's servers lead to no address.
    HostsUnusable { zone: String, parent: String, hosts: Vec<String>, why: NoAddress },
    /// F10: the parent does not know the zone any more; whether its servers still serve it, where that was asked, and what
    /// the registry says, where that was.
    GoneAtParent {
        zone: String,
        parent: String,
        still_served: Option<bool>,
        #[serde(default)]
        registration: Option<Registration>,
    },
    /// F10, soon: the domain's registration ends, or has ended while the registry still delegates it.
    RegistrationEnds { name: String, at: Timestamp },
    /// F10: the zone's servers have names in a zone that is gone.
    HostsGone { zone: String, hosts: Vec<String>, at: String, denied_by: String },
    /// F11: servers of the zone are not reached.
    Unreachable { zone: String, servers: Servers, network: Option<String> },
    /// F12: copies of the zone differ in their serials, and in what they say.
    SerialsDiffer { zone: String, name: String, behind: Servers, newest: u32, backwards: bool },
    /// F12: servers know of the zone and have no valid copy of it.
    CopyExpired { zone: String, servers: Servers },
    /// F13: none of the zone's keys fits what the parent says; the tags on both sides, for how long resolvers may go on
    /// believing the parent's, and the servers with these keys.
    KeysDiffer {
        zone: String,
        parent: String,
        ds: Vec<u16>,
        keys: Vec<u16>,
        ttl: u32,
        #[serde(default)]
        servers: Servers,
    },
    /// F13, of no effect: the zone is not what the parent's DS says, and nobody is held to that, because a zone above is not
    /// signed (or nothing above it was seen).
    DsUnbound { zone: String, parent: String, unsigned: String, seen: bool },
    /// F14: signatures are no good.
    Signatures { zone: String, of: String, bad: BadSignature, servers: Servers },
    /// F15: the zone is right, and a resolver still holds what it was.
    Cached { name: String, resolver: String, holds: String, right: Vec<String>, seconds: u32 },
    /// F16: the zone is right, and the resolver fails.
    Resolver { name: String, resolver: String, fault: ResolverFault },
    /// Nothing is wrong with the name; what it leads to.
    Healthy { name: String, data: Vec<String> },
    /// The name is right, and what it leads to fails.
    NotDns { name: String, address: String, kind: Kind, detail: String },
    /// The evidence does not say.
    CouldNotTell { why: String },
}

impl What {
    /// The class, as `--format json` has it.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self {
            Self::NameMissing { .. } => "F1",
            Self::Empty { .. } => "F2",
            Self::MassLoss { .. } => "F3",
            Self::DotMissing { .. } => "F4",
            Self::Disagreement { .. } | Self::Contradiction { .. } => "F5",
            Self::AliasBroken { .. } => "F6",
            Self::TargetBroken { end, .. } => match end {
                AliasEnd::Missing => "F1",
                AliasEnd::Empty => "F2",
                AliasEnd::Circle | AliasEnd::TooLong => "F6",
            },
            Self::Wildcard { .. } => "F7",
            Self::WrongData { .. } => "F8",
            Self::Lame { .. }
            | Self::NoGlue { .. }
            | Self::GlueDiffers { .. }
            | Self::HostsUnusable { .. } => "F9",
            Self::GoneAtParent { .. } | Self::HostsGone { .. } | Self::RegistrationEnds { .. } => "F10",
            Self::Unreachable { .. } => "F11",
            Self::SerialsDiffer { .. } | Self::CopyExpired { .. } => "F12",
            Self::KeysDiffer { .. } | Self::DsUnbound { .. } => "F13",
            Self::Signatures { .. } => "F14",
            Self::Cached { .. } => "F15",
            Self::Resolver { .. } => "F16",
            Self::Healthy { .. } => "healthy",
            Self::NotDns { .. } => "not_dns",
            Self::CouldNotTell { .. } => "could_not_tell",
        }
    }

    /// The name that it is about, where it is about one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::NameMissing { name, .. }
            | Self::Empty { name, .. }
            | Self::MassLoss { name, .. }
            | Self::DotMissing { owner: name, .. }
            | Self::Disagreement { name, .. }
            | Self::TargetBroken { name, .. }
            | Self::Contradiction { name, .. }
            | Self::AliasBroken { name, .. }
            | Self::Wildcard { name, .. }
            | Self::WrongData { name, .. }
            | Self::SerialsDiffer { name, .. }
            | Self::Cached { name, .. }
            | Self::Resolver { name, .. } => Some(name),
            _ => None,
        }
    }

    /// What it is about: the zone, where it is a zone's; else the name.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::NameMissing { zone, .. }
            | Self::Empty { zone, .. }
            | Self::MassLoss { zone, .. }
            | Self::DotMissing { zone, .. }
            | Self::Disagreement { zone, .. }
            | Self::TargetBroken { zone, .. }
            | Self::Contradiction { zone, .. }
            | Self::AliasBroken { zone, .. }
            | Self::WrongData { zone, .. }
            | Self::Lame { zone, .. }
            | Self::NoGlue { zone, .. }
            | Self::GlueDiffers { zone, .. }
            | Self::HostsUnusable { zone, .. }
            | Self::GoneAtParent { zone, .. }
            | Self::HostsGone { zone, .. }
            | Self::Unreachable { zone, .. }
            | Self::SerialsDiffer { zone, .. }
            | Self::CopyExpired { zone, .. }
            | Self::KeysDiffer { zone, .. }
            | Self::DsUnbound { zone, .. }
            | Self::Signatures { zone, .. } => zone,
            Self::Wildcard { wildcard: name, .. }
            | Self::Cached { resolver: name, .. }
            | Self::Resolver { resolver: name, .. }
            | Self::RegistrationEnds { name, .. }
            | Self::Healthy { name, .. }
            | Self::NotDns { name, .. } => name,
            Self::CouldNotTell { .. } => "",
        }
    }

    /// Who can mend it; nobody where nothing is wrong or nothing is known.
    #[must_use]
    pub const fn act(&self) -> Option<Act> {
        Some(match self {
            Self::NameMissing { .. }
            | Self::Empty { .. }
            | Self::MassLoss { .. }
            | Self::DotMissing { .. }
            | Self::Disagreement { .. }
            | Self::Contradiction { .. }
            | Self::AliasBroken { .. }
            | Self::TargetBroken { .. }
            | Self::Wildcard { .. }
            | Self::WrongData { .. }
            | Self::Lame { .. }
            | Self::SerialsDiffer { .. }
            | Self::CopyExpired { .. }
            | Self::KeysDiffer { .. }
            | Self::DsUnbound { .. }
            | Self::Signatures { .. } => Act::ZoneOwner,
            Self::HostsUnusable { why, .. } => match why {
                NoAddress::Circular(_) => Act::Registrar,
                NoAddress::Alias | NoAddress::Empty | NoAddress::Missing(_) => Act::ZoneOwner,
            },
            Self::NoGlue { .. }
            | Self::GlueDiffers { .. }
            | Self::GoneAtParent { .. }
            | Self::HostsGone { .. }
            | Self::RegistrationEnds { .. } => Act::Registrar,
            Self::Unreachable { .. } => Act::Network,
            Self::Cached { .. } | Self::Resolver { .. } => Act::Resolver,
            Self::NotDns { kind, .. } => kind.act(),
            Self::Healthy { .. } | Self::CouldNotTell { .. } => return None,
        })
    }

    /// Whether it says that something is wrong.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        !matches!(self, Self::Healthy { .. } | Self::CouldNotTell { .. })
    }

    /// Whether it accuses the DNS.
    #[must_use]
    pub const fn is_dns(&self) -> bool {
        self.is_fault() && !matches!(self, Self::NotDns { .. })
    }
}
