//! The arguments of `candor zone`, and how addresses, keys and copies are written in them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use candor_names::guard::{Severity, Share};
use candor_names::{Allow, Network};
use clap::{Args as Group, ValueEnum};

use super::address;
use super::explain::NameServer;

/// The port of name servers.
const DNS: u16 = 53;

/// `candor zone serve`
#[derive(Debug, Group)]
pub(crate) struct ZoneServeArgs {
    /// Zone files; none is needed where --secondary names zones
    #[arg(value_name = "FILE", required_unless_present = "secondary")]
    pub(crate) files: Vec<PathBuf>,
    /// Where to listen, UDP and TCP; may be given more than once
    #[arg(long, value_name = "ADDR", value_parser = address, default_value = "127.0.0.1:5353")]
    pub(crate) listen: Vec<SocketAddr>,
    /// Keep the zones and their versions in this file, so that differences can be sent, and copies served, after a restart
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Who may have whole zones (AXFR, IXFR): 192.0.2.1, 192.0.2.0/24, key:NAME, or 192.0.2.1+key:NAME; by default nobody
    #[arg(long, value_name = "WHO")]
    pub(crate) allow_transfer: Vec<Allow>,
    /// Tell this server when a zone changed (NOTIFY): ADDR or ADDR+key:NAME
    #[arg(long, value_name = "ADDR")]
    pub(crate) notify: Vec<Server>,
    /// Copy a zone from other servers: ZONE=ADDR, ZONE=ADDR,ADDR or ZONE=ADDR+key:NAME; they are asked in this order
    #[arg(long, value_name = "ZONE=ADDR")]
    pub(crate) secondary: Vec<Copied>,
    /// A shared key (TSIG): NAME:ALGORITHM:FILE; the file has its secret in base64
    #[arg(long, value_name = "NAME:ALGORITHM:FILE")]
    pub(crate) key: Vec<KeyFile>,
    /// Counts for Prometheus at http://ADDR/metrics
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) metrics: Option<SocketAddr>,
}

/// `candor zone plan`
#[derive(Debug, Group)]
pub(crate) struct ZonePlanArgs {
    /// What is published: a zone file, or axfr:ADDR, or axfr:ADDR+key:NAME
    #[arg(long, value_name = "FILE|axfr:ADDR")]
    pub(crate) live: Live,
    /// What is to be published: a zone file
    #[arg(long, value_name = "FILE")]
    pub(crate) proposed: PathBuf,
    /// The zone, where the files do not say: needed for axfr where the proposed file has neither $ORIGIN nor an absolute SOA
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
    /// A name that must go on leading somewhere, besides those that the config's journeys use: "www A", "@ MX", or "api" for an address
    #[arg(long, value_name = "NAME TYPE")]
    pub(crate) require: Vec<String>,
    /// A config, whose journeys and `needs:` say which names are required; its journeys are tried with the proposed zone
    #[arg(value_name = "CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// A server of the zone, NAME@ADDR or ADDR, that is asked for its serial and for the required names; new:ADDR is one that the change adds
    #[arg(long, value_name = "[NAME@]ADDR")]
    pub(crate) server: Vec<Asked>,
    /// A server of the zone above, that is asked for the delegation and for DS
    #[arg(long, value_name = "ADDR")]
    pub(crate) parent: Option<NameServer>,
    /// Ask nobody: neither servers nor for names outside of the zone
    #[arg(long, conflicts_with_all = ["server", "parent"])]
    pub(crate) offline: bool,
    /// Do not try the config's journeys
    #[arg(long)]
    pub(crate) no_journeys: bool,
    /// Try journeys that write as well: they buy, send, upload at what the names lead to
    #[arg(long, conflicts_with = "no_journeys")]
    pub(crate) with_writes: bool,
    /// New addresses must lie in this network, 192.0.2.0/24, or in one of the config's; may be given more than once
    #[arg(long, value_name = "NETWORK")]
    pub(crate) owned: Vec<Network>,
    /// The share of the zone's sets of records that may vanish at once: 5% if nothing else is said
    #[arg(long, value_name = "SHARE")]
    pub(crate) removed: Option<Share>,
    /// The last line of a file that is whole, such as "; end"
    #[arg(long, value_name = "TEXT")]
    pub(crate) last_line: Option<String>,
    /// How much a rule weighs: R7=warn, R7=refuse, R7=off; may be given more than once
    #[arg(long, value_name = "RULE=WEIGHT")]
    pub(crate) rule: Vec<Weight>,
    /// A shared key (TSIG): NAME:ALGORITHM:FILE; the file has its secret in base64
    #[arg(long, value_name = "NAME:ALGORITHM:FILE")]
    pub(crate) key: Vec<KeyFile>,
    /// How the plan is printed
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    pub(crate) format: PlanFormat,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// What would change and what speaks against it, in 80 columns
    Human,
    /// One JSON object
    Json,
    /// Annotations of a GitHub workflow
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// Where the live zone is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Live {
    /// In a file.
    File(PathBuf),
    /// By transfer from a server.
    Axfr(Server),
}

impl FromStr for Live {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("axfr:") {
            Some(server) => server.parse().map(Self::Axfr).map_err(|why: &str| why.to_owned()),
            None if text.is_empty() => Err("a zone file, or axfr:192.0.2.1".to_owned()),
            None => Ok(Self::File(text.into())),
        }
    }
}

