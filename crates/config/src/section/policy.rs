//! How cells are measured and judged: the same keys in `defaults`, on a service and on a capability; the narrower wins.

use std::time::Duration;

use candor_core::model::{Confirm, Degraded, FailingOf, Policy, Quorum};

use crate::field::{Field, Map, Section, Shape};
use crate::limits::{CONFIRM, DEADLINE, EVERY, EVERY_WRITING, LEASE, TIMEOUT, WINDOW_MAX, WITHIN};
use crate::quantity::{Bounds, Words, whole};
use crate::reader::{Given, Reader, quote};
use crate::tree::{Node, Span};

pub(crate) const FIELDS: &[Field] = &[
    Field::new("every", Shape::Duration(&EVERY), "Time between two runs of a check. Journeys that write run every 5m, unless the service or capability says otherwise.").bound(),
    Field::new("timeout", Shape::Duration(&TIMEOUT), "How long a step may take; never longer than `deadline`.").bound(),
    Field::new("deadline", Shape::Duration(&DEADLINE), "How long a journey may take; never longer than `every`.").preset("30s, or `every` if that is shorter"),
    Field::new("lease", Shape::Duration(&LEASE), "How long a pass counts. Without a newer one the cell turns unknown.").preset("2 x `every` + `deadline`"),
    Field::new("quorum", QUORUM_SHAPE, "How many of a cell's vantages must pass for green.").preset("majority"),
    Field::new("confirm", Shape::Map(&CONFIRM_SECTION), "How many results in a row change the verdict; the recheck comes at once."),
    Field::new("degraded", Shape::Map(&DEGRADED), "What short of an outage is not green either."),
];

pub(crate) static DEFAULTS: Section = Section {
    name: "defaults",
    doc: "What holds for every service that does not say otherwise.",
    groups: &[FIELDS, crate::step::client::SHARED],
};

static CONFIRM_SECTION: Section = Section {
    name: "confirm",
    doc: "How many results in a row change the verdict.",
    groups: &[&[
        Field::new("down", Shape::Count(&CONFIRM), "Failures in a row.").bound(),
        Field::new("up", Shape::Count(&CONFIRM), "Passes in a row.").bound(),
    ]],
};

static DEGRADED: Section = Section {
    name: "degraded",
    doc: "What short of an outage is not green either. A minority of vantages failing always degrades.",
    groups: &[&[
        Field::new(
            "failing",
            Shape::Written("`n of m` or `never`"),
            "So many failures among the last runs; at most the last 64.",
        )
        .preset("2 of 10"),
        Field::new("within", Shape::Duration(&WITHIN), "A passing journey that takes longer than this.")
            .example("800ms"),
    ]],
};

const QUORUM_SHAPE: Shape = Shape::AnyOf(&[Shape::Word(&["majority", "all"]), Shape::Count(&QUORUM)]);

static QUORUM: Bounds<u64> = Bounds { default: 1, min: 1, max: 1000 };

/// Two failures among the last ten: a service that fails every other time is not green.
const FAILING: Option<FailingOf> = Some(FailingOf { failing: 2, of: 10 });

/// `None`: not said. `Some(None)`: said wrongly; what would follow from it is not worth saying.
type Said = Option<Option<Given<Duration>>>;

/// What one scope says; what it does not say, the wider scope does.
#[derive(Debug, Clone, Default)]
pub(crate) struct PolicyWords {
    every: Said,
    /// Whether `every` was written closer than in `defaults`, which does not speed up journeys that write.
    every_is_close: bool,
    timeout: Said,
    deadline: Said,
    lease: Said,
    quorum: Option<Given<Quorum>>,
    down: Option<u16>,
    up: Option<u16>,
    failing: Option<Option<FailingOf>>,
    within: Option<Given<Duration>>,
}

/// A policy, and what goes with it into steps and checks.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) policy: Policy,
    /// For steps that name none.
    pub(crate) timeout: Duration,
    pub(crate) quorum_at: Option<Span>,
    /// Whether what bounds a step was said rightly.
    pub(crate) sound: bool,
}

impl PolicyWords {
    pub(crate) fn read(reader: &Reader<'_>, map: &Map<'_>) -> Self {
        let said = |key, bounds: &Bounds<Duration>| map.get(key).map(|n| reader.duration(n, bounds));
        let mut words = Self {
            every: said("every", &EVERY),
            timeout: said("timeout", &TIMEOUT),
            deadline: said("deadline", &DEADLINE),
            lease: said("lease", &LEASE),
            quorum: map.get("quorum").and_then(|n| quorum(reader, n)),
            ..Self::default()
        };
        if let Some(map) = map.get("confirm").and_then(|n| Map::open(reader, n, &CONFIRM_SECTION)) {
            let count = |key| {
                map.get(key).and_then(|n| reader.count(n, &CONFIRM)).and_then(|n| u16::try_from(n).ok())
            };
            words.down = count("down");
            words.up = count("up");
        }
        if let Some(map) = map.get("degraded").and_then(|n| Map::open(reader, n, &DEGRADED)) {
            words.failing = map.get("failing").and_then(|n| failing(reader, n));
            words.within = map.get("within").and_then(|n| reader.duration(n, &WITHIN));
        }
        words
    }

    /// These words, said by a service or capability.
    pub(crate) fn close(mut self) -> Self {
        self.every_is_close = self.every.is_some();
        self
    }

