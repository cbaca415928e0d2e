//! What a server says of a name, all its answers taken together.

use std::collections::{BTreeMap, BTreeSet};

use candor_core::finding::{Server, Servers};
use candor_names::walk::{Heard, Lame, Link, Reply, ServerSeen, Standing, Unheard, ZoneSeen};
use candor_names::{Rcode, Walk};

use crate::known::same_name;

/// What a server says of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum View {
    /// Records of the types asked for: `A 192.0.2.1`.
    Data(BTreeSet<String>),
    /// It is an alias of this.
    Alias(String),
    /// It exists, without the types asked for.
    Empty,
    /// It does not exist.
    Denied,
}

impl View {
    /// In the terms of DNS.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Data(set) => set.iter().cloned().collect::<Vec<_>>().join(", "),
            Self::Alias(target) => format!("CNAME {target}"),
            Self::Empty => "NODATA".to_owned(),
            Self::Denied => "NXDOMAIN".to_owned(),
        }
    }

    pub(crate) fn is_positive(&self) -> bool {
        matches!(self, Self::Data(_) | Self::Alias(_))
    }
}

/// What each server says, by its place in the zone; those that say nothing of it are left out.
pub(crate) fn views(name: &str, replies: &[Reply]) -> BTreeMap<usize, View> {
    let mut list: BTreeMap<usize, View> = BTreeMap::new();
    for reply in replies {
        let Some(view) = view(name, &reply.question.rtype(), &reply.heard) else { continue };
        match list.get_mut(&reply.server) {
            None => drop(list.insert(reply.server, view)),
            Some(known) => merge(known, view),
        }
    }
    list
}

/// Data of one type goes before the lack of another; and a name that exists for one type exists, whatever is said of another.
fn merge(known: &mut View, more: View) {
    match (&mut *known, more) {
        (View::Data(set), View::Data(more)) => set.extend(more),
        (View::Data(_) | View::Alias(_), _) => {}
        (_, more) if more.is_positive() => *known = more,
        (View::Denied, View::Empty) => *known = View::Empty,
        _ => {}
    }
}

/// A name as it stands in a sentence.
pub(crate) fn bare(name: &str) -> &str {
    if name == "." { "the root" } else { name.trim_end_matches('.') }
}

/// The servers that were asked for a name.
pub(crate) fn servers_of(link: &Link) -> impl Iterator<Item = usize> {
    link.replies.iter().map(|reply| reply.server).collect::<BTreeSet<usize>>().into_iter()
}

/// What one answer says of a name.
pub(crate) fn view(name: &str, rtype: &str, heard: &Heard) -> Option<View> {
    let exchange = heard.as_ref().as_ref().ok()?;
    let of = |wanted: &str| {
        let ours = exchange.answer.iter().filter(|record| same_name(&record.name, name));
        let data = ours.filter(|record| record.rtype == wanted).map(|record| record.data.clone());
        data.collect::<Vec<_>>()
    };
    let data: BTreeSet<String> = of(rtype).into_iter().map(|data| format!("{rtype} {data}")).collect();
    if !data.is_empty() {
        return Some(View::Data(data));
    }
    if let Some(target) = of("CNAME").into_iter().next() {
        return Some(View::Alias(target));
    }
    match exchange.rcode {
        Rcode::NOERROR if exchange.flags.aa => Some(View::Empty),
        Rcode::NXDOMAIN if exchange.flags.aa => Some(View::Denied),
        _ => None,
    }
}

/// Servers by what they say, the commonest first; of equally common ones that with data.
pub(crate) fn groups(views: &BTreeMap<usize, View>) -> Vec<(View, Vec<usize>)> {
    let mut groups: BTreeMap<&View, Vec<usize>> = BTreeMap::new();
    for (server, view) in views {
        groups.entry(view).or_default().push(*server);
    }
    let mut list: Vec<(View, Vec<usize>)> =
        groups.into_iter().map(|(view, servers)| (view.clone(), servers)).collect();
    list.sort_by_key(|(_, servers)| std::cmp::Reverse(servers.len()));
    list
}

/// What the name leads to, by those servers of its last link that have data.
pub(crate) fn right_data(walk: &Walk) -> Vec<String> {
    let Some(link) = walk.links.last().filter(|link| link.endless.is_none()) else { return Vec::new() };
    data_of(link)
}

/// The data of a link, by most of the servers that have any.
pub(crate) fn data_of(link: &Link) -> Vec<String> {
    let groups = groups(&views(&link.name, &link.replies));
    let data = groups.into_iter().find_map(|(view, _)| match view {
        View::Data(set) => Some(set.into_iter().collect()),
        _ => None,
    });
    data.unwrap_or_default()
}

/// The serial that the servers give, where they give one.
pub(crate) fn serial(zone: &ZoneSeen) -> Option<u32> {
    let mut serials = zone.servers.iter().filter_map(ServerSeen::serial);
    let first = serials.next()?;
    serials.all(|other| other == first).then_some(first)
}

/// A server, with what it said.
pub(crate) fn server(seen: &ServerSeen, said: String) -> Server {
    Server { name: seen.name.clone(), address: seen.address.ip().to_string(), said }
}

/// Those servers of the zone that are chosen, with what each said.
pub(crate) fn servers(zone: &ZoneSeen, chosen: impl Fn(usize, &ServerSeen) -> Option<String>) -> Servers {
    servers_among(zone, |_| true, chosen)
}

/// The same out of some of the zone's servers.
pub(crate) fn servers_among(
    zone: &ZoneSeen,
    among: impl Fn(&ServerSeen) -> bool,
    chosen: impl Fn(usize, &ServerSeen) -> Option<String>,
) -> Servers {
    let list: Vec<(usize, &ServerSeen)> =
        zone.servers.iter().enumerate().filter(|(_, seen)| among(seen)).collect();
    let hosts: BTreeSet<String> = list.iter().map(|(_, seen)| seen.name.to_ascii_lowercase()).collect();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let (of, hosts) = (count(list.len()), count(hosts.len()));
    let these = list.into_iter().filter_map(|(at, seen)| Some(server(seen, chosen(at, seen)?))).collect();
    Servers { these, of, hosts }
}

/// How a server stands to its zone, in the terms of DNS.
pub(crate) fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Authoritative(serial) => format!("serial {serial}"),
        Standing::Lame(Lame::Error(rcode)) => rcode.to_string(),
        Standing::Lame(Lame::NotAuthoritative) => "an answer without authority".to_owned(),
        Standing::Lame(Lame::RefersAway) => "a referral elsewhere".to_owned(),
        Standing::Silent => "silent".to_owned(),
        Standing::Closed => "port closed".to_owned(),
        Standing::NoRoute(why) => format!("not reached: {why}"),
        Standing::Nonsense(why) => format!("not readable: {why}"),
        Standing::NotAsked => "not asked".to_owned(),
    }
}

/// Why nothing was heard, in a word or two.
pub(crate) fn unheard(why: &Unheard) -> String {
    why.to_string()
}
