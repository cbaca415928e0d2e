//! The whole of a scenario file.

use super::fault::Faults;
use super::sheet::{Sheet, TEXT_MAX, quote};
use super::tree::{self, Node};
use super::{PLACES, Scenario, Watch, events};
use crate::Ms;

/// Longest scenario file, in bytes.
pub const FILE_MAX: usize = 256 * 1024;

/// Shortest and longest scenario.
const LASTS: (Ms, Ms) = (60_000, 48 * 3_600_000);

/// Shortest and longest interval.
const EVERY: (Ms, Ms) = (1_000, 3_600_000);

/// Most customers in a minute.
const CUSTOMERS_MAX: u32 = 100_000;

/// Customers in a minute, where nothing is said.
const CUSTOMERS: u32 = 60;

const KEYS: &[&str] =
    &["scenario", "about", "resembles", "lasts", "places", "watch", "customers", "timeline"];

/// Reads a scenario. `file` is its name in faults.
///
/// # Errors
/// Every fault of the text, in its order.
pub fn read(file: &str, text: &str) -> Result<Scenario, Faults> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let sheet = Sheet::new(file, text);
    let scenario = if text.len() > FILE_MAX {
        sheet.refuse(&(0..0), &format!("longer than {FILE_MAX} bytes"), "a scenario needs far less");
        None
    } else {
        match tree::parse(&sheet) {
            Some(root) => whole(&sheet, &root),
            None => None,
        }
    };
    if scenario.is_none() {
        sheet.refuse_if_silent();
    }
    match (sheet.into_faults(), scenario) {
        (None, Some(scenario)) => Ok(scenario),
        (faults, _) => Err(faults.unwrap_or(Faults(Vec::new()))),
    }
}

impl Sheet<'_> {
    /// An empty file has no place at which anything is wrong.
    fn refuse_if_silent(&self) {
        if self.is_clean() {
            let hint = "begin with `scenario:`; docs/scenarios.md shows one";
            self.refuse(&(0..0), "there is no scenario in this file", hint);
        }
    }
}

fn whole(sheet: &Sheet<'_>, root: &Node) -> Option<Scenario> {
    let keys = sheet.keys(root, KEYS, "a scenario")?;
    let missing = |key: &str, hint: &str| {
        sheet.refuse(&root.head(), &format!("`{key}` is missing"), hint);
        None
    };
    let name = match keys.get("scenario") {
        Some(node) => sheet.text(node).map(str::to_owned),
        None => missing("scenario", "its title: `scenario: A required name is deleted`"),
    };
    let about = keys.get("about").and_then(|node| words(sheet, node)).unwrap_or_default();
    let resembles = keys.get("resembles").and_then(|node| words(sheet, node));
    let lasts = keys.get("lasts").map_or_else(
        || {
            sheet.refuse(&root.head(), "`lasts` is missing", "how long it is: `lasts: 10m`");
            None
        },
        |node| bounded(sheet, node, LASTS, "a scenario"),
    );
    let places = keys
        .get("places")
        .map_or_else(|| PLACES.iter().map(|place| (*place).to_owned()).collect(), |node| places(sheet, node));
    let watch = keys.get("watch").map_or_else(Watch::default, |node| watch(sheet, node));
    let customers = keys.get("customers").and_then(|node| sheet.count(node, 0, CUSTOMERS_MAX));
    let events = match keys.get("timeline") {
        Some(node) => events::read(sheet, node, &places, lasts.unwrap_or(Ms::MAX)),
        None => {
            let hint = "what happens: `timeline:` with a list of causes";
            sheet.refuse(&root.head(), "`timeline` is missing", hint);
            Vec::new()
        }
    };
    let scenario = Scenario {
        name: name?,
        about,
        resembles,
        lasts_ms: lasts?,
        places,
        watch,
        customers: customers.unwrap_or(CUSTOMERS),
        events,
    };
    Some(scenario)
}

/// A passage with its lines joined.
fn words(sheet: &Sheet<'_>, node: &Node) -> Option<String> {
    let text = sheet.passage(node)?;
    if text.chars().count() > TEXT_MAX {
        sheet.refuse(&node.at, &format!("more than {TEXT_MAX} characters"), "say it shorter");
        return None;
    }
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn bounded(sheet: &Sheet<'_>, node: &Node, (least, most): (Ms, Ms), what: &str) -> Option<Ms> {
    let ms = sheet.duration(node)?;
    if (least..=most).contains(&ms) {
        return Some(ms);
    }
    let hint = format!("from {} s to {} s", least / 1_000, most / 1_000);
    sheet.refuse(&node.at, &format!("too short or too long for {what}"), &hint);
    None
}

fn watch(sheet: &Sheet<'_>, node: &Node) -> Watch {
    let mut watch = Watch::default();
    let Some(keys) = sheet.keys(node, &["every", "timeout", "deadline"], "`watch`") else { return watch };
    let duration = |key: &str| keys.get(key).and_then(|node| bounded(sheet, node, EVERY, "this"));
    if let Some(ms) = duration("every") {
        watch.every_ms = ms;
        watch.deadline_ms = watch.deadline_ms.min(ms);
    }
    watch.deadline_ms = duration("deadline").unwrap_or(watch.deadline_ms);
    watch.timeout_ms = duration("timeout").unwrap_or(watch.timeout_ms.min(watch.deadline_ms));
    if watch.timeout_ms > watch.deadline_ms || watch.deadline_ms > watch.every_ms {
        let hint = "a step's timeout fits into the journey's deadline, and that into the interval";
        sheet.refuse(&node.head(), "these do not fit into each other", hint);
    }
    watch
}

fn places(sheet: &Sheet<'_>, node: &Node) -> Vec<String> {
    let known: Vec<&str> = candor_estate::place::PLACES.iter().map(|place| place.code).collect();
    let mut places: Vec<String> = Vec::new();
    if sheet
        .items(node)
        .first()
        .is_some_and(|first| matches!(&first.kind, tree::NodeKind::Scalar(t) if t == "all"))
    {
        return known.iter().map(|place| (*place).to_owned()).collect();
    }
    for item in sheet.items(node) {
        let Some(place) = sheet.word(item, &known, "place") else { continue };
        if places.contains(&place) {
            sheet.refuse(&item.at, &format!("{} is listed twice", quote(&place)), "keep one of them");
        } else {
            places.push(place);
        }
    }
    if places.is_empty() {
        sheet.refuse(&node.head(), "no place is left", "name at least one, or leave `places` away");
    }
    places
}
