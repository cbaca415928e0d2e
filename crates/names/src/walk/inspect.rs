//! A zone looked at: its hosts, their addresses, and what a server at each of them says of the zone itself.

use std::net::{IpAddr, SocketAddr};

use domain::base::Rtype;

use super::asker::{Ask, How};
use super::cut::IN_PASSING;
use super::down::Walker;
use super::{Delegation, Heard, HostFault, HostSeen, KnownServer, ServerSeen, Standing, Step, ZoneSeen};
use crate::name::{self, Name};
use crate::question::Question;
use crate::record::Record;

/// Most addresses of one zone that are asked; the root has 26.
const MAX_SERVERS: usize = 64;
/// Most addresses of one host.
const MAX_ADDRESSES: usize = 16;
/// Most hosts of one zone.
const MAX_HOSTS: usize = 32;

/// A server that is to be asked.
struct At {
    name: String,
    address: SocketAddr,
    by_parent: bool,
    by_zone: bool,
}

impl Walker<'_> {
    /// Looks at a zone whose servers were given.
    pub(super) async fn inspect_given(&mut self, apex: Name, given: &[KnownServer], thorough: bool) -> usize {
        let at = given.iter().take(MAX_SERVERS).map(|server| At {
            name: server.name.clone(),
            address: server.address,
            by_parent: true,
            by_zone: false,
        });
        let at: Vec<At> = at.take(if thorough { MAX_SERVERS } else { IN_PASSING }).collect();
        (self.watch)(Step::Zone { apex: name::show(&apex), servers: at.len() });
        let servers = self.interview(&apex, at, thorough).await;
        let seen = ZoneSeen {
            apex: name::show(&apex),
            parent: None,
            delegation: None,
            hosts: Vec::new(),
            servers,
            thorough,
        };
        self.keep(apex, seen)
    }

    /// Looks at a zone that its parent delegates, first as the parent names its servers, then as the zone itself does:
    /// resolvers go by the one and by the other (RFC 2181, section 5.4.1).
    pub(super) async fn inspect(
        &mut self,
        apex: Name,
        from: Option<(usize, Delegation)>,
        thorough: bool,
    ) -> usize {
        let (parent, delegation) = from.map_or((None, None), |(zone, said)| (Some(zone), Some(said)));
        let mut hosts = Vec::new();
        let mut at = Vec::new();
        if let Some(said) = &delegation {
            at = self.of_delegation(&apex, said, parent, &mut hosts).await;
        }
        if !thorough {
            at.truncate(IN_PASSING);
        }
        (self.watch)(Step::Zone { apex: name::show(&apex), servers: at.len() });
        let mut servers = self.interview(&apex, at, thorough).await;
        if thorough {
            self.own_servers(&apex, &mut hosts, &mut servers).await;
            self.own_addresses(&apex, &mut hosts, &servers).await;
        }
        let seen = ZoneSeen { apex: name::show(&apex), parent, delegation, hosts, servers, thorough };
        self.keep(apex, seen)
    }

    /// The servers that a delegation names, at the addresses that came with it or that are found.
    async fn of_delegation(
        &mut self,
        apex: &Name,
        said: &Delegation,
        parent: Option<usize>,
        hosts: &mut Vec<HostSeen>,
    ) -> Vec<At> {
        let mut at = Vec::new();
        if said.same_servers {
            let servers = parent.and_then(|parent| self.zones.get(parent)).map(|zone| &zone.servers);
            let has_it = |server: usize| said.said.iter().any(|(one, _)| *one == server);
            let list = servers.into_iter().flatten().enumerate().filter(|(index, _)| has_it(*index));
            return list
                .map(|(_, server)| At {
                    name: server.name.clone(),
                    address: server.address,
                    by_parent: true,
                    by_zone: false,
                })
                .collect();
        }
        for host in &said.names {
            let seen = self.host_of(apex, host, &said.glue, true).await;
            at.extend(self.addresses_of(&seen));
            hosts.push(seen);
        }
        at.truncate(MAX_SERVERS);
        at
    }

    /// A host that is named as a server of `apex`, with its addresses.
    async fn host_of(&mut self, apex: &Name, host: &str, glue: &[Record], by_parent: bool) -> HostSeen {
        let ours = glue.iter().filter(|record| record.name.eq_ignore_ascii_case(host));
        let mut addresses: Vec<IpAddr> = ours.filter_map(|record| record.data.parse().ok()).collect();
        addresses.truncate(MAX_ADDRESSES);
        let mut fault = None;
        if addresses.is_empty() {
            match name::parse(host) {
                Ok(name) if name.ends_with(apex) && by_parent => fault = Some(HostFault::NoGlue),
                Ok(name) => {
                    let found = self.find(&name).await;
                    (addresses, fault) = (found.addresses, found.fault);
                    addresses.truncate(MAX_ADDRESSES);
                }
                Err(_) => fault = Some(HostFault::NotAsked),
            }
        }
        HostSeen { name: host.to_owned(), by_parent, by_zone: false, addresses, fault, own: Vec::new() }
    }

    fn addresses_of(&self, host: &HostSeen) -> Vec<At> {
        let port = self.start.port;
        let at = |ip: &IpAddr| At {
            name: host.name.clone(),
            address: SocketAddr::new(*ip, port),
            by_parent: host.by_parent,
            by_zone: host.by_zone,
        };
        host.addresses.iter().map(at).collect()
    }

    /// Asks each server for the SOA, over UDP and TCP; those that have the zone also for its servers and its keys.
    async fn interview(&self, apex: &Name, list: Vec<At>, thorough: bool) -> Vec<ServerSeen> {
        let ask = |at: &At, rtype, how| Ask {
            server: at.address,
            question: Question::of(apex.clone(), rtype),
            how,
        };
        let mut first: Vec<Ask> = list.iter().map(|at| ask(at, Rtype::SOA, How::Authority)).collect();
        if thorough {
            first.extend(list.iter().map(|at| ask(at, Rtype::SOA, How::Tcp)));
        }
        let mut heard = self.asker.all(first).await;
        let mut tcp = heard.split_off(list.len().min(heard.len())).into_iter();
        let mut servers: Vec<ServerSeen> = Vec::with_capacity(list.len());
        for (at, soa) in list.iter().zip(heard) {
            servers.push(ServerSeen {
                name: at.name.clone(),
                address: at.address,
                by_parent: at.by_parent,
                by_zone: at.by_zone,
                soa,
                tcp: tcp.next(),
                ns: None,
                dnskey: None,
            });
        }
        if thorough {
            self.more(apex, &mut servers).await;
        }
        servers
    }

    /// What only servers that have the zone are asked.
    async fn more(&self, apex: &Name, servers: &mut [ServerSeen]) {
        let have_it = |server: &&mut ServerSeen| matches!(server.standing(), Standing::Authoritative(_));
        let mut speakers: Vec<&mut ServerSeen> = servers.iter_mut().filter(have_it).collect();
        let mut list = Vec::new();
        for rtype in [Rtype::NS, Rtype::DNSKEY] {
            list.extend(speakers.iter().map(|server| Ask {
                server: server.address,
                question: Question::of(apex.clone(), rtype),
                how: How::Authority,
            }));
        }
        let mut heard = self.asker.all(list).await;
        let keys = heard.split_off(speakers.len().min(heard.len()));
        for ((server, ns), dnskey) in speakers.iter_mut().zip(heard).zip(keys) {
            server.ns = Some(ns);
            server.dnskey = Some(dnskey);
        }
    }

    /// Adds the servers that the zone itself names and the parent does not, and marks those that both name.
    async fn own_servers(&mut self, apex: &Name, hosts: &mut Vec<HostSeen>, servers: &mut Vec<ServerSeen>) {
        let named = own_names(apex, servers);
        let mut new = Vec::new();
        for name in named.into_iter().take(MAX_HOSTS) {
            if let Some(known) = hosts.iter_mut().find(|host| host.name.eq_ignore_ascii_case(&name)) {
                known.by_zone = true;
                continue;
            }
            let glue = self.ask_own(apex, &name, servers).await;
            let mut seen = self.host_of(apex, &name, &glue, false).await;
            seen.by_zone = true;
            new.extend(self.addresses_of(&seen));
            hosts.push(seen);
        }
        for server in servers.iter_mut() {
            server.by_zone =
                hosts.iter().any(|host| host.by_zone && host.name.eq_ignore_ascii_case(&server.name));
        }
        new.retain(|at| !servers.iter().any(|server| server.address == at.address));
        new.truncate(MAX_SERVERS.saturating_sub(servers.len()));
        let more = self.interview(apex, new, true).await;
        servers.extend(more);
    }

    /// What the zone itself says are the addresses of its servers, where these lie in it.
    async fn own_addresses(&mut self, apex: &Name, hosts: &mut [HostSeen], servers: &[ServerSeen]) {
        for host in hosts {
            let records = self.ask_own(apex, &host.name, servers).await;
            host.own = records.iter().filter_map(|record| record.data.parse().ok()).collect();
        }
    }

    /// Asks one server of the zone for the addresses of a host within it.
    async fn ask_own(&self, apex: &Name, host: &str, servers: &[ServerSeen]) -> Vec<Record> {
        let Ok(name) = name::parse(host) else { return Vec::new() };
        let speaker = servers.iter().find(|server| matches!(server.standing(), Standing::Authoritative(_)));
        let Some(speaker) = speaker.filter(|_| name.ends_with(apex)) else { return Vec::new() };
        let mut found = Vec::new();
        for rtype in [Rtype::A, Rtype::AAAA] {
            for (_, heard) in self.each(&[(0, speaker.address)], &name, rtype).await {
                found.extend(addresses_in(&name, &heard));
            }
        }
        found
    }
}

/// The hosts in the zone's own NS set, by any server.
fn own_names(apex: &Name, servers: &[ServerSeen]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for heard in servers.iter().filter_map(|server| server.ns.as_ref()) {
        let Ok(exchange) = heard.as_ref() else { continue };
        let ours = |record: &&Record| {
            record.rtype == "NS" && name::parse(&record.name).is_ok_and(|owner| owner == *apex)
        };
        for record in exchange.answer.iter().filter(ours) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(&record.data)) {
                names.push(record.data.clone());
            }
        }
    }
    names
}

/// The address records of `name` in an answer.
pub(super) fn addresses_in(name: &Name, heard: &Heard) -> Vec<Record> {
    let Ok(exchange) = heard.as_ref() else { return Vec::new() };
    let ours = |record: &&Record| {
        matches!(record.rtype.as_str(), "A" | "AAAA")
            && name::parse(&record.name).is_ok_and(|owner| owner == *name)
    };
    exchange.answer.iter().filter(ours).cloned().collect()
}
