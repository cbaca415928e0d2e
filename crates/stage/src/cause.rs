//! What a scenario may make happen: a closed list of causes. None of them says "down".
//!
//! Places are codes of the estate (`gb`), roles words of [`crate::scenario::ROLES`], copies of the zone `ns1` (the primary) to
//! `ns4`, hosts relative to the estate's zone (`buy.internal`). The reader has checked them all.

use serde::Serialize;

use crate::Ms;

/// Something that really happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A zone is published at the primary and spreads.
    Publish(Publish),
    /// A role is told to end (SIGTERM).
    Stop {
        /// Which.
        role: String,
    },
    /// A role is killed (SIGKILL).
    Kill {
        /// Which.
        role: String,
    },
    /// A role is halted (SIGSTOP): connections are still taken by its machine, nothing is answered.
    Pause {
        /// Which.
        role: String,
    },
    /// A halted role goes on (SIGCONT).
    Continue {
        /// Which.
        role: String,
    },
    /// A role that ended is started again.
    Start {
        /// Which.
        role: String,
    },
    /// The packets of a link suffer.
    Link(Link),
    /// A link is whole again.
    LinkMended {
        /// Whose.
        end: LinkEnd,
    },
    /// The disk of a role is full: it reads, and cannot write.
    FillDisk {
        /// Whose.
        role: String,
    },
    /// Each access to the disk of a role takes longer.
    SlowDisk {
        /// Whose.
        role: String,
        /// By so many milliseconds for each request.
        by_ms: Ms,
    },
    /// The certificate of a host has run out.
    ExpireCertificate {
        /// Which host.
        host: String,
    },
    /// A role answers every request with this page.
    ServePage {
        /// Which.
        role: String,
        /// Its status.
        status: u16,
        /// Its text.
        text: String,
    },
    /// A role begins its answers and never ends them.
    Stall {
        /// Which.
        role: String,
    },
    /// Intended downtime is announced, and begins. What it does to the services are causes of their own.
    BeginMaintenance {
        /// Its name for readers.
        name: String,
        /// The services it is announced for, as watched.
        services: Vec<String>,
        /// For how long it is announced.
        for_ms: Ms,
    },
    /// Intended downtime is declared over early.
    EndMaintenance {
        /// Its name.
        name: String,
    },
    /// The clock of the machine that watches is stepped.
    StepClock {
        /// By so many milliseconds; backwards below 0.
        by_ms: i64,
    },
    /// Somebody sets the estate's own status page.
    SayStatus {
        /// Which system.
        system: String,
        /// What it says of it.
        state: String,
    },
    /// The network of whoever watches breaks: of one place from which it looks, or of all.
    CutWatcher {
        /// Where it looks from; `None` for everywhere.
        place: Option<String>,
    },
    /// How many customers come from now on.
    Customers {
        /// In a minute, all over the world.
        per_minute: u32,
    },
}

/// A zone that is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publish {
    /// What it is.
    pub change: Change,
    /// Copies that do not get it, until something is published that is not withheld from them.
    pub withhold: Vec<String>,
}

/// What a published zone is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// This zone file, whole. Its serial is raised where it must be.
    Whole(String),
    /// The zone in force with this done to it, in the order of the fields.
    Edit(Edit),
    /// The zone that the estate began with.
    Restore,
}

/// What is done to the zone in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Edit {
    /// Names that come back as they were in the estate's first zone.
    pub bring_back: Vec<String>,
    /// Names that leave it with all that they own.
    pub remove: Vec<String>,
    /// Names that keep their place and lose their addresses; a TXT record stays, so that they exist.
    pub empty: Vec<String>,
    /// Lines of a zone file. Each takes the place of all records of its name and type; one of a CNAME that of all
    /// records of its name.
    pub set: Vec<String>,
    /// The zone file ends after so many lines.
    pub cut_after: Option<usize>,
    /// Timers that are set.
    pub timers: Timers,
}

/// Lifetimes in a zone, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Timers {
    /// Of records.
    pub ttl: Option<u32>,
    /// Of denials (the SOA's last field).
    pub denial: Option<u32>,
    /// Between looks of a secondary at the primary.
    pub refresh: Option<u32>,
    /// The same after one that failed.
    pub retry: Option<u32>,
    /// After which a secondary that reached nobody stops answering.
    pub expire: Option<u32>,
}

/// What happens to the packets of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Which link.
    pub end: LinkEnd,
    /// So many of 100 packets are lost.
    pub drop_percent: u8,
    /// Each is late by so many milliseconds.
    pub delay_ms: Ms,
    /// So many of 100 are damaged.
    pub corrupt_percent: u8,
    /// Nothing passes at all.
    pub cut: bool,
}

/// Between whom a link lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkEnd {
    /// Between the customers of a place (and whoever watches from there) and the estate, its name servers too.
    Place(String),
    /// Between the primary name server and this copy.
    Copy(String),
}

