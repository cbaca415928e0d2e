//! `GET /api/v1/live`: the few bytes that an open page asks for every few seconds, to learn whether its lease was
//! renewed and whether anything else has changed.
//!
//! `{"as_of", "observed_at", "valid_until", "overall", "version"}`; `version` changes with anything but the times.

use std::fmt::Write as _;

use candor_core::view::View;
use serde::Serialize;

use crate::fingerprint::Fingerprint;
use crate::scene::{self, Scene};

/// Where it is.
pub const LIVE_PATH: &str = "/api/v1/live";

#[derive(Serialize)]
struct Live<'a> {
    as_of: Option<jiff::Timestamp>,
    observed_at: Option<jiff::Timestamp>,
    valid_until: Option<jiff::Timestamp>,
    overall: &'static str,
    version: &'a str,
}

pub(crate) fn body(scene: &Scene<'_>) -> Vec<u8> {
    let view = scene.view;
    let live = Live {
        as_of: view.as_of,
        observed_at: scene.shared.newest(view),
        valid_until: view.valid_until,
        overall: view.overall.word(),
        version: scene.shared.version(view),
    };
    crate::json::bytes(&live)
}

/// Changes when anything that the page shows changes, apart from renewed leases.
pub(crate) fn version(view: &View) -> String {
    let mut print = Fingerprint::new();
    let whole = (&view.title, view.overall, &view.saying, &view.places, &view.incidents, &view.maintenance);
    let mut written = write!(print, "{whole:?}{:?}{:?}", view.notices, view.today);
    for service in &view.services {
        let named = (&service.id, &service.name, &service.group, service.verdict, &service.saying);
        written = written.and_then(|()| write!(print, "{named:?}"));
    }
    for cell in scene::cells(view) {
        let told = (&cell.key, cell.measured, &cell.maintenance, cell.since, &cell.saying);
        written = written.and_then(|()| write!(print, "{told:?}"));
    }
    written.expect("hashing cannot fail because nothing is kept");
    print.to_string()
}
