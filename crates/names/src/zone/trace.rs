//! Where a zone leads from a name: along its aliases to data, to nothing, or out of the zone.

use std::borrow::Cow;

use domain::base::Rtype;
use domain::rdata::ZoneRecordData;

use super::answer::{Way, replace_suffix};
use super::{Rrset, Zone};
use crate::by_name::Path;
use crate::name::Name;

/// Longest chain of aliases that is followed.
const MAX_ALIASES: usize = 16;

/// The way from a name.
#[derive(Debug)]
pub(crate) struct Trace<'z> {
    /// The name asked for, and each that it is an alias of.
    pub(crate) links: Vec<Name>,
    /// The first of them that a wildcard answers for, where one does.
    pub(crate) by_wildcard: Option<Name>,
    /// Where it ends.
    pub(crate) end: End<'z>,
}

/// Where a way ends.
#[derive(Debug)]
pub(crate) enum End<'z> {
    /// At data.
    Data(&'z Rrset),
    /// At a name without data of the type.
    Empty,
    /// At a name that does not exist.
    Missing,
    /// At or below a delegation to another zone.
    Delegated,
    /// At a name outside of the zone.
    Outside,
    /// Nowhere: aliases in a circle, or too many, or too long.
    Circle,
}

impl Zone {
    /// Where it leads from `name` for data of this type.
    pub(crate) fn trace(&self, name: &Name, rtype: Rtype) -> Trace<'_> {
        let mut trace = Trace { links: vec![name.clone()], by_wildcard: None, end: End::Circle };
        let mut name = Cow::Borrowed(name);
        for _ in 0..=MAX_ALIASES {
            if !name.ends_with(&self.apex) {
                trace.end = End::Outside;
                break;
            }
            let next = match self.lead(&name, rtype, &mut trace.by_wildcard) {
                Ok(end) => {
                    trace.end = end;
                    break;
                }
                Err(next) => next,
            };
            if trace.links.contains(&next) {
                break;
            }
            trace.links.push(next.clone());
            name = Cow::Owned(next);
        }
        trace
    }

    /// Where one name leads: to an end, or as an alias on to another name.
    fn lead(&self, name: &Name, rtype: Rtype, by_wildcard: &mut Option<Name>) -> Result<End<'_>, Name> {
        let path = Path::of(name);
        let node = match self.way(&path, rtype) {
            Way::Missing => return Ok(End::Missing),
            Way::Cut(..) => return Ok(End::Delegated),
            Way::Redirect(owner, set) => {
                let Some(ZoneRecordData::Dname(data)) = set.data.first() else { return Ok(End::Empty) };
                return replace_suffix(name, owner, data.dname()).map_or(Ok(End::Circle), Err);
            }
            Way::Here(node) => node,
        };
        if self.nodes.get(name).is_none() && !self.nodes.exists(path.whole()) && by_wildcard.is_none() {
            *by_wildcard = Some(name.clone());
        }
        let Some(node) = node else { return Ok(End::Empty) };
        match (node.get(&rtype), node.get(&Rtype::CNAME).and_then(|set| set.data.first())) {
            (Some(set), _) => Ok(End::Data(set)),
            (None, Some(ZoneRecordData::Cname(alias))) => Err(alias.cname().clone()),
            _ => Ok(End::Empty),
        }
    }
}
