//! The arguments of `candor explain`, and how a name, a known server and a resolver are written in them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as Group, ValueEnum};
use url::Url;

/// The port of name servers.
const DNS: u16 = 53;

/// `candor explain`
#[derive(Debug, Group)]
pub(crate) struct ExplainArgs {
    /// A name, a name and a type (shop.example/MX), or a URL
    #[arg(value_name = "NAME[/TYPE]|URL", required_unless_present = "incident")]
    pub(crate) subject: Option<String>,
    /// Instead: the cause of this incident of a running Candor, with what speaks for it and what was ruled out
    #[arg(long, value_name = "NUMBER", conflicts_with = "subject")]
    pub(crate) incident: Option<u64>,
    /// Where the operators' site of that Candor listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081", requires = "incident")]
    pub(crate) operators: SocketAddr,
    /// Begin at the root servers of this file, in the form of named.root, instead of those of the internet
    #[arg(long, value_name = "FILE")]
    pub(crate) hints: Option<PathBuf>,
    /// Begin at this server for what lies in the zone; may be given more than once, also for one zone
    #[arg(long, value_name = "ZONE=ADDR")]
    pub(crate) stub: Vec<Stub>,
    /// A resolver to compare with; may be given more than once [default: the system's, where the walk begins at the internet's root]
    #[arg(long, value_name = "ADDR")]
    pub(crate) resolver: Vec<NameServer>,
    /// What is right: "NAME TYPE DATA"; may be given more than once, also for other names of the zone
    #[arg(long, value_name = "NAME TYPE DATA")]
    pub(crate) expected: Vec<String>,
    /// A version of the zone that was right: what has been lost since is found with it
    #[arg(long, value_name = "FILE")]
    pub(crate) expected_zone: Option<PathBuf>,
    /// Where to ask when the domain's registration ends (RDAP): the URL of a registry's service, or one ending in .json of a list of them; "none" asks nobody [default: the internet's list, where the walk begins at its root]
    #[arg(long, value_name = "URL")]
    pub(crate) rdap: Option<Rdap>,
    /// The port that the servers of a private tree listen on
    #[arg(long, value_name = "PORT", default_value_t = DNS, hide_default_value = true)]
    pub(crate) port: u16,
    /// How long the walk may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) within: u16,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = ExplainFormat::Human)]
    pub(crate) format: ExplainFormat,
}

/// How the answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// The sentence, then the walk as a tree, in 80 columns
    Human,
    /// One JSON object
    Json,
    /// A picture of the delegation
    Svg,
}

/// Where registries are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rdap {
    /// Nowhere.
    Nobody,
    /// There.
    At(Url),
}

impl FromStr for Rdap {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self::Nobody);
        }
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.map(Self::At).ok_or("a URL such as https://rdap.example/, or \"none\"")
    }
}

/// Where a name server or a resolver listens; port 53 where none is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameServer(pub(crate) SocketAddr);

impl FromStr for NameServer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address: Option<SocketAddr> = text.parse().ok();
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let address = address.or_else(|| text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, DNS)));
        address
            .map(Self)
            .ok_or("an IP address, with a port if it is not 53: 192.0.2.1, 127.0.0.1:5353, [::1]:5353")
    }
}

/// A zone, and a server that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stub {
    pub(crate) zone: String,
    pub(crate) name: Option<String>,
    pub(crate) address: SocketAddr,
}

impl FromStr for Stub {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = "a zone and a server that has it: corp.example=192.0.2.1, or corp.example=ns1.corp.example@192.0.2.1:5353";
        let (zone, server) = text.split_once('=').filter(|(zone, _)| !zone.is_empty()).ok_or(form)?;
        let (name, server) =
            server.split_once('@').map_or((None, server), |(name, server)| (Some(name), server));
        let NameServer(address) = server.parse().map_err(|_| form)?;
        Ok(Self { zone: zone.to_owned(), name: name.map(str::to_owned), address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_server_has_a_zone_an_address_and_may_have_a_name() {
        let read = |text: &str| text.parse::<Stub>().ok().map(|stub| (stub.name, stub.address.to_string()));
        assert_eq!(read("corp.example=192.0.2.1"), Some((None, "192.0.2.1:53".into())));
        assert_eq!(
            read("corp.example=ns1.corp.example@[::1]:5353"),
            Some((Some("ns1.corp.example".into()), "[::1]:5353".into()))
        );
        assert_eq!(read("corp.example=[::1]"), Some((None, "[::1]:53".into())));
        for text in ["", "corp.example", "=192.0.2.1", "corp.example=", "corp.example=ns1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
