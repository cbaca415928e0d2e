//! Whoever watches, as the simulated mode meets it: it says what it wants to look at, is told what it saw, and shows a
//! page. It is never told a cause, and never the truth: who looks into something is shown the [`Surface`] of the world.

use std::net::IpAddr;

use crate::Ms;
use crate::seen::{Said, SeenIncident};
use crate::truth::{CellName, Layer};

/// A check: a cell looked at from somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its number, the subject's own.
    pub id: u64,
    /// What is looked at.
    pub cell: CellName,
    /// The place from which.
    pub from: String,
}

/// What the subject will do, as far as the stage must know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// Every check.
    pub checks: Vec<Check>,
}

/// What the subject wants done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Run this check.
    Run(u64),
    /// See whether anything at all can be reached from this place: not the estate, but the world beside it.
    LookAround(String),
    /// Find out what is behind something, by the subject's own number for it.
    LookInto(u64),
}

/// What a run met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// How long it took.
    pub took_ms: Ms,
    /// What went wrong, if anything did.
    pub trouble: Option<Trouble>,
    /// Hosts that were found and connected to, by their full names, with the address: in the order of the steps.
    pub reached: Vec<(String, IpAddr)>,
}

/// What went wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// At which layer.
    pub layer: Layer,
    /// What, in the word that the layer's own texts use: `nxdomain`, `refused`, `expired`, `stalled`.
    pub kind: &'static str,
    /// At which step, counted from 0.
    pub step: u16,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Each cell.
    pub cells: Vec<(CellName, Said)>,
    /// Its incidents.
    pub incidents: Vec<SeenIncident>,
}

/// Announced downtime, as an operator enters it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Its name for readers.
    pub name: String,
    /// The services.
    pub services: Vec<String>,
    /// From then.
    pub from_ms: Ms,
    /// Until then.
    pub until_ms: Ms,
}

/// A name server of the estate's zone, as whoever watches meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameServer {
    /// Its full name: `ns1.shop.example`.
    pub name: String,
    /// Where it listens.
    pub address: IpAddr,
    /// What it serves.
    pub serves: Serves,
}

/// What a name server serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serves {
    /// This zone file, whole: the copy that it has now, with its serial.
    Zone(String),
    /// SERVFAIL: it knows of the zone, and its copy is too old.
    Expired,
    /// It does not answer.
    Silent,
    /// Nobody listens there.
    Gone,
}

/// How a connection to an address went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    /// How long it took.
    pub took_ms: Ms,
    /// What went wrong, if anything did: at which layer, and what, in the layer's own word.
    pub trouble: Option<(Layer, &'static str)>,
}

/// What anybody can ask of the world at a moment. It answers what is asked, and says nothing of why.
pub trait Surface {
    /// The name servers of the estate's zone, `ns1` to `ns4`, asked from a machine beside the places.
    fn name_servers(&self) -> Vec<NameServer>;

    /// A connection from a place to an address, at the port of HTTP or TLS; with `host` (a full name) its certificate is
    /// looked at too.
    fn connect(&self, from: &str, address: IpAddr, host: Option<&str>) -> Contact;

    /// The address of the name server that is asked in a place; none where there is no such place.
    fn resolver(&self, from: &str) -> Option<IpAddr>;
}

/// Whoever watches. Times are the stage's: milliseconds since the scenario began.
pub trait Subject {
    /// What it will look at.
    fn looks(&self) -> Looks;

    /// When it wants to be called next: to look, or because something of it is due.
    fn wake_ms(&self) -> Ms;

    /// What it wants done at `now_ms`. What ran before is told first.
    fn due(&mut self, now_ms: Ms) -> Vec<Ask>;

    /// A check that began earlier ended now.
    fn observe(&mut self, now_ms: Ms, check: u64, met: &Met);

    /// Whether anything could be reached from a place.
    fn looked_around(&mut self, now_ms: Ms, place: &str, sees: bool);

    /// Looks into something now, and says how long that takes. What it finds it must not show before
    /// [`Subject::looked_into`].
    fn look_into(&mut self, now_ms: Ms, what: u64, surface: &dyn Surface) -> Ms;

    /// That time is over.
    fn looked_into(&mut self, now_ms: Ms, what: u64);

    /// An operator announces downtime.
    fn announce(&mut self, now_ms: Ms, what: &Announcement);

    /// The clock of its machine was stepped.
    fn clock_stepped(&mut self, now_ms: Ms, by_ms: i64);

    /// The page, where it changed since it was last asked for.
    fn page(&mut self, now_ms: Ms) -> Option<Page>;
}
