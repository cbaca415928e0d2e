//! Ids back to names: incidents keep ids, readers want names. What the plan no longer holds is called by its id.

use std::collections::{BTreeMap, BTreeSet};

use candor_core::fault::Kind;
use candor_core::id::CellKey;
use candor_core::incident::{Affected, Incident};
use candor_core::saying::{Deed, PlaceScope};
use candor_core::view::{CapabilityView, CellView};
use jiff::Timestamp;

use crate::scene::{Scene, claim};
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

fn capability<'v>(scene: &Scene<'v>, key: &CellKey) -> Option<&'v CapabilityView> {
    scene.service(&key.service)?.capabilities.iter().find(|c| c.id == key.capability)
}

/// A cell of the view by its key.
pub(crate) fn cell<'v>(scene: &Scene<'v>, key: &CellKey) -> Option<&'v CellView> {
    capability(scene, key)?.cells.iter().find(|cell| cell.key == *key)
}

fn service_name(scene: &Scene<'_>, key: &CellKey) -> String {
    scene.service(&key.service).map_or_else(|| key.service.to_string(), |s| s.name.clone())
}

fn deed(scene: &Scene<'_>, key: &CellKey) -> Deed {
    let known = capability(scene, key);
    let told = known.and_then(|c| c.cells.iter().find_map(claim)).map(|claim| claim.deed.clone());
    told.unwrap_or_else(|| {
        let name = known.map_or_else(|| key.capability.to_string(), |c| c.name.clone());
        Deed { can: name.clone(), doing: name.clone(), name }
    })
}

/// The name of a cell's place; `None` where it has none.
fn place_name(scene: &Scene<'_>, key: &CellKey) -> Option<String> {
    let id = key.place.as_ref()?;
    let known = scene.view.places.iter().find(|p| p.id == *id);
    Some(known.map_or_else(|| id.to_string(), |p| p.name.clone()))
}

/// The places of these cells, out of as many as their capabilities have.
fn scope(scene: &Scene<'_>, keys: &[&CellKey]) -> PlaceScope {
    let mut names: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for key in keys {
        if let Some(id) = key.place.as_ref().filter(|id| seen.insert(id.as_str())) {
            names.extend(place_name(scene, key).or_else(|| Some(id.to_string())));
        }
    }
    if names.is_empty() {
        return PlaceScope::Whole;
    }
    let of = keys.iter().filter_map(|key| capability(scene, key)).map(|c| c.cells.len()).max().unwrap_or(0);
    if names.len() >= of {
        return PlaceScope::All(names);
    }
    PlaceScope::Some(names, u32::try_from(of).unwrap_or(u32::MAX))
}

/// The cells of an incident, those that fared alike together, in the order in which they failed.
pub(crate) fn groups(scene: &Scene<'_>, affected: &[Affected]) -> Vec<Group> {
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
    found.into_iter().filter_map(|(_, cells)| group(scene, &cells)).collect()
}

fn group(scene: &Scene<'_>, alike: &[&Affected]) -> Option<Group> {
    let first = *alike.first()?;
    let cells: Vec<&CellKey> = alike.iter().map(|a| &a.cell).collect();
    Some(Group {
        service: service_name(scene, &first.cell),
        deed: deed(scene, &first.cell),
        places: scope(scene, &cells),
        kind: first.kind,
        from: alike.iter().map(|a| a.from).min()?,
        until: alike.iter().map(|a| a.until).max()?,
    })
}

/// What cells have in common, for a title.
pub(crate) fn trouble(scene: &Scene<'_>, keys: &[&CellKey]) -> Trouble {
    let mut deeds: Vec<Deed> = Vec::new();
    let mut services: Vec<String> = Vec::new();
    let (mut seen, mut told, mut named) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for key in keys {
        if !seen.insert((key.service.as_str(), key.capability.as_str())) {
            continue;
        }
        let (deed, service) = (deed(scene, key), service_name(scene, key));
        if told.insert(deed.clone()) {
            deeds.push(deed);
        }
        if named.insert(service.clone()) {
            services.push(service);
        }
    }
    Trouble { deeds, services, places: scope(scene, keys) }
}

/// What an incident is about.
pub(crate) fn incident(scene: &Scene<'_>, incident: &Incident) -> Trouble {
    trouble(scene, &incident.cells.iter().map(|a| &a.cell).collect::<Vec<_>>())
}

/// What each service and deed of these cells has in common, one for each.
pub(crate) fn troubles(scene: &Scene<'_>, keys: &[CellKey]) -> Vec<Trouble> {
    let mut by: BTreeMap<(&str, &str), Vec<&CellKey>> = BTreeMap::new();
    for key in keys {
        by.entry((key.service.as_str(), key.capability.as_str())).or_default().push(key);
    }
    by.into_values().map(|cells| trouble(scene, &cells)).collect()
}
