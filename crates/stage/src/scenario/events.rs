//! The timeline: each item says when, and one cause.

use super::sheet::{Keys, Sheet, quote};
use super::tree::{Entry, Node, NodeKind};
use super::{COPIES, ELSEWHERE, Event, Happening, ROLES, STORES, zone};
use crate::Ms;
use crate::cause::{Cause, Link, LinkEnd};

/// Most events, repetitions written out.
const EVENTS_MAX: usize = 2_000;

/// Most repetitions of one event.
const TIMES_MAX: u32 = 500;

/// What an item says beside its cause.
const BESIDE: &[&str] = &["at", "for", "repeat", "note"];

/// The causes by their keys.
const CAUSES: &[&str] = &[
    "publish",
    "stop",
    "kill",
    "pause",
    "continue",
    "start",
    "link",
    "mend-link",
    "fill-disk",
    "slow-disk",
    "expire-certificate",
    "serve-page",
    "stall",
    "maintenance",
    "end-maintenance",
    "step-clock",
    "say-status",
    "cut-watcher",
    "customers",
];

/// Systems of the estate's own status page, and what it can say of them.
const STATES: &[&str] = &["available", "issue", "outage"];

/// What an item of the timeline is about.
struct Scene<'s, 't> {
    sheet: &'s Sheet<'t>,
    places: &'s [String],
    lasts_ms: Ms,
}

/// An event before its number is known.
struct Draft {
    at_ms: Ms,
    what: Happening,
    note: Option<String>,
    line: usize,
}

pub(super) fn read(sheet: &Sheet<'_>, node: &Node, places: &[String], lasts_ms: Ms) -> Vec<Event> {
    let NodeKind::List(items) = &node.kind else {
        sheet.refuse(&node.head(), "the timeline is a list", "put `- ` before each event");
        return Vec::new();
    };
    let scene = Scene { sheet, places, lasts_ms };
    let mut drafts: Vec<Draft> = Vec::new();
    for item in items {
        if drafts.len() > EVENTS_MAX {
            sheet.refuse(
                &item.head(),
                &format!("more than {EVENTS_MAX} events"),
                "make the scenario smaller",
            );
            break;
        }
        scene.item(item, &mut drafts);
    }
    ordered(drafts)
}

/// The events in the order of time; what ends one follows its number there.
fn ordered(drafts: Vec<Draft>) -> Vec<Event> {
    let mut numbered: Vec<(usize, Draft)> = drafts.into_iter().enumerate().collect();
    numbered.sort_by_key(|(number, draft)| (draft.at_ms, *number));
    let mut place_of = vec![0; numbered.len()];
    for (place, (number, _)) in numbered.iter().enumerate() {
        if let Some(slot) = place_of.get_mut(*number) {
            *slot = place;
        }
    }
    let event = |(_, draft): (usize, Draft)| Event {
        at_ms: draft.at_ms,
        what: match draft.what {
            Happening::Over { event, mend } => {
                Happening::Over { event: place_of.get(event).copied().unwrap_or(event), mend }
            }
            cause @ Happening::Cause(_) => cause,
        },
        note: draft.note,
        line: draft.line,
    };
    numbered.into_iter().map(event).collect()
}

impl Scene<'_, '_> {
    fn item(&self, item: &Node, drafts: &mut Vec<Draft>) {
        let sheet = self.sheet;
        let known: Vec<&str> = BESIDE.iter().chain(CAUSES).copied().collect();
        let Some(keys) = sheet.keys(item, &known, "an event") else { return };
        let mut causes = keys.entries().iter().filter(|entry| CAUSES.contains(&entry.key.as_str()));
        let Some(entry) = causes.next() else {
            let hint = format!("one of: {}", CAUSES.join(", "));
            sheet.refuse(&item.head(), "an event without a cause", &hint);
            return;
        };
        if let Some(second) = causes.next() {
            let message =
                format!("two causes in one event: {} and {}", quote(&entry.key), quote(&second.key));
            sheet.refuse(&second.at, &message, "give each its own event, at the same time");
        }
        let at = self.moment(item, &keys);
        let lasts = keys.get("for").and_then(|node| sheet.duration(node));
        let repeat = keys.get("repeat").map_or(Some((0, 1)), |node| self.repeat(node));
        let note = keys.get("note").and_then(|node| sheet.text(node)).map(str::to_owned);
        let cause = self.cause(entry, lasts);
        let (Some(at), Some((every, times)), Some(cause)) = (at, repeat, cause) else { return };
        if lasts.is_some() && cause.mended_by().is_none() {
            let hint = "leave `for` away, and end it with an event of its own";
            sheet.refuse(&entry.at, "this does not mend by itself", hint);
        }
        let line = sheet.line_number(item.head().start);
        for turn in 0..Ms::from(times) {
            let from = at + turn * every;
            drafts.push(Draft {
                at_ms: from,
                what: Happening::Cause(cause.clone()),
                note: note.clone(),
                line,
            });
            let event = drafts.len() - 1;
            if let (Some(lasts), Some(mend)) = (lasts, cause.mended_by()) {
                drafts.push(Draft {
                    at_ms: from + lasts,
                    what: Happening::Over { event, mend },
                    note: None,
                    line,
                });
            }
        }
    }