    /// These words where they say something, else those of a wider scope.
    pub(crate) fn or(self, wider: &Self) -> Self {
        let every_is_close = if self.every.is_some() { self.every_is_close } else { wider.every_is_close };
        Self {
            every: self.every.or(wider.every),
            every_is_close,
            timeout: self.timeout.or(wider.timeout),
            deadline: self.deadline.or(wider.deadline),
            lease: self.lease.or(wider.lease),
            quorum: self.quorum.or(wider.quorum),
            down: self.down.or(wider.down),
            up: self.up.or(wider.up),
            failing: self.failing.or(wider.failing),
            within: self.within.or(wider.within),
        }
    }

    /// Fills in the defaults and checks what must hold between the parts.
    pub(crate) fn settle(&self, reader: &Reader<'_>, writes: bool) -> Settled {
        let value = |said: Said| said.flatten().map(|g| g.value);
        let mut every = value(self.every).unwrap_or(EVERY.default);
        if writes && !self.every_is_close {
            every = every.max(EVERY_WRITING.default);
        }
        let wanted = DEADLINE.default.max(value(self.timeout).unwrap_or(TIMEOUT.default));
        let deadline = value(self.deadline).unwrap_or(wanted.min(every));
        let timeout = value(self.timeout).unwrap_or(TIMEOUT.default.min(deadline));
        let lease = value(self.lease).unwrap_or_else(|| every.saturating_mul(2).saturating_add(deadline));
        let policy = Policy {
            every,
            deadline,
            lease,
            quorum: self.quorum.map_or(Quorum::Majority, |g| g.value),
            confirm: Confirm { down: self.down.unwrap_or(2), up: self.up.unwrap_or(2) },
            degraded: Degraded {
                failing: self.failing.unwrap_or(FAILING),
                within: self.within.map(|g| g.value),
            },
        };
        self.check(reader, &policy, timeout);
        let sound = self.deadline_is_sound() && self.timeout != Some(None);
        Settled { policy, timeout, quorum_at: self.quorum.map(|g| g.at), sound }
    }

    /// Whether the deadline is what the user meant: written rightly, or derived from an interval written rightly.
    fn deadline_is_sound(&self) -> bool {
        self.deadline.map_or(self.every != Some(None), |said| said.is_some())
    }

    fn check(&self, reader: &Reader<'_>, policy: &Policy, timeout: Duration) {
        let (every, deadline) = (policy.every, policy.deadline);
        let (every_sound, deadline_sound) = (self.every != Some(None), self.deadline_is_sound());
        if let Some(given) = self.deadline.flatten().filter(|g| every_sound && g.value > every) {
            let message = format!(
                "a deadline of {} is longer than the {} between two runs",
                Words(given.value),
                Words(every)
            );
            reader.refuse_hint(
                given.at,
                message,
                "a journey must end before its next run: shorten `deadline` or lengthen `every`",
            );
        }
        if let Some(given) = self.timeout.flatten().filter(|_| deadline_sound && timeout > deadline) {
            let message = format!(
                "a timeout of {} is longer than the journey's deadline of {}",
                Words(timeout),
                Words(deadline)
            );
            reader.refuse_hint(
                given.at,
                message,
                "shorten `timeout`, or lengthen `deadline` (and `every`, which bounds it)",
            );
        }
        let least = every.saturating_add(deadline);
        if let Some(given) = self.lease.flatten().filter(|g| every_sound && deadline_sound && g.value < least)
        {
            let message = format!("a lease of {} ends before the next result can come", Words(given.value));
            let hint = format!(
                "at least `every` + `deadline` = {}; 2 x `every` + `deadline` lets one result be late",
                Words(least)
            );
            reader.refuse_hint(given.at, message, hint);
        }
        if let Some(given) = self.within.filter(|g| deadline_sound && g.value > deadline) {
            let message = format!("no journey takes longer than its deadline of {}", Words(deadline));
            reader.refuse_hint(given.at, message, "a `within` beyond the deadline can never be missed");
        }
    }
}

fn quorum(reader: &Reader<'_>, node: &Node) -> Option<Given<Quorum>> {
    let text = reader.text(node)?;
    let value = match text {
        "majority" => Quorum::Majority,
        "all" => Quorum::All,
        _ => match whole::<u16>(text) {
            Some(0) => {
                let hint = "at least 1: no cell is green without evidence";
                reader.refuse_hint(node.span, "a quorum of 0 would be green without any evidence", hint);
                return None;
            }
            Some(n) => Quorum::AtLeast(n),
            None => {
                let hint = "majority, all, or a number of vantages";
                reader.refuse_hint(node.span, format!("{} is not a quorum", quote(text)), hint);
                return None;
            }
        },
    };
    Some(Given { value, at: node.span })
}

/// `2 of 10` or `never`; the outer `None` is a fault.
fn failing(reader: &Reader<'_>, node: &Node) -> Option<Option<FailingOf>> {
    let text = reader.text(node)?;
    if text == "never" {
        return Some(None);
    }
    let read =
        text.split_once(" of ").and_then(|(n, of)| Some((whole::<u32>(n.trim())?, whole::<u32>(of.trim())?)));
    let Some((n, of)) = read else {
        let hint = "so many failures among the last runs: `2 of 10`, or `never`";
        reader.refuse_hint(node.span, format!("{} is not `n of m`", quote(text)), hint);
        return None;
    };
    match (u8::try_from(n), u8::try_from(of)) {
        (Ok(failing), Ok(of)) if failing >= 1 && failing <= of && of <= WINDOW_MAX => {
            Some(Some(FailingOf { failing, of }))
        }
        _ => {
            let hint = format!("1 <= n <= m <= {WINDOW_MAX}");
            reader.refuse_hint(node.span, format!("{} cannot hold", quote(text)), hint);
            None
        }
    }
}
