//! What is published: a whole zone file, or an edit of the zone in force.

use super::COPIES;
use super::sheet::{Sheet, quote};
use super::tree::{Node, NodeKind};
use crate::cause::{Change, Edit, Publish, Timers};

/// Most names or lines in one edit.
const LINES_MAX: usize = 500;

/// Longest zone file in a scenario, in bytes.
const ZONE_MAX: usize = 128 * 1024;

const EDIT: &[&str] = &[
    "zone",
    "bring-back",
    "remove",
    "empty",
    "set",
    "cut-after",
    "ttl",
    "denial",
    "refresh",
    "retry",
    "expire",
    "restore",
    "withhold",
];

pub(super) fn publish(sheet: &Sheet<'_>, node: &Node) -> Option<Publish> {
    let keys = sheet.keys(node, EDIT, "`publish`")?;
    let copies: Vec<&str> = COPIES.iter().skip(1).copied().collect();
    let withhold = keys.get("withhold").map_or_else(Vec::new, |node| {
        let words = sheet.items(node).into_iter().map(|item| sheet.word(item, &copies, "copy of the zone"));
        words.flatten().collect()
    });
    let alone = |key: &str| {
        let others = keys.entries().iter().filter(|entry| entry.key != key && entry.key != "withhold");
        for other in others {
            let message = format!("{} beside `{key}`", quote(&other.key));
            sheet.refuse(&other.at, &message, "either a whole zone, or the first one again, or an edit");
        }
    };
    if let Some(node) = keys.get("zone") {
        alone("zone");
        return Some(Publish { change: Change::Whole(whole(sheet, node)?), withhold });
    }
    if let Some(node) = keys.get("restore") {
        alone("restore");
        return sheet.truth(node)?.then_some(Publish { change: Change::Restore, withhold });
    }
    let hosts = |key: &str| {
        let node = keys.get(key)?;
        bounded(sheet, node)?;
        Some(sheet.items(node).into_iter().filter_map(|item| host(sheet, item)).collect::<Vec<_>>())
    };
    let seconds = |key: &str| keys.get(key).and_then(|node| sheet.seconds(node));
    let edit = Edit {
        bring_back: hosts("bring-back").unwrap_or_default(),
        remove: hosts("remove").unwrap_or_default(),
        empty: hosts("empty").unwrap_or_default(),
        set: keys.get("set").map(|node| lines(sheet, node)).unwrap_or_default(),
        cut_after: keys.get("cut-after").and_then(|node| sheet.count(node, 1, 100_000)).map(|n| n as usize),
        timers: Timers {
            ttl: seconds("ttl"),
            denial: seconds("denial"),
            refresh: seconds("refresh"),
            retry: seconds("retry"),
            expire: seconds("expire"),
        },
    };
    if edit == Edit::default() && keys.entries().iter().all(|entry| entry.key == "withhold") {
        let hint = format!("one of: {}", EDIT.join(", "));
        sheet.refuse(&node.head(), "nothing changes in this zone", &hint);
        return None;
    }
    Some(Publish { change: Change::Edit(edit), withhold })
}

/// A host name relative to the zone: lower case, without the final dot.
pub(super) fn host(sheet: &Sheet<'_>, node: &Node) -> Option<String> {
    let text = sheet.text(node)?;
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
    };
    if text.len() <= 200 && text.split('.').all(label) {
        return Some(text.to_owned());
    }
    let hint = "a name of the estate's zone, relative to it: `buy.internal`, `in.music`";
    sheet.refuse(&node.at, &format!("{} is no such name", quote(text)), hint);
    None
}

fn whole(sheet: &Sheet<'_>, node: &Node) -> Option<String> {
    let text = match &node.kind {
        NodeKind::Scalar(text) if text.len() <= ZONE_MAX => text,
        NodeKind::Scalar(_) | NodeKind::List(_) | NodeKind::Map(_) => {
            sheet.refuse(&node.head(), "a zone file belongs here", "put it below `zone: |`, indented");
            return None;
        }
    };
    if !text.contains("SOA") {
        sheet.refuse(
            &node.at,
            "a zone without a SOA record",
            "a whole zone begins with one; or write an edit",
        );
        return None;
    }
    Some(text.clone())
}

fn lines(sheet: &Sheet<'_>, node: &Node) -> Vec<String> {
    if bounded(sheet, node).is_none() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for item in sheet.items(node) {
        let Some(text) = sheet.text(item) else { continue };
        let words: Vec<&str> = text.split_whitespace().collect();
        if crate::model::zone::Record::of_line(&words).is_some() {
            lines.push(words.join(" "));
        } else {
            let hint = "as in a zone file: `buy.internal IN A 192.0.2.1`, `login CNAME id`, with types A, AAAA, CNAME, \
                        MX, NS, SOA or TXT";
            sheet.refuse(&item.at, &format!("{} is no record", quote(text)), hint);
        }
    }
    lines
}

fn bounded(sheet: &Sheet<'_>, node: &Node) -> Option<()> {
    if matches!(&node.kind, NodeKind::List(items) if items.len() > LINES_MAX) {
        sheet.refuse(&node.head(), &format!("more than {LINES_MAX} lines"), "publish a whole zone instead");
        return None;
    }
    Some(())
}
