//! The addresses of a host that serves a zone, looked up in passing.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use domain::base::Rtype;

use super::down::Walker;
use super::inspect::addresses_in;
use super::{HostFault, Reach, read};
use crate::name::{self, Name};
use crate::record::Rcode;

/// How many lookups may stand inside of each other: a host in a zone whose servers' hosts lie in a zone, and so on.
const MAX_INSIDE: usize = 4;

/// What came of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) fault: Option<HostFault>,
}

impl Found {
    fn none(fault: HostFault) -> Self {
        Self { addresses: Vec::new(), fault: Some(fault) }
    }
}

impl Walker<'_> {
    /// Finds the addresses of a host, once for the whole walk.
    pub(super) fn find<'f>(&'f mut self, host: &'f Name) -> Pin<Box<dyn Future<Output = Found> + Send + 'f>> {
        Box::pin(async move {
            if let Some(known) = self.hosts.get(host) {
                return known.clone();
            }
            if self.inside >= MAX_INSIDE {
                return Found::none(HostFault::NotAsked);
            }
            // Who comes by here again while it is looked up has come in a circle.
            self.hosts.insert(host.clone(), Found::none(HostFault::Circular));
            self.inside += 1;
            let found = self.look_up(host).await;
            self.inside -= 1;
            self.hosts.insert(host.clone(), found.clone());
            found
        })
    }

    async fn look_up(&mut self, host: &Name) -> Found {
        let zone = match self.to(host, false).await {
            Reach::Zone(zone) => zone,
            Reach::Denied { zone, at } => {
                return Found::none(HostFault::Denied { zone: self.apex_of(zone), at });
            }
            Reach::Stuck(zone) => return Found::none(HostFault::Stuck { zone: self.apex_of(zone) }),
            Reach::Nowhere => return Found::none(HostFault::NotAsked),
        };
        let servers = self.speakers(zone);
        let mut addresses = Vec::new();
        let (mut alias, mut answered) = (false, [false; 2]);
        for (rtype, answered) in [Rtype::A, Rtype::AAAA].into_iter().zip(&mut answered) {
            for (_, heard) in self.each(&servers, host, rtype).await {
                *answered |= heard.as_ref().as_ref().is_ok_and(|exchange| exchange.rcode == Rcode::NOERROR);
                alias |= heard.as_ref().as_ref().is_ok_and(|exchange| read::alias(host, exchange).is_some());
                for record in addresses_in(host, &heard) {
                    let Ok(ip) = record.data.parse() else { continue };
                    if !addresses.contains(&ip) {
                        addresses.push(ip);
                    }
                }
            }
        }
        let fault = match (addresses.is_empty(), alias) {
            (false, _) => None,
            (true, true) => Some(HostFault::Alias),
            // Only where both were answered is it known that there is none.
            (true, false) if answered == [true; 2] => Some(HostFault::Empty { zone: self.apex_of(zone) }),
            (true, false) => Some(HostFault::Stuck { zone: self.apex_of(zone) }),
        };
        Found { addresses, fault }
    }

    fn apex_of(&self, zone: usize) -> String {
        self.apexes.get(zone).map(name::show).unwrap_or_default()
    }
}