impl Cause {
    /// What mends it, for an event with `for:`; `None` where nothing can.
    ///
    /// A publication is mended by publishing what was in force before it.
    #[must_use]
    pub fn mended_by(&self) -> Option<Mend> {
        let cause = match self {
            Self::Publish(_) => return Some(Mend::PublishBefore),
            Self::Stop { role } | Self::Kill { role } => Self::Start { role: role.clone() },
            Self::Pause { role } => Self::Continue { role: role.clone() },
            Self::Link(link) => Self::LinkMended { end: link.end.clone() },
            Self::BeginMaintenance { name, .. } => Self::EndMaintenance { name: name.clone() },
            Self::FillDisk { .. }
            | Self::SlowDisk { .. }
            | Self::ExpireCertificate { .. }
            | Self::ServePage { .. }
            | Self::Stall { .. }
            | Self::CutWatcher { .. } => return Some(Mend::Undo),
            Self::Continue { .. }
            | Self::Start { .. }
            | Self::LinkMended { .. }
            | Self::EndMaintenance { .. }
            | Self::StepClock { .. }
            | Self::SayStatus { .. }
            | Self::Customers { .. } => return None,
        };
        Some(Mend::By(cause))
    }

    /// What happens, in a line for the timeline.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Publish(publish) => publish.words(),
            Self::Stop { role } => format!("{role} is stopped"),
            Self::Kill { role } => format!("{role} is killed"),
            Self::Pause { role } => format!("{role} is halted"),
            Self::Continue { role } => format!("{role} goes on"),
            Self::Start { role } => format!("{role} is started"),
            Self::Link(link) => link.words(),
            Self::LinkMended { end } => format!("{} is whole again", end.words()),
            Self::FillDisk { role } => format!("the disk of {role} is full"),
            Self::SlowDisk { role, by_ms } => format!("the disk of {role} is slower by {by_ms} ms"),
            Self::ExpireCertificate { host } => format!("the certificate of {host} has expired"),
            Self::ServePage { role, status, .. } => {
                format!("{role} answers everything with one page ({status})")
            }
            Self::Stall { role } => format!("{role} stalls in its answers"),
            Self::BeginMaintenance { name, .. } => format!("maintenance begins: {name}"),
            Self::EndMaintenance { name } => format!("maintenance ends: {name}"),
            Self::StepClock { by_ms } => format!("the watcher's clock steps by {by_ms} ms"),
            Self::SayStatus { system, state } => format!("the estate's own page says {system}: {state}"),
            Self::CutWatcher { place: None } => "the watcher's own network breaks".to_owned(),
            Self::CutWatcher { place: Some(place) } => format!("the watcher's network in {place} breaks"),
            Self::Customers { per_minute } => format!("{per_minute} customers come in a minute"),
        }
    }
}

/// How an event is mended when its time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mend {
    /// By this cause.
    By(Cause),
    /// By publishing the zone that was in force before it.
    PublishBefore,
    /// By taking it back.
    Undo,
}

impl Publish {
    fn words(&self) -> String {
        let what = match &self.change {
            Change::Whole(_) => "a zone is published".to_owned(),
            Change::Restore => "the first zone is published again".to_owned(),
            Change::Edit(edit) => edit.words(),
        };
        if self.withhold.is_empty() { what } else { format!("{what} (not to {})", self.withhold.join(", ")) }
    }
}

impl Edit {
    fn words(&self) -> String {
        let mut parts = Vec::new();
        if !self.bring_back.is_empty() {
            parts.push(format!("with {} again", listed(&self.bring_back)));
        }
        if !self.remove.is_empty() {
            parts.push(format!("without {}", listed(&self.remove)));
        }
        if !self.empty.is_empty() {
            parts.push(format!("with no address for {}", listed(&self.empty)));
        }
        if let Some(line) = self.set.first() {
            parts.push(format!("with `{line}`"));
        }
        if let Some(lines) = self.cut_after {
            parts.push(format!("cut after line {lines}"));
        }
        if parts.is_empty() {
            "the zone's timers are set".to_owned()
        } else {
            format!("the zone {}", parts.join(", "))
        }
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [a, b, c, rest @ ..] if !rest.is_empty() => format!("{a}, {b}, {c} and {} more", rest.len()),
        _ => names.join(", "),
    }
}

impl Link {
    fn words(&self) -> String {
        let end = self.end.words();
        if self.cut {
            return format!("{end} is cut");
        }
        let mut parts = Vec::new();
        if self.drop_percent > 0 {
            parts.push(format!("loses {} % of its packets", self.drop_percent));
        }
        if self.corrupt_percent > 0 {
            parts.push(format!("damages {} %", self.corrupt_percent));
        }
        if self.delay_ms > 0 {
            parts.push(format!("is late by {} ms", self.delay_ms));
        }
        format!("{end} {}", parts.join(", "))
    }
}

impl LinkEnd {
    fn words(&self) -> String {
        match self {
            Self::Place(place) => format!("the link to {place}"),
            Self::Copy(copy) => format!("the link from ns1 to {copy}"),
        }
    }
}
