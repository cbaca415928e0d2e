//! `ledger` and `keep`: where the logs are, and for how long.

use std::rc::Rc;

use candor_core::model::{Keep, LedgerPlace};

use crate::field::{Field, Map, Section, Shape};
use crate::limits::{KEEP_HOURS, KEEP_MINUTES, KEEP_OBSERVATIONS};
use crate::reader::{Reader, quote};
use crate::tree::Node;

pub(crate) static KEEP: Section = Section {
    name: "keep",
    doc: "How long history is kept. Rollups by the day, incidents and statements are kept for good.",
    groups: &[&[
        Field::new("observations", Shape::Duration(&KEEP_OBSERVATIONS), "Raw observations.").bound(),
        Field::new("minutes", Shape::Duration(&KEEP_MINUTES), "Rollups by the minute.").bound(),
        Field::new("hours", Shape::Duration(&KEEP_HOURS), "Rollups by the hour.").bound(),
    ]],
};

const LEDGER: &str = "candor.db";

pub(crate) fn read_keep(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> Keep {
    let map = node.and_then(|n| Map::open(reader, n, &KEEP));
    let read = |key, bounds: &'static crate::quantity::Bounds<std::time::Duration>| {
        let given = map.and_then(|m| m.get(key)).and_then(|n| reader.duration(n, bounds));
        given.map_or(bounds.default, |g| g.value)
    };
    Keep {
        observations: read("observations", &KEEP_OBSERVATIONS),
        minutes: read("minutes", &KEEP_MINUTES),
        hours: read("hours", &KEEP_HOURS),
    }
}

pub(crate) fn read_ledger(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> LedgerPlace {
    let mut path = LEDGER.to_owned();
    if let Some((node, text)) = node.and_then(|n| Some((n, reader.text(n)?))) {
        match text.split_once(':') {
            Some(("sqlite", file)) if !file.trim_matches('/').is_empty() => path = file.to_owned(),
            Some(("nats", _)) => {
                let hint = "keep the logs in a file: sqlite:candor.db";
                reader.refuse_hint(node.span, "a ledger in NATS is not in this version yet", hint);
            }
            _ => reader.refuse_hint(
                node.span,
                format!("{} is not a ledger", quote(text)),
                "such as sqlite:candor.db",
            ),
        }
    }
    LedgerPlace::Sqlite(reader.source.folder.join(path).display().to_string())
}
