//! When a hub is killed, and what goes on in the world around that moment.

use std::time::Duration;

use super::chance::Chance;
use super::site::Mood;

/// What a hub is at when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Not up yet: it opens its ledger, recovers, or begins to listen.
    Starting,
    /// Up, nothing in particular.
    Any,
    /// A service breaks, or comes back: first failures, rechecks, verdicts, incidents.
    Turning,
    /// A changed config is being taken.
    Reloading,
    /// What was decided is being written into a snapshot, two seconds later.
    Snapshotting,
    /// Another process copies the ledger.
    BackingUp,
}

pub(super) const MOMENTS: [Moment; 6] = [
    Moment::Starting,
    Moment::Any,
    Moment::Turning,
    Moment::Reloading,
    Moment::Snapshotting,
    Moment::BackingUp,
];

/// One round: all that chance decides.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) moment: Moment,
    /// What happens to services while no hub runs.
    pub(super) before: Vec<(&'static str, Mood)>,
    /// What happens to them once the hub is up.
    pub(super) after: Vec<(&'static str, Mood)>,
    /// Whether the config that is written has one service more.
    pub(super) more: bool,
    /// From the hub's start, or from what was prepared, to the kill.
    pub(super) wait: Duration,
}

impl Round {
    /// The moments take turns, so that few rounds have all of them; the rest is chance.
    pub(super) fn drawn(chance: &mut Chance, number: u64) -> Self {
        let turn = usize::try_from(number % 8).expect("a small number");
        let moment = MOMENTS.get(turn).copied().unwrap_or(Moment::Turning);
        let mut before = Vec::new();
        if chance.one_in(3) {
            before.push(("mortal", chance.one_of(&[Mood::Silent, Mood::Silent, Mood::Well])));
        }
        let mut after = Vec::new();
        if matches!(moment, Moment::Turning | Moment::Snapshotting) {
            after.push(("shaky", chance.one_of(&[Mood::Broken, Mood::Broken, Mood::Well])));
        }
        let wait = match moment {
            Moment::Starting => chance.millis(0, 300),
            Moment::Any => chance.millis(0, 1_200),
            Moment::Turning => chance.millis(0, 3_500),
            Moment::Reloading => chance.millis(300, 1_400),
            Moment::Snapshotting => chance.millis(1_900, 2_150),
            Moment::BackingUp => chance.millis(0, 60),
        };
        Self { moment, before, after, more: chance.one_in(2), wait }
    }
}
