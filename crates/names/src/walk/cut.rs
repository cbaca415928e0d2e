//! The next cut below a zone, on the way to a name.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use domain::base::Rtype;
use domain::base::name::ToLabelIter;

use super::asker::{Ask, How};
use super::down::Walker;
use super::read::{Says, says};
use super::{Delegation, Heard, Standing};
use crate::name::{self, Name};
use crate::question::Question;
use crate::record::Record;

/// Most servers of a zone that are asked in passing.
pub(super) const IN_PASSING: usize = 3;
/// Most names and addresses of servers that are taken of a delegation.
const MAX_NAMES: usize = 32;
const MAX_GLUE: usize = 128;

/// What lies below a zone, on the way to a name.
pub(super) enum Below {
    /// Nothing: the zone has the name itself, or would have it.
    Here,
    /// All servers deny this name.
    Denied(Name),
    /// No server says anything more.
    Stuck,
    /// Another zone.
    Cut(Name, Delegation),
}

impl Walker<'_> {
    /// Asks for one label more at a time: a server that has parent and child would not show the cut otherwise, and the
    /// name at which a denial begins says who has to act.
    pub(super) async fn below(&mut self, zone: usize, name: &Name) -> Below {
        let Some(apex) = self.apexes.get(zone).cloned() else { return Below::Stuck };
        let servers = self.speakers(zone);
        for at in between(&apex, name) {
            let said = self.each(&servers, &at, Rtype::SOA).await;
            let words: Vec<Says> = said.iter().map(|(_, heard)| says(&apex, &at, heard)).collect();
            if let Some(cut) = commonest(words.iter().filter_map(cut_named)) {
                let denied_by = deniers(&said, &words);
                return self.delegated(&apex, &cut, said, &servers, denied_by).await;
            }
            if words.contains(&Says::Apex) {
                let denied_by = deniers(&said, &words);
                let said = self.same_servers(&at, said, &servers, denied_by).await;
                return Below::Cut(at, said);
            }
            if words.iter().all(|says| matches!(says, Says::Nothing | Says::Lame(_))) {
                return Below::Stuck;
            }
            if !words.contains(&Says::Inside) {
                return Below::Denied(at);
            }
        }
        Below::Here
    }

    /// The servers of the zone that are known to have it, and where they are.
    pub(super) fn speakers(&self, zone: usize) -> Vec<(usize, SocketAddr)> {
        let Some(zone) = self.zones.get(zone) else { return Vec::new() };
        let most = if zone.thorough { zone.servers.len() } else { IN_PASSING };
        let have_it = |server: &super::ServerSeen| matches!(server.standing(), Standing::Authoritative(_));
        let list = zone.servers.iter().enumerate().filter(|(_, server)| have_it(server));
        list.map(|(at, server)| (at, server.address)).take(most).collect()
    }

    /// Asks each of the servers the same.
    pub(super) async fn each(
        &self,
        servers: &[(usize, SocketAddr)],
        name: &Name,
        rtype: Rtype,
    ) -> Vec<(usize, Heard)> {
        let ask = |server| Ask { server, question: Question::of(name.clone(), rtype), how: How::Authority };
        let heard = self.asker.all(servers.iter().map(|(_, address)| ask(*address)).collect()).await;
        servers.iter().map(|(at, _)| *at).zip(heard).collect()
    }

    async fn delegated(
        &self,
        apex: &Name,
        cut: &Name,
        said: Vec<(usize, Heard)>,
        servers: &[(usize, SocketAddr)],
        denied_by: Vec<usize>,
    ) -> Below {
        let ds = self.each(servers, cut, Rtype::DS).await;
        let mut names: Vec<String> = Vec::new();
        let mut glue: Vec<Record> = Vec::new();
        for exchange in said.iter().filter_map(|(_, heard)| heard.as_ref().as_ref().ok()) {
            let named = |record: &&Record| {
                record.rtype == "NS" && name::parse(&record.name).is_ok_and(|owner| owner == *cut)
            };
            for record in exchange.authority.iter().filter(named) {
                if names.len() < MAX_NAMES
                    && !names.iter().any(|known| known.eq_ignore_ascii_case(&record.data))
                {
                    names.push(record.data.clone());
                }
            }
            // What a server says of names outside of its zone is not taken from it (RFC 5452, section 6).
            let ours = |record: &&Record| {
                matches!(record.rtype.as_str(), "A" | "AAAA")
                    && name::parse(&record.name).is_ok_and(|owner| owner.ends_with(apex))
            };
            for record in exchange.additional.iter().filter(ours) {
                let same = |known: &Record| {
                    known.name.eq_ignore_ascii_case(&record.name) && known.data == record.data
                };
                if glue.len() < MAX_GLUE && !glue.iter().any(same) {
                    glue.push(record.clone());
                }
            }
        }
        Below::Cut(cut.clone(), Delegation { said, ds, names, glue, denied_by, same_servers: false })
    }

    /// The zone below lies on the same servers; its own NS set stands for the delegation that they do not show.
    async fn same_servers(
        &self,
        cut: &Name,
        said: Vec<(usize, Heard)>,
        servers: &[(usize, SocketAddr)],
        denied_by: Vec<usize>,
    ) -> Delegation {
        let ds = self.each(servers, cut, Rtype::DS).await;
        Delegation { said, ds, names: Vec::new(), glue: Vec::new(), denied_by, same_servers: true }
    }
}

/// The servers that deny, by their places in the zone.
fn deniers(said: &[(usize, Heard)], words: &[Says]) -> Vec<usize> {
    let denies = said.iter().zip(words).filter(|(_, says)| matches!(says, Says::Denies(_)));
    denies.map(|((at, _), _)| *at).collect()
}

fn cut_named(says: &Says) -> Option<Name> {
    match says {
        Says::Refers(cut) => name::parse(cut).ok(),
        _ => None,
    }
}

/// What most say; of several that are equally common, the first in canonical order.
pub(super) fn commonest<T: Ord>(list: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for one in list {
        *counts.entry(one).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(one, _)| one)
}

/// The names from one label below `apex` down to `name`.
fn between(apex: &Name, name: &Name) -> Vec<Name> {
    let depth = apex.iter_labels().count();
    let mut list: Vec<Name> =
        name.iter_suffixes().filter(|suffix| suffix.iter_labels().count() > depth).collect();
    list.reverse();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_asked_for_one_label_at_a_time() {
        let name = |text: &str| name::parse(text).unwrap();
        let list = |apex: &str, to: &str| -> Vec<String> {
            between(&name(apex), &name(to)).iter().map(name::show).collect()
        };
        assert_eq!(list(".", "www.shop.test"), ["test.", "shop.test.", "www.shop.test."]);
        assert_eq!(list("shop.test", "www.shop.test"), ["www.shop.test."]);
        assert!(list("shop.test", "shop.test").is_empty());
    }
}
