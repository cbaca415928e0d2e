//! What must hold between sections.

use std::collections::HashMap;

use candor_core::model::{Cell, Quorum, Service, WatchedZone};

use super::policy::Settled;
use crate::reader::{Given, Reader, quote};
use crate::tree::Span;

/// A page inside of a zone that it reports on would go down with it.
pub(crate) fn page_outside_of_zones(
    reader: &Reader<'_>,
    host: Option<&Given<String>>,
    zones: &[WatchedZone],
) {
    let Some(Given { value, at }) = host else { return };
    let host = value.trim_end_matches('.').to_ascii_lowercase();
    for WatchedZone { zone, .. } in zones {
        if host == *zone || host.strip_suffix(zone.as_str()).is_some_and(|rest| rest.ends_with('.')) {
            let hint = "when the zone fails, nobody could find the page that says so: give it a name in a zone of its own";
            reader.refuse_hint(
                *at,
                format!("the page {} lies inside of the watched zone {}", quote(&host), quote(zone)),
                hint,
            );
        }
    }
}

/// A quorum that no cell can reach would never be green.
pub(crate) fn quorum_can_be_met(reader: &Reader<'_>, settled: &Settled, cells: &[Cell]) {
    let (Quorum::AtLeast(wanted), Some(at)) = (settled.policy.quorum, settled.quorum_at) else { return };
    let Some(cell) =
        cells.iter().filter(|c| c.checks.len() < usize::from(wanted)).min_by_key(|c| c.checks.len())
    else {
        return;
    };
    let hint = "a smaller number, `majority`, or more vantages (`measure: {from: all}` uses them all)";
    let message = format!(
        "{} is measured from {} vantages, so a quorum of {wanted} is out of reach",
        cell.key,
        cell.checks.len()
    );
    reader.refuse_hint(at, message, hint);
}

/// The numbers of cells and checks are hashes: two alike would mix their evidence.
pub(crate) fn numbers_differ(reader: &Reader<'_>, at: Span, services: &[Service]) {
    let mut cells = HashMap::new();
    let mut checks = HashMap::new();
    let all = services.iter().flat_map(|s| &s.capabilities).flat_map(|c| &c.cells);
    for cell in all {
        let other = cells.insert(cell.id, &cell.key);
        let shared = cell.checks.iter().find_map(|check| checks.insert(check.id, &cell.key));
        if let Some(other) = other.or(shared) {
            let message = format!("{} and {other} have the same number", cell.key);
            reader.refuse_hint(at, message, "change the id of one of them; numbers are hashes of ids");
        }
    }
}
