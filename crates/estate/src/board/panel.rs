//! What the board shows, as a value that travels as JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::play::Scene;
use crate::day::DAY;
use crate::estate::{Estate, LeverState, RoleState};
use crate::role::Role;

/// The board at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panel {
    /// The stores, for people.
    pub shop: Vec<Link>,
    /// The page that tells how the shop is.
    pub status: Option<String>,
    /// What lives apart: the shop's own status page, and what customers say.
    #[serde(default)]
    pub apart: Vec<Link>,
    /// The day, while it is played.
    #[serde(default)]
    pub day: Option<PanelDay>,
    /// Every lever, in the order in which to try them.
    pub levers: Vec<PanelLever>,
    /// Every process.
    pub roles: Vec<PanelRole>,
}

/// The day, while it is played; see [`crate::day`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelDay {
    /// The step, from 1.
    pub step: usize,
    /// How many there are.
    pub of: usize,
    /// What the clocks said.
    pub clock: String,
    /// What happens.
    pub title: String,
    /// Where to look.
    pub look: String,
    /// What went wrong with the step.
    pub fault: Option<String>,
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What to call it.
    pub name: String,
    /// Its address.
    pub url: String,
}

/// A lever; see [`crate::levers::Lever`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelLever {
    /// Its word.
    pub id: String,
    /// The heading that it stands under.
    #[serde(default)]
    pub group: String,
    /// What happens, in a few words.
    pub title: String,
    /// What it really does.
    pub does: String,
    /// What a customer will notice.
    pub notice: String,
    /// What to expect of whoever watches.
    pub expect: String,
    /// Whether it is pulled.
    pub pulled: bool,
    /// For how long, in whole seconds.
    pub pulled_for_s: Option<u64>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelRole {
    /// Its role.
    pub role: String,
    /// What it does.
    pub about: String,
    /// Where it listens.
    pub address: String,
    /// Its process id, if it runs.
    pub pid: Option<u32>,
    /// Whether a lever keeps it dead.
    pub killed: bool,
    /// Whether it is stopped in its tracks.
    #[serde(default)]
    pub paused: bool,
}

impl Panel {
    pub(super) fn of(estate: &mut Estate, status: Option<String>, scene: &Scene) -> Self {
        let shop = estate.urls().stores_by_address().into_iter();
        let apart = estate.urls().apart_by_address().into_iter();
        let state = estate.state();
        Self {
            shop: shop.map(|(shelf, url)| Link { name: shelf.title().to_owned(), url }).collect(),
            status,
            apart: apart.map(|(name, url)| Link { name: name.to_owned(), url }).collect(),
            day: scene.step.and_then(|n| PanelDay::of(n, scene.fault.clone())),
            levers: state.levers.iter().map(PanelLever::of).collect(),
            roles: state.roles.iter().map(PanelRole::of).collect(),
        }
    }

    /// The levers by their headings, in order.
    pub(super) fn groups(&self) -> Vec<(&str, Vec<&PanelLever>)> {
        let mut groups: Vec<(&str, Vec<&PanelLever>)> = Vec::new();
        for lever in &self.levers {
            match groups.iter_mut().find(|(name, _)| *name == lever.group) {
                Some((_, levers)) => levers.push(lever),
                None => groups.push((&lever.group, vec![lever])),
            }
        }
        groups
    }

    /// How many levers are pulled.
    #[must_use]
    pub fn pulled(&self) -> usize {
        self.levers.iter().filter(|lever| lever.pulled).count()
    }

    /// Whether nothing is broken: no lever pulled, every process running.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.pulled() == 0 && self.roles.iter().all(|role| role.pid.is_some() && !role.paused)
    }
}

impl PanelDay {
    fn of(n: usize, fault: Option<String>) -> Option<Self> {
        let step = DAY.get(n)?;
        let (clock, title, look) = (step.clock.to_owned(), step.title.to_owned(), step.look.to_owned());
        Some(Self { step: n + 1, of: DAY.len(), clock, title, look, fault })
    }
}

impl PanelLever {
    fn of(state: &LeverState) -> Self {
        Self {
            id: state.lever.id.to_owned(),
            group: state.lever.group().to_owned(),
            title: state.lever.title.to_owned(),
            does: state.lever.does.to_owned(),
            notice: state.lever.notice.to_owned(),
            expect: state.lever.expect.to_owned(),
            pulled: state.pulled_for.is_some(),
            pulled_for_s: state.pulled_for.as_ref().map(Duration::as_secs),
        }
    }

    /// For how long it has been pulled, in words.
    pub(super) fn since(&self) -> String {
        match self.pulled_for_s {
            None | Some(0) => "just now".to_owned(),
            Some(s @ 1..90) => format!("for {s} s"),
            Some(s) => format!("for {} min", s / 60),
        }
    }
}

impl PanelRole {
    fn of(state: &RoleState) -> Self {
        // The store listens for each place besides; its first address is enough here.
        Self {
            role: state.role.word().to_owned(),
            about: Role::sheet(state.role).about.to_owned(),
            address: state.address.to_string(),
            pid: state.pid,
            killed: state.killed,
            paused: state.paused,
        }
    }
}