    fn moment(&self, item: &Node, keys: &Keys<'_>) -> Option<Ms> {
        let Some(node) = keys.get("at") else {
            self.sheet.refuse(&item.head(), "`at` is missing", "when it happens, from the start: `at: 2m`");
            return None;
        };
        let at = self.sheet.duration(node)?;
        if at >= self.lasts_ms {
            let hint = "let `lasts` be longer, or this be earlier";
            self.sheet.refuse(&node.at, "after the end of the scenario", hint);
        }
        Some(at)
    }

    fn repeat(&self, node: &Node) -> Option<(Ms, u32)> {
        let keys = self.sheet.keys(node, &["every", "times"], "`repeat`")?;
        let every = keys.get("every").and_then(|node| self.sheet.duration(node));
        let times = keys.get("times").and_then(|node| self.sheet.count(node, 1, TIMES_MAX));
        if keys.get("every").is_none() || keys.get("times").is_none() {
            self.sheet.refuse(&node.head(), "`repeat` takes both keys", "repeat: {every: 40s, times: 8}");
        }
        Some((every?, times?))
    }

    fn role(&self, node: &Node) -> Option<String> {
        self.sheet.word(node, ROLES, "role")
    }

    fn place(&self, node: &Node) -> Option<String> {
        let known: Vec<&str> = self.places.iter().map(String::as_str).collect();
        self.sheet.word(node, &known, "place in this scenario")
    }

    fn cause(&self, entry: &Entry, lasts: Option<Ms>) -> Option<Cause> {
        let node = &entry.value;
        Some(match entry.key.as_str() {
            "publish" => Cause::Publish(zone::publish(self.sheet, node)?),
            "stop" => Cause::Stop { role: self.role(node)? },
            "kill" => Cause::Kill { role: self.role(node)? },
            "pause" => Cause::Pause { role: self.role(node)? },
            "continue" => Cause::Continue { role: self.role(node)? },
            "start" => Cause::Start { role: self.role(node)? },
            "link" => Cause::Link(self.link(node)?),
            "mend-link" => {
                let keys = self.sheet.keys(node, &["place", "copy"], "`mend-link`")?;
                Cause::LinkMended { end: self.link_end(node, &keys)? }
            }
            "fill-disk" => Cause::FillDisk { role: self.role(node)? },
            "slow-disk" => self.slow_disk(node)?,
            "expire-certificate" => Cause::ExpireCertificate { host: zone::host(self.sheet, node)? },
            "serve-page" => self.serve_page(node)?,
            "stall" => Cause::Stall { role: self.role(node)? },
            "maintenance" => self.maintenance(entry, lasts)?,
            "end-maintenance" => Cause::EndMaintenance { name: self.sheet.text(node)?.to_owned() },
            "step-clock" => Cause::StepClock { by_ms: self.step(node)? },
            "say-status" => self.say_status(node)?,
            "cut-watcher" => self.cut_watcher(node)?,
            _ => Cause::Customers { per_minute: self.sheet.count(node, 0, 100_000)? },
        })
    }

    fn link(&self, node: &Node) -> Option<Link> {
        let known = ["place", "copy", "drop", "delay", "corrupt", "cut"];
        let keys = self.sheet.keys(node, &known, "`link`")?;
        let share = |key: &str| keys.get(key).map_or(Some(0), |node| self.sheet.percent(node));
        let link = Link {
            end: self.link_end(node, &keys)?,
            drop_percent: share("drop")?,
            delay_ms: keys.get("delay").map_or(Some(0), |node| self.sheet.duration(node))?,
            corrupt_percent: share("corrupt")?,
            cut: keys.get("cut").map_or(Some(false), |node| self.sheet.truth(node))?,
        };
        if !link.cut && link.drop_percent == 0 && link.delay_ms == 0 && link.corrupt_percent == 0 {
            let hint = "say what: `drop: 30%`, `delay: 200ms`, `corrupt: 5%` or `cut: true`";
            self.sheet.refuse(&node.head(), "nothing happens to this link", hint);
            return None;
        }
        Some(link)
    }