/// A server of the zone that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    /// Whether the change makes it one of the zone's.
    pub(crate) is_new: bool,
}

impl FromStr for Asked {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_new, place) = text.strip_prefix("new:").map_or((false, text), |place| (true, place));
        let (name, at) = place.split_once('@').map_or((None, place), |(name, at)| (Some(name), at));
        let server: Server = at.parse()?;
        if server.key.is_some() || name == Some("") {
            return Err(
                "an address, or a name and an address: ns1.shop.example@192.0.2.1, 192.0.2.1:5353, new:192.0.2.3",
            );
        }
        let name = name.map_or_else(|| server.address.to_string(), str::to_owned);
        Ok(Self { name, address: server.address, is_new })
    }
}

/// How much a rule weighs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Weight {
    pub(crate) rule: String,
    /// `None` where it is off.
    pub(crate) severity: Option<Severity>,
}

impl FromStr for Weight {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rule, weight) =
            text.split_once('=').ok_or("a rule and its weight: R7=warn, R7=refuse or R7=off")?;
        let severity = match weight {
            "refuse" => Some(Severity::Refuse),
            "warn" => Some(Severity::Warn),
            "off" => None,
            _ => return Err("a weight is refuse, warn or off"),
        };
        Ok(Self { rule: rule.to_owned(), severity })
    }
}

/// `candor zone versions`
#[derive(Debug, Group)]
pub(crate) struct ZoneVersionsArgs {
    /// What `candor zone serve --store` keeps
    #[arg(value_name = "STORE")]
    pub(crate) store: PathBuf,
    /// This zone alone
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
}

/// `candor zone rollback`
#[derive(Debug, Group)]
pub(crate) struct ZoneRollbackArgs {
    /// What `candor zone serve --store` keeps
    #[arg(value_name = "STORE")]
    pub(crate) store: PathBuf,
    /// The zone's file, as it is in force; it is written anew, and what it was is kept beside it as FILE~
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The serial of the version whose records come back
    #[arg(long, value_name = "SERIAL")]
    pub(crate) to: u32,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Another name server, and the name of the key that is shared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) key: Option<String>,
}

impl FromStr for Server {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (place, key) = text.split_once("+key:").map_or((text, None), |(place, key)| (place, Some(key)));
        let with_port = place.parse().ok();
        let address = with_port.or_else(|| place.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, DNS)));
        match (address, key) {
            (Some(address), key) if key != Some("") => Ok(Self { address, key: key.map(str::to_owned) }),
            _ => Err(
                "an address, with a port if it is not 53, and a key if one is shared: 192.0.2.1, 192.0.2.1:5353, [2001:db8::1]:5353, or 192.0.2.1+key:NAME",
            ),
        }
    }
}

/// A zone, and the servers that it is copied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) zone: String,
    pub(crate) primaries: Vec<Server>,
}

impl FromStr for Copied {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (zone, servers) = text
            .split_once('=')
            .filter(|(zone, _)| !zone.is_empty())
            .ok_or("a zone and where it is copied from: corp.example=192.0.2.1")?;
        let primaries = servers.split(',').map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { zone: zone.to_owned(), primaries })
    }
}

/// Where a key's secret lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyFile {
    pub(crate) name: String,
    pub(crate) algorithm: String,
    pub(crate) file: PathBuf,
}

impl FromStr for KeyFile {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(algorithm), Some(file)) if ![name, algorithm, file].contains(&"") => {
                Ok(Self { name: name.to_owned(), algorithm: algorithm.to_owned(), file: file.into() })
            }
            _ => Err("a name, an algorithm, and the file with the secret: xfr.example:hmac-sha256:xfr.key"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_address_with_or_without_port_and_key() {
        let server =
            |text: &str| text.parse::<Server>().ok().map(|server| (server.address.to_string(), server.key));
        assert_eq!(server("192.0.2.1"), Some(("192.0.2.1:53".into(), None)));
        assert_eq!(server("2001:db8::1"), Some(("[2001:db8::1]:53".into(), None)));
        assert_eq!(
            server("192.0.2.1:5353+key:k.example"),
            Some(("192.0.2.1:5353".into(), Some("k.example".into())))
        );
        for text in ["", "shop.example", "192.0.2.1+key:", "192.0.2.1:x"] {
            assert_eq!(server(text), None, "{text}");
        }
    }

    #[test]
    fn a_copy_has_a_zone_and_servers() {
        let copied: Copied = "corp.example=192.0.2.1,192.0.2.2+key:k".parse().unwrap();
        assert_eq!((copied.zone.as_str(), copied.primaries.len()), ("corp.example", 2));
        for text in ["corp.example", "=192.0.2.1", "corp.example=", "corp.example=192.0.2.1,"] {
            assert!(text.parse::<Copied>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_has_three_parts() {
        let key: KeyFile = "k.example:hmac-sha256:C:/odd/path".parse().unwrap();
        assert_eq!(key.file, PathBuf::from("C:/odd/path"));
        for text in ["k", "k:hmac-sha256", "k::f", "k:hmac-sha256:"] {
            assert!(text.parse::<KeyFile>().is_err(), "{text}");
        }
    }
}
