//! Ids back to names: incidents keep ids, readers want names. What the plan no longer holds is called by its id.

use std::collections::BTreeMap;

use candor_core::fault::Kind;
use candor_core::id::CellKey;
use candor_core::incident::{Affected, Incident};
use candor_core::saying::{Deed, PlaceScope};
use candor_core::view::{CapabilityView, View};
use jiff::Timestamp;

use crate::scene::claim;
use crate::words::Trouble;

/// Cells of an incident that fared alike.
pub(crate) struct Group {
    pub(crate) service: String,
    pub(crate) deed: Deed,
    pub(crate) places: PlaceScope,
    pub(crate) kind: Kind,
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
}

fn capability<'v>(view: &'v View, key: &CellKey) -> Option<&'v CapabilityView> {
    let service = view.services.iter().find(|s| s.id == key.service)?;
    service.capabilities.iter().find(|c| c.id == key.capability)
}

fn service_name(view: &View, key: &CellKey) -> String {
    let known = view.services.iter().find(|s| s.id == key.service);
    known.map_or_else(|| key.service.to_string(), |s| s.name.clone())
}

fn deed(view: &View, key: &CellKey) -> Deed {
    let known = capability(view, key);
    let told = known.and_then(|c| c.cells.iter().find_map(claim)).map(|claim| claim.deed.clone());
    told.unwrap_or_else(|| {
        let name = known.map_or_else(|| key.capability.to_string(), |c| c.name.clone());
        Deed { can: name.clone(), doing: name.clone(), name }
    })
}

/// The name of a cell's place; `None` where it has none.
pub(crate) fn place_name(view: &View, key: &CellKey) -> Option<String> {
    let id = key.place.as_ref()?;
    let known = view.places.iter().find(|p| p.id == *id);
    Some(known.map_or_else(|| id.to_string(), |p| p.name.clone()))
}

/// The places of these cells, out of as many as their capabilities have.
fn scope(view: &View, keys: &[&CellKey]) -> PlaceScope {
    let mut names: Vec<String> = Vec::new();
    for name in keys.iter().filter_map(|key| place_name(view, key)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return PlaceScope::Whole;
    }
    let of = keys.iter().filter_map(|key| capability(view, key)).map(|c| c.cells.len()).max().unwrap_or(0);
    if names.len() >= of {
        return PlaceScope::All(names);
    }
    PlaceScope::Some(names, u32::try_from(of).unwrap_or(u32::MAX))
}

/// The cells of an incident, those that fared alike together, in the order in which they failed.
pub(crate) fn groups(view: &View, affected: &[Affected]) -> Vec<Group> {
    type Alike<'k> = (&'k str, &'k str, Kind, i64, Option<i64>);
    let mut found: BTreeMap<Alike<'_>, (usize, Vec<&Affected>)> = BTreeMap::new();
    for (at, one) in affected.iter().enumerate() {
        let minute = |t: Timestamp| t.as_second() / 60;
        let (service, capability) = (one.cell.service.as_str(), one.cell.capability.as_str());
        let key = (service, capability, one.kind, minute(one.from), one.until.map(minute));
        found.entry(key).or_insert_with(|| (at, Vec::new())).1.push(one);
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().filter_map(|(_, cells)| group(view, &cells)).collect()
}

fn group(view: &View, alike: &[&Affected]) -> Option<Group> {
    let first = *alike.first()?;
    let cells: Vec<&CellKey> = alike.iter().map(|a| &a.cell).collect();
    Some(Group {
        service: service_name(view, &first.cell),
        deed: deed(view, &first.cell),
        places: scope(view, &cells),
        kind: first.kind,
        from: alike.iter().map(|a| a.from).min()?,
        until: alike.iter().map(|a| a.until).max()?,
    })
}

/// What cells have in common, for a title.
pub(crate) fn trouble(view: &View, keys: &[&CellKey]) -> Trouble {
    let mut deeds: Vec<Deed> = Vec::new();
    let mut services: Vec<String> = Vec::new();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for key in keys {
        let pair = (key.service.as_str(), key.capability.as_str());
        if seen.contains(&pair) {
            continue;
        }
        seen.push(pair);
        let (deed, service) = (deed(view, key), service_name(view, key));
        if !deeds.contains(&deed) {
            deeds.push(deed);
        }
        if !services.contains(&service) {
            services.push(service);
        }
    }
    Trouble { deeds, services, places: scope(view, keys) }
}

/// What an incident is about.
pub(crate) fn incident(view: &View, incident: &Incident) -> Trouble {
    trouble(view, &incident.cells.iter().map(|a| &a.cell).collect::<Vec<_>>())
}

/// What each service and deed of these cells has in common, one for each.
pub(crate) fn troubles(view: &View, keys: &[CellKey]) -> Vec<Trouble> {
    let mut by: BTreeMap<(&str, &str), Vec<&CellKey>> = BTreeMap::new();
    for key in keys {
        by.entry((key.service.as_str(), key.capability.as_str())).or_default().push(key);
    }
    by.into_values().map(|cells| trouble(view, &cells)).collect()
}
