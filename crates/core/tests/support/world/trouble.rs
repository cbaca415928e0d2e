//! What is truly wrong in a world, and when: faults of every kind, in every form, thrown in hour by hour.

use std::collections::BTreeMap;

use candor_core::fault::{Kind, Layer};
use candor_core::id::CellKey;

use super::chance::Chance;

const HOUR_MS: i64 = 3_600_000;
/// A cell is left alone for so long after a trouble, so that what it comes to is known to belong to it.
pub const QUIET_MS: i64 = 30 * 60_000;
/// What a slow run takes.
pub const SLOW_MS: u32 = 3_000;

/// How a trouble shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Every attempt fails, from everywhere.
    Whole,
    /// Every attempt from this vantage fails, and from no other: no outage.
    OneVantage(usize),
    /// One of three addresses is broken: every third attempt fails, as chance has it.
    OneAddress,
    /// Every attempt passes, and takes too long.
    Slow,
    /// Two of three attempts take too long, as chance has it.
    SomeSlow,
    /// We cannot measure, from anywhere: nobody is accused, and nothing is green.
    Ours,
    /// The probes are dead: nothing comes in at all.
    Silence,
}

/// Something that is truly wrong.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub cells: Vec<usize>,
    pub kind: Kind,
    pub form: Form,
    pub from: i64,
    pub to: i64,
}

impl Trouble {
    /// How long a failing attempt takes: until the step's deadline, for kinds that are a lack of an answer.
    pub fn waits(&self) -> bool {
        matches!(
            self.kind,
            Kind::DnsTimeout
                | Kind::ConnectTimeout
                | Kind::TransferStalled
                | Kind::TransferTooSlow
                | Kind::DeadlineExceeded
                | Kind::VantageHung
        )
    }
}

/// The troubles of one day: one for each hour, on cells that are at peace. `nth` counts on through the kinds.
pub fn storm(
    cells: &[CellKey],
    vantages: usize,
    day: i64,
    interval_ms: i64,
    busy: &mut BTreeMap<usize, i64>,
    chance: &mut Chance,
) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for hour in 0..24 {
        let begin = (day * 24 + hour) * HOUR_MS;
        let from = begin + (chance.next() % HOUR_MS as u64) as i64;
        let nth = (day * 24 + hour) as usize;
        let kind = Kind::ALL[nth % Kind::ALL.len()];
        let form = form(kind, vantages, chance);
        let to = from + chance.length(interval_ms, 4 * HOUR_MS);
        let mut chosen = scope(cells, chance);
        chosen.retain(|cell| busy.get(cell).is_none_or(|until| *until < from));
        busy.extend(chosen.iter().map(|cell| (*cell, to + QUIET_MS)));
        if !chosen.is_empty() {
            troubles.push(Trouble { cells: chosen, kind, form, from, to });
        }
    }
    troubles
}

fn form(kind: Kind, vantages: usize, chance: &mut Chance) -> Form {
    let any = chance.below(8);
    if kind.layer() == Layer::Vantage {
        return if any.is_multiple_of(2) { Form::Ours } else { Form::Silence };
    }
    match any {
        0 if vantages > 1 => Form::OneVantage(chance.below(vantages)),
        0 | 1 => Form::OneAddress,
        2 => Form::Slow,
        3 => Form::SomeSlow,
        _ => Form::Whole,
    }
}

/// One cell, a capability in all places, a place of a service, or a whole service.
fn scope(cells: &[CellKey], chance: &mut Chance) -> Vec<usize> {
    let one = &cells[chance.below(cells.len())];
    let reach = chance.below(8);
    let within = |key: &CellKey| match reach {
        0..=3 => key == one,
        4 | 5 => key.service == one.service && key.capability == one.capability,
        6 => key.service == one.service && key.place == one.place,
        _ => key.service == one.service,
    };
    cells.iter().enumerate().filter(|(_, key)| within(key)).map(|(at, _)| at).collect()
}
