//! Ledgers, runs and entries to test with; names and addresses are reserved ones.

use std::path::PathBuf;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::entry::{Entry, Event};
use candor_core::fault::{Fault, Kind};
use candor_core::id::{CapabilityId, CellKey, CheckId, PlaceId, ServiceId, VantageId};
use candor_core::model::Keep;
use candor_core::observation::{Evidence, Observation, Phases, Run, StepReport};
use candor_ledger::Ledger;
use rusqlite::Connection;
use tempfile::TempDir;

/// A folder that goes with the test, and a ledger's path in it.
pub(crate) struct Home {
    _folder: TempDir,
    pub(crate) path: PathBuf,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("candor.db");
        Self { _folder: folder, path }
    }

    pub(crate) fn open(&self) -> Ledger {
        Ledger::open(&self.path).unwrap()
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// Does to the file what nobody should.
    pub(crate) fn tamper(&self, sql: &str) {
        let conn = Connection::open(&self.path).unwrap();
        assert!(conn.execute(sql, []).unwrap() > 0, "{sql}");
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn cell(capability: &str) -> CellKey {
    CellKey {
        service: ServiceId::new("shop").unwrap(),
        capability: CapabilityId::new(capability).unwrap(),
        place: Some(PlaceId::new("gb").unwrap()),
    }
}

pub(crate) fn vantage() -> VantageId {
    VantageId::new("london").unwrap()
}

pub(crate) fn check(capability: &str) -> CheckId {
    CheckId::of(&cell(capability), &vantage())
}

pub(crate) fn run(capability: &str, second: i64, took_ms: u32, kind: Option<Kind>) -> Run {
    let step = StepReport {
        step: "get".to_owned(),
        target: "https://shop.example/gb/".to_owned(),
        passed: kind.is_none(),
        phases: Phases { dns_us: Some(310), first_byte_us: Some(took_ms * 1_000), ..Phases::default() },
        address: Some("192.0.2.7:443".to_owned()),
        certificate: None,
    };
    let evidence =
        Evidence { lines: vec!["HTTP/1.1 500 Internal Server Error".to_owned()], body: "sorry".to_owned() };
    Run {
        observation: Observation {
            check: check(capability),
            observed_at: at(second),
            received_at: at(second),
            took_ms,
            fault: kind.map(|kind| Fault::new(kind, 0, "it said \"sorry\"\u{2028}and more")),
        },
        steps: vec![step],
        evidence: kind.map(|_| evidence),
    }
}

pub(crate) fn passes(count: usize, second: i64) -> Vec<Run> {
    vec![run("buy", second, 120, None); count]
}

pub(crate) fn entry(watermark: u64) -> Entry {
    Entry {
        at: at(1_426_060_000),
        watermark,
        ordinal: 0,
        what: Event::Started { version: "0.1.0 \"x\"\n".to_owned() },
    }
}

pub(crate) fn keep(observations: Duration, minutes: Duration, hours: Duration) -> Keep {
    Keep { observations, minutes, hours }
}

pub(crate) const DAY: Duration = Duration::from_secs(86_400);
