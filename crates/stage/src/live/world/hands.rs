//! What is done to the estate, through its own doors: scenario words to the estate's roles, and each cause to its call.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use candor_estate::role::Role;
use candor_estate::{Estate, Region, ServedPage};

use crate::Ms;
use crate::cause::{Cause, Link, LinkEnd};
use crate::live::LiveError;
use crate::live::link::Ground;
use crate::live::secure;
use crate::scenario::{COPIES, Scenario};

/// The most by which the estate makes an answer wait.
const SLOWEST_MS: Ms = 60_000;

/// Why a cause cannot be brought about, if so.
pub(super) fn obstacle(cause: &Cause, scenario: &Scenario) -> Option<&'static str> {
    match cause {
        Cause::Link(Link { end: LinkEnd::Copy(_), cut: false, .. }) => {
            Some("a link between name servers can be cut, and nothing else")
        }
        Cause::ExpireCertificate { host } if secure::store_of(host, scenario).is_none() => {
            Some("only the storefronts of its places have certificates, such as gb.apps")
        }
        Cause::SlowDisk { by_ms, .. } if *by_ms > SLOWEST_MS => Some("an answer waits a minute at most"),
        _ => None,
    }
}

/// Whether a cause keeps the primary from a copy of the zone.
pub(super) fn parts_copies(cause: &Cause) -> bool {
    match cause {
        Cause::Stop { role } | Cause::Kill { role } | Cause::Pause { role } => role == "ns1",
        Cause::Link(_) => true,
        _ => false,
    }
}

/// Whether a cause joins them again.
pub(super) fn joins_copies(cause: &Cause) -> bool {
    match cause {
        Cause::Start { role } | Cause::Continue { role } => role == "ns1",
        Cause::LinkMended { .. } => true,
        _ => false,
    }
}

/// What the links lead to.
pub(in crate::live) fn ground(estate: &Estate, scenario: &Scenario, seed: u64) -> Ground {
    let dns = estate.dns_addr();
    let block = match dns.ip() {
        IpAddr::V4(address) => {
            let [_, _, block, _] = address.octets();
            block
        }
        IpAddr::V6(_) => 0,
    };
    let servers = |place: &String| (place.clone(), vec![estate.dns_of(place)]);
    Ground { block, ports: vec![dns.port()], places: scenario.places.iter().map(servers).collect(), seed }
}

/// The zone's name servers, by their names relative to it.
pub(in crate::live) fn name_servers(estate: &Estate) -> Vec<(String, SocketAddr)> {
    let named =
        |(role, address): (Role, SocketAddr)| Some((role.sheet().hosts.first()?.to_string(), address));
    estate.name_servers().into_iter().filter_map(named).collect()
}

/// The role of a scenario's word; the copies of the zone are those of the estate's regions.
fn role(word: &str) -> Result<Role, LiveError> {
    let found = match word {
        "ns1" => Some(Role::Dns),
        "ns2" => Some(Role::Copy(Region::West)),
        "ns3" => Some(Role::Copy(Region::East)),
        "ns4" => Some(Role::Copy(Region::India)),
        _ => Role::find(word),
    };
    found.ok_or_else(|| LiveError::NotLive(format!("something that befalls {word}")))
}

/// The estate.
#[derive(Debug)]
pub(super) struct Hands {
    estate: Estate,
}

impl Hands {
    pub(super) const fn new(estate: Estate) -> Self {
        Self { estate }
    }

    /// The zone file of the primary.
    pub(super) fn zone(&self) -> String {
        self.estate.zone_text().to_owned()
    }

    pub(super) fn port(&self) -> u16 {
        self.estate.urls().port()
    }

    pub(super) fn socket(&self, role: Role) -> SocketAddr {
        self.estate.address(role)
    }

    /// Publishes a zone; copies that it is withheld from keep what they have.
    pub(super) async fn publish(&mut self, text: &str, withheld: &[String]) -> Result<(), LiveError> {
        for copy in withheld {
            self.estate.withhold(role(copy)?).await?;
        }
        self.estate.publish(text).await?;
        for copy in COPIES.iter().skip(1).filter(|copy| !withheld.iter().any(|held| held == *copy)) {
            self.estate.deliver(role(copy)?).await?;
        }
        Ok(())
    }

    /// Brings a cause about.
    pub(super) async fn bring_about(&mut self, cause: &Cause) -> Result<(), LiveError> {
        let estate = &mut self.estate;
        match cause {
            Cause::Stop { role: word } => estate.halt(role(word)?).await?,
            Cause::Kill { role: word } => estate.kill(role(word)?).await?,
            Cause::Pause { role: word } => estate.pause(role(word)?).await?,
            Cause::Continue { role: word } => estate.resume(role(word)?).await?,
            Cause::Start { role: word } => estate.revive(role(word)?).await?,
            Cause::Link(Link { end: LinkEnd::Copy(copy), .. }) => estate.withhold(role(copy)?).await?,
            Cause::LinkMended { end: LinkEnd::Copy(copy) } => estate.deliver(role(copy)?).await?,
            _ => self.turn(cause, true).await?,
        }
        Ok(())
    }

    /// Takes a cause back.
    pub(super) async fn take_back(&mut self, cause: &Cause) -> Result<(), LiveError> {
        self.turn(cause, false).await
    }

    /// What is on or off.
    async fn turn(&mut self, cause: &Cause, on: bool) -> Result<(), LiveError> {
        let estate = &mut self.estate;
        match cause {
            Cause::FillDisk { role: word } => estate.fill_disk(role(word)?, on).await?,
            Cause::SlowDisk { role: word, by_ms } => {
                estate.slow(role(word)?, on.then_some(Duration::from_millis(*by_ms))).await?;
            }
            Cause::Stall { role: word } => estate.stall(role(word)?, on).await?,
            Cause::ServePage { role: word, status, text } => {
                let page = ServedPage { status: *status, text: text.clone() };
                estate.serve_page(role(word)?, on.then_some(page)).await?;
            }
            Cause::ExpireCertificate { host } => estate.expire_certificate(host, on).await?,
            _ => return Err(LiveError::NotLive(cause.words())),
        }
        Ok(())
    }

    pub(super) async fn stop(self) {
        self.estate.stop().await;
    }
}
