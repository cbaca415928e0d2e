//! The shop's zone as it should be on the primary and on each copy, brought about through the primary.
//!
//! A copy that is to keep an old zone is given that zone first, alone; then it is told nothing more. What is published waits
//! for the copies that are to have it: when a lever has moved, every one of them answers with it. A copy that is dead or
//! stopped is not waited for; it fetches the zone when it is back.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use candor_names::{AskOptions, Question, ask};

use super::child::Child;
use super::world::{World, copies};
use super::{Estate, EstateError};
use crate::layout::ZONE;
use crate::role::{Faults, Role};
use crate::zone::{Shape, outside_file};

/// How long a copy may take to fetch the zone, once it is told.
const FETCHED_WITHIN: Duration = Duration::from_secs(20);
/// How often it is asked meanwhile, and how long it may take to answer.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const ANSWERS_WITHIN: Duration = Duration::from_millis(500);

/// What is known of the zone on each server.
#[derive(Debug, Default)]
pub(super) struct Zones {
    serial: u32,
    /// What the primary's file says, and as text.
    written: Option<Shape>,
    text: String,
    /// Whether the primary is known to have read it.
    published: bool,
    /// Copies that are told nothing.
    withheld: Option<BTreeSet<Role>>,
    /// What copies were seen to have.
    held: BTreeMap<Role, Shape>,
}

impl Zones {
    /// Nothing is known any more of what the primary does.
    pub(super) fn forget(&mut self) {
        self.published = false;
        self.withheld = None;
    }

    /// The zone file of the primary.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn written(&self) -> Shape {
        self.written.clone().unwrap_or_default()
    }

    pub(super) const fn serial(&self) -> u32 {
        self.serial
    }

    /// Seconds since 1970, so that a serial is higher than that of any earlier run; 32 bits last until 2106.
    fn next_serial(&mut self) -> u32 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.serial = u32::try_from(now).unwrap_or(u32::MAX).max(self.serial.saturating_add(1));
        self.serial
    }
}

/// The zone file of a name server that has one, in the estate's directory.
pub(super) const fn file(role: Role) -> Option<&'static str> {
    match role {
        Role::Dns => Some("shop.example.zone"),
        Role::Outside => Some("outside.example.zone"),
        _ => None,
    }
}

impl Estate {
    /// Writes both zones, whole, before anybody reads them.
    pub(super) fn write_zones(&mut self) -> Result<(), EstateError> {
        self.zones = Zones { serial: self.zones.serial, ..Zones::default() };
        self.write_zone(&Shape::default())?;
        let text = outside_file(&self.layout, self.zones.serial);
        self.write_file(Role::Outside, &text)?;
        self.zones.published = true;
        self.zones.withheld = Some(BTreeSet::new());
        Ok(())
    }

    fn write_zone(&mut self, shape: &Shape) -> Result<(), EstateError> {
        let serial = self.zones.next_serial();
        self.zones.text = shape.zone_file(&self.layout, serial);
        (self.zones.written, self.zones.published) = (None, false);
        self.write_file(Role::Dns, &self.zones.text)?;
        self.zones.written = Some(shape.clone());
        Ok(())
    }

    fn write_file(&self, role: Role, text: &str) -> Result<(), EstateError> {
        let Some(name) = file(role) else { return Ok(()) };
        let (file, draft) = (self.dir.join(name), self.dir.join("zone.draft"));
        let written = std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, &file));
        written.map_err(|source| EstateError::File { file, source })
    }

    /// Brings the zone about that each server should have.
    pub(super) async fn settle_zones(&mut self, wanted: &World) -> Result<(), EstateError> {
        if !self.obeys(Role::Dns) {
            // It reads its file when it is back; the copies go on with what they have.
            if self.zones.written.as_ref() != Some(&wanted.zone) {
                self.write_zone(&wanted.zone)?;
            }
            self.zones.forget();
            return Ok(());
        }
        for (copy, shape) in &wanted.stale {
            if self.zones.held.get(copy) != Some(shape) {
                self.withhold_from(copies().filter(|other| other != copy).collect()).await?;
                self.put(shape).await?;
                self.wait_for(*copy, shape).await?;
            }
        }
        let stale: BTreeSet<Role> = wanted.stale.keys().copied().collect();
        self.withhold_from(stale.clone()).await?;
        self.put(&wanted.zone).await?;
        for copy in copies().filter(|copy| !stale.contains(copy)) {
            self.wait_for(copy, &wanted.zone).await?;
        }
        Ok(())
    }

    /// Publishes a zone on the primary, with a higher serial.
    async fn put(&mut self, shape: &Shape) -> Result<(), EstateError> {
        if self.zones.written.as_ref() != Some(shape) {
            self.write_zone(shape)?;
        }
        if !self.zones.published {
            self.order(Role::Dns, "reload").await?;
            self.zones.published = true;
        }
        Ok(())
    }

    /// From now on the primary tells these copies nothing, and all others everything.
    async fn withhold_from(&mut self, from: BTreeSet<Role>) -> Result<(), EstateError> {
        if self.zones.withheld.as_ref() == Some(&from) {
            return Ok(());
        }
        let withhold = from.iter().map(|role| role.word().to_owned()).collect();
        let faults = Faults { withhold, ..Faults::default() };
        self.zones.withheld = None;
        self.order(Role::Dns, &format!("set {faults}")).await?;
        self.zones.withheld = Some(from);
        Ok(())
    }

    /// Waits until a copy answers with what the primary has.
    async fn wait_for(&mut self, copy: Role, shape: &Shape) -> Result<(), EstateError> {
        if !self.obeys(copy) {
            self.zones.held.remove(&copy);
            return Ok(());
        }
        if self.zones.held.get(&copy) == Some(shape) {
            return Ok(());
        }
        self.zones.held.remove(&copy);
        let begun = Instant::now();
        while serial_at(self.layout.socket(copy)).await != Some(self.zones.serial) {
            if begun.elapsed() > FETCHED_WITHIN {
                let why = format!("has not fetched serial {} of {ZONE}", self.zones.serial);
                return Err(EstateError::Role { role: copy, why });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.zones.held.insert(copy, shape.clone());
        Ok(())
    }

    /// Whether a role runs and does what it is told.
    fn obeys(&mut self, role: Role) -> bool {
        self.children.get_mut(&role).is_some_and(|child| !child.is_paused() && Child::pid(child).is_some())
    }
}

/// The serial that a server answers with.
pub(super) async fn serial_at(server: SocketAddr) -> Option<u32> {
    let options = AskOptions { deadline: ANSWERS_WITHIN, recursion_desired: false, ..AskOptions::default() };
    let question = Question::parse(ZONE, "SOA").ok()?;
    let answer = ask(server, &question, &options).await.ok()?;
    answer.answer.first()?.data.split(' ').nth(2)?.parse().ok()
}