    fn link_end(&self, node: &Node, keys: &Keys<'_>) -> Option<LinkEnd> {
        match (keys.get("place"), keys.get("copy")) {
            (Some(place), None) => self.place(place).map(LinkEnd::Place),
            (None, Some(copy)) => {
                let copies: Vec<&str> = COPIES.iter().skip(1).copied().collect();
                self.sheet.word(copy, &copies, "copy of the zone").map(LinkEnd::Copy)
            }
            _ => {
                let hint = "`place: in`, or `copy: ns4` for the link from the primary";
                self.sheet.refuse(&node.head(), "a link has one end", hint);
                None
            }
        }
    }

    fn slow_disk(&self, node: &Node) -> Option<Cause> {
        let keys = self.sheet.keys(node, &["role", "by"], "`slow-disk`")?;
        let (Some(role), Some(by)) = (keys.get("role"), keys.get("by")) else {
            self.sheet.refuse(&node.head(), "`slow-disk` takes both keys", "slow-disk: {role: apps, by: 2s}");
            return None;
        };
        Some(Cause::SlowDisk { role: self.role(role)?, by_ms: self.sheet.duration(by)? })
    }

    fn serve_page(&self, node: &Node) -> Option<Cause> {
        let keys = self.sheet.keys(node, &["role", "status", "text"], "`serve-page`")?;
        let Some(role) = keys.get("role") else {
            let hint = "serve-page: {role: apps, status: 200, text: \"We'll be back soon.\"}";
            self.sheet.refuse(&node.head(), "whose page?", hint);
            return None;
        };
        let status = keys.get("status").map_or(Some(200), |node| self.sheet.count(node, 200, 599))?;
        let text = keys.get("text").map_or(Some("We'll be back soon."), |node| self.sheet.text(node))?;
        Some(Cause::ServePage {
            role: self.role(role)?,
            status: u16::try_from(status).ok()?,
            text: text.to_owned(),
        })
    }

    fn maintenance(&self, entry: &Entry, lasts: Option<Ms>) -> Option<Cause> {
        let node = &entry.value;
        let keys = self.sheet.keys(node, &["name", "services"], "`maintenance`")?;
        let Some(for_ms) = lasts else {
            self.sheet.refuse(&entry.at, "for how long is it announced?", "add `for: 30m` to the event");
            return None;
        };
        let (Some(name), Some(services)) = (keys.get("name"), keys.get("services")) else {
            let hint = "maintenance: {name: New catalogue, services: [apps, music]}";
            self.sheet.refuse(&node.head(), "`maintenance` takes both keys", hint);
            return None;
        };
        let known: Vec<&str> =
            STORES.iter().copied().chain(ELSEWHERE.iter().map(|(service, _)| *service)).collect();
        let items = self.sheet.items(services);
        let services: Vec<String> =
            items.into_iter().filter_map(|node| self.sheet.word(node, &known, "service")).collect();
        Some(Cause::BeginMaintenance { name: self.sheet.text(name)?.to_owned(), services, for_ms })
    }

    fn step(&self, node: &Node) -> Option<i64> {
        let text = self.sheet.text(node)?;
        let plain = Node {
            at: node.at.clone(),
            kind: NodeKind::Scalar(text.trim_start_matches(['+', '-']).to_owned()),
        };
        let ms = i64::try_from(self.sheet.duration(&plain)?).ok()?;
        Some(if text.starts_with('-') { -ms } else { ms })
    }

    fn say_status(&self, node: &Node) -> Option<Cause> {
        let keys = self.sheet.keys(node, &["system", "state"], "`say-status`")?;
        let (Some(system), Some(state)) = (keys.get("system"), keys.get("state")) else {
            let hint = "say-status: {system: apps, state: outage}";
            self.sheet.refuse(&node.head(), "`say-status` takes both keys", hint);
            return None;
        };
        let state = self.sheet.word(state, STATES, "state")?;
        Some(Cause::SayStatus { system: self.role(system)?, state })
    }

    fn cut_watcher(&self, node: &Node) -> Option<Cause> {
        let everywhere = matches!(&node.kind, NodeKind::Scalar(text) if text == "everywhere");
        Some(Cause::CutWatcher { place: if everywhere { None } else { Some(self.place(node)?) } })
    }
}
