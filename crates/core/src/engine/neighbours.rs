//! Neighbours: the cells of one capability that one vantage looks at. Where they go out together they confirm each other.
//!
//! A capability in 41 places that is out everywhere would ask for 41 rechecks, and is known already: since the vantage last
//! saw any of them pass, more than half of those that worked have failed, all in the same way, and at more moments than two
//! confirmations take. So many cells are not unlucky in a row, a burst of loss is over before their moments are, and one
//! broken address of three would have let one of them pass.
//! A single pass among them ends this: then each is looked at by itself.
//!
//! This confirms a *vote*, as a recheck does, and no more: whether the vantage sees at all, and whether enough others vote
//! as it does, is decided as ever.

use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;

use super::slot::Slot;
use super::voter::{APART, Stance, Voter, after};
use crate::model::Policy;

/// A voter's place: its cell, and which of the cell's voters it is.
pub(crate) type Seat = (usize, usize);

/// Those of `group` whose failures confirm each other and are not confirmed yet, as the newest failure of `one` of them
/// completes the evidence; none where it does not.
pub(crate) fn confirmed(group: &[Seat], cells: &[Slot], one: Seat) -> Vec<Seat> {
    let Some((policy, newest)) =
        cells.get(one.0).and_then(|slot| Some((&slot.policy, slot.voters.get(one.1)?)))
    else {
        return Vec::new();
    };
    let (Some(fault), Some(now)) = (newest.fault(), newest.failed_at) else { return Vec::new() };
    // All of them are looked at within this time.
    let lately = |at: Timestamp| now < after(at, policy.every + policy.deadline);
    let few = usize::from(policy.confirm.down) * 2;
    if group.len() <= few || !newest.failing_from().is_some_and(lately) {
        return Vec::new();
    }
    let voter = |&(cell, voter): &Seat| cells.get(cell).and_then(|slot| slot.voters.get(voter));
    let passed = group.iter().filter_map(voter).filter_map(Voter::pass_began).max();
    let mut worked = 0_usize;
    let mut fell = Vec::new();
    for seat in group {
        let Some(neighbour) = voter(seat) else { continue };
        let from = neighbour.fault().and(neighbour.failing_from());
        worked += usize::from(from.is_none_or(lately));
        let alike = neighbour.fault().is_some_and(|other| other.kind == fault.kind);
        if let Some(from) = from.filter(|from| alike && lately(*from) && passed < Some(*from)) {
            fell.push((from, *seat, neighbour.stance));
        }
    }
    if fell.len() * 2 <= worked || moments(&mut fell, policy) <= few {
        return Vec::new();
    }
    fell.into_iter().filter(|(.., stance)| *stance != Stance::Failing).map(|(_, seat, _)| seat).collect()
}

/// At how many moments they fell that lie as far apart as two results of one cell must.
fn moments(fell: &mut [(Timestamp, Seat, Stance)], policy: &Policy) -> usize {
    let apart: Duration = APART.min(policy.every / 2);
    fell.sort_unstable_by_key(|(from, seat, _)| (*from, *seat));
    let mut counted: Option<Timestamp> = None;
    let mut moments = 0;
    for (from, ..) in fell {
        if counted.is_none_or(|last| after(last, apart) <= *from) {
            counted = Some(*from);
            moments += 1;
        }
    }
    moments
}
