//! From the deepest zone that is known down to the zone of a name.

use std::collections::HashMap;
use std::sync::Arc;

use domain::base::name::ToLabelIter;

use super::asker::Asker;
use super::cut::Below;
use super::hosts::Found;
use super::{Delegation, Reach, Standing, Start, Step, ZoneSeen};
use crate::name::{self, Name};

/// Most cuts on the way to one name; a name has at most 127 labels, and no tree is that deep.
const MAX_CUTS: usize = 40;
/// Most zones in one walk, those of aliases and of servers' names included.
const MAX_ZONES: usize = 120;

/// A walk under way.
pub(super) struct Walker<'a> {
    pub(super) asker: Arc<Asker>,
    pub(super) start: &'a Start,
    pub(super) watch: &'a (dyn Fn(Step) + Send + Sync),
    pub(super) zones: Vec<ZoneSeen>,
    /// The apex of each of them.
    pub(super) apexes: Vec<Name>,
    /// Hosts that were looked up; those under way are held to be circular.
    pub(super) hosts: HashMap<Name, Found>,
    /// How many lookups of hosts this one is inside of.
    pub(super) inside: usize,
}

impl<'a> Walker<'a> {
    pub(super) fn new(asker: Arc<Asker>, start: &'a Start, watch: &'a (dyn Fn(Step) + Send + Sync)) -> Self {
        Self { asker, start, watch, zones: Vec::new(), apexes: Vec::new(), hosts: HashMap::new(), inside: 0 }
    }

    /// Walks to the zone of `name`; `thorough` is for the name that was asked for, and not for what is looked up on the way.
    pub(super) async fn to(&mut self, name: &Name, thorough: bool) -> Reach {
        let Some(mut zone) = self.first(name, thorough).await else { return Reach::Nowhere };
        for _ in 0..MAX_CUTS {
            if !self.speaks(zone) {
                return Reach::Stuck(zone);
            }
            match self.below(zone, name).await {
                Below::Here => return Reach::Zone(zone),
                Below::Denied(at) => return Reach::Denied { zone, at: name::show(&at) },
                Below::Stuck => return Reach::Stuck(zone),
                Below::Cut(apex, delegation) => {
                    if self.zones.len() >= MAX_ZONES {
                        return Reach::Stuck(zone);
                    }
                    zone = self.inspect_child(zone, apex, delegation, thorough).await;
                }
            }
        }
        Reach::Stuck(zone)
    }

    /// Whether any server of the zone is known to have it.
    fn speaks(&self, zone: usize) -> bool {
        self.zones.get(zone).is_some_and(|zone| {
            zone.servers.iter().any(|server| matches!(server.standing(), Standing::Authoritative(_)))
        })
    }

    /// The deepest zone above `name` that was looked at already, else one that was given, else the root.
    async fn first(&mut self, name: &Name, thorough: bool) -> Option<usize> {
        let known = self
            .apexes
            .iter()
            .zip(&self.zones)
            .enumerate()
            .filter(|(_, (apex, zone))| name.ends_with(*apex) && (zone.thorough || !thorough))
            .max_by_key(|(_, (apex, _))| apex.iter_labels().count())
            .map(|(at, (apex, _))| (at, apex.iter_labels().count()));
        let (apex, servers) = self.start.of(name)?;
        // A zone that was given lies deeper than what was walked to from above, or is that itself.
        if let Some((at, depth)) = known
            && depth >= apex.iter_labels().count()
        {
            return Some(at);
        }
        let servers = servers.to_vec();
        Some(self.inspect_given(apex, &servers, thorough).await)
    }

    /// Keeps what was seen of a zone; what was seen in passing gives way to what was looked at thoroughly.
    pub(super) fn keep(&mut self, apex: Name, seen: ZoneSeen) -> usize {
        if let Some(at) = self.apexes.iter().position(|known| *known == apex)
            && let Some(place) = self.zones.get_mut(at)
        {
            *place = seen;
            return at;
        }
        self.apexes.push(apex);
        self.zones.push(seen);
        self.zones.len() - 1
    }

    /// The zone below `zone`, known or looked at now.
    async fn inspect_child(&mut self, zone: usize, apex: Name, said: Delegation, thorough: bool) -> usize {
        let known = self.apexes.iter().position(|known| *known == apex);
        if let Some(at) = known
            && self.zones.get(at).is_some_and(|seen| seen.thorough || !thorough)
        {
            return at;
        }
        self.inspect(apex, Some((zone, said)), thorough).await
    }
}
