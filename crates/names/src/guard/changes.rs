//! What a change does, set by set, for people.

use std::collections::BTreeSet;

use domain::base::{RecordData as _, Rtype};

use super::Case;
use crate::name::{self, Name};
use crate::zone::{Zone, show_data};

/// What becomes of the records of one name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetChange {
    /// The name, with its last dot.
    pub name: String,
    /// The type.
    pub rtype: String,
    /// TTL in seconds and data as it is; none where there was no such set.
    pub before: Option<(u32, Vec<String>)>,
    /// The same as it would be.
    pub after: Option<(u32, Vec<String>)>,
}

/// All sets that change, but for the SOA, in canonical order.
pub fn changes<'c>(case: &'c Case<'_>) -> impl Iterator<Item = SetChange> + use<'c> {
    let of = |record: &'c crate::zone::Rr| (&record.owner, record.data.rtype());
    let touched: BTreeSet<(&Name, Rtype)> =
        case.diff.removed.iter().map(of).chain(case.diff.added.iter().map(of)).collect();
    touched.into_iter().map(|(owner, rtype)| SetChange {
        name: name::show(owner),
        rtype: rtype.to_string(),
        before: set(case.live, owner, rtype),
        after: set(case.proposed, owner, rtype),
    })
}

fn set(zone: &Zone, owner: &Name, rtype: Rtype) -> Option<(u32, Vec<String>)> {
    let set = zone.node(owner)?.get(&rtype)?;
    Some((set.ttl.as_secs(), set.data.iter().map(show_data).collect()))
}
