//! The judgement of a cell: from votes to a verdict, and how the deed fares.
//!
//! * *Operational* needs a quorum of the cell's configured vantages passing, fresh, steady and in time, and nobody failing.
//! * *Outage* needs a majority of the fresh voters failing, and a quorum of those that can see voting at all.
//! * A vantage that has failed alone for longer than a lease is a *dissenter*: where the majority needs its vote, those
//!   that joined it must have failed for a whole interval and twice as often as otherwise. One broken vantage and a
//!   lost packet elsewhere are not an outage; nor is a broken vantage alone, when all others have gone blind.
//! * Where another vantage has seen it pass since the majority began to fail, each of that majority is looked at once
//!   more: two unlucky pairs of packets are not an outage either.
//! * *Degraded* is what lies between: a minority fails, runs fail now and then, or they take too long.
//! * *Unknown* is everything else.

use jiff::Timestamp;

use super::voter::{Sight, Voter, after};
use crate::fault::{Fault, Kind};
use crate::model::Policy;
use crate::saying::{Fares, UnknownWhy};
use crate::verdict::Verdict;
use crate::view::Vote;

/// What a cell is judged to be at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) fares: Fares,
}

/// Votes, counted.
#[derive(Debug, Default)]
struct Count {
    of: usize,
    passing: usize,
    steady: usize,
    failing: usize,
    wavering: usize,
    blind: usize,
    heard: usize,
}

/// Judges a cell from its voters, each with what is known of its vantage's sight.
pub(crate) fn judge(voters: &[Voter], sights: &[Sight], policy: &Policy, now: Timestamp) -> Judgement {
    let mut count = Count { of: voters.len(), ..Count::default() };
    let mut pace = None;
    let mut often = None;
    for (voter, sight) in voters.iter().zip(sights) {
        count.heard += usize::from(voter.last.is_some() || voter.ours_at.is_some());
        match voter.vote(now, policy.lease, *sight) {
            Vote::Passing => {
                count.passing += 1;
                let often_here = voter.too_often(policy.degraded.failing);
                if voter.is_slow() {
                    pace = pace.max(Some(voter.slow_ms));
                }
                often = often.max(often_here);
                count.steady += usize::from(voter.is_steady(policy));
            }
            Vote::Failing => count.failing += 1,
            Vote::Wavering => count.wavering += 1,
            Vote::Blind => count.blind += 1,
            Vote::Silent => {}
        }
    }
    let (verdict, fares) = decide(&count, policy, voters, now, pace, often);
    Judgement { verdict, fares }
}

fn decide(
    count: &Count,
    policy: &Policy,
    voters: &[Voter],
    now: Timestamp,
    pace: Option<u32>,
    often: Option<u32>,
) -> (Verdict, Fares) {
    let votes = count.passing + count.failing;
    let seeing = count.of - count.blind;
    let enough = seeing > 0 && votes >= policy.quorum.needed(seeing);
    if enough && count.failing * 2 > votes && stands(voters, policy, now, votes) {
        return (Verdict::Outage, Fares::Fails(commonest(voters, policy, now)));
    }
    if enough && count.failing > 0 {
        let fares = Fares::FromSome(whole(count.failing), whole(votes), commonest(voters, policy, now));
        return (Verdict::Degraded, fares);
    }
    let needed = policy.quorum.needed(count.of);
    if count.failing == 0 && count.passing >= needed {
        if count.steady >= needed {
            return (Verdict::Operational, Fares::Works);
        }
        return (Verdict::Degraded, unsteady(policy, voters, pace, often));
    }
    (Verdict::Unknown, Fares::Unknown(why(count)))
}

/// Whether a majority of failing voters stands: without its dissenters, or with companions that are firm; and surely,
/// where others have passed since.
fn stands(voters: &[Voter], policy: &Policy, now: Timestamp, votes: usize) -> bool {
    let failing = || voters.iter().filter(|v| v.failing_until(policy.lease).is_some_and(|until| now < until));
    let newest = failing().filter_map(Voter::failing_from).max();
    let long_before =
        |from: Timestamp, at: Option<Timestamp>| at.is_some_and(|at| after(from, policy.lease) < at);
    // What was seen to pass beside it counts also when those who saw it have gone blind or silent since.
    let alone = |v: &Voter, from| {
        let others = voters.iter().filter(|other| !core::ptr::eq(*other, v));
        others.filter(|other| long_before(from, other.passed_at)).count() * 2 >= voters.len()
    };
    let dissents =
        |v: &&Voter| v.failing_from().is_none_or(|from| long_before(from, newest) || alone(v, from));
    let joined = || failing().filter(|v| !dissents(v));
    let dissenters = failing().filter(dissents).count();
    let firm = joined().count() > 0 && joined().all(|v| v.is_firm(policy));
    let majority = joined().count() * 2 > votes.saturating_sub(dissenters) || firm;
    let passes = |v: &&Voter| v.passing_until(policy.lease).is_some_and(|until| now < until);
    let oldest = joined().filter_map(Voter::failing_from).min();
    let contradicted = voters.iter().filter(passes).any(|v| v.passed_at > oldest);
    majority && (!contradicted || joined().all(|v| v.is_sure(policy)))
}

fn unsteady(policy: &Policy, voters: &[Voter], pace: Option<u32>, often: Option<u32>) -> Fares {
    if let (Some(failed), Some(limit)) = (often, policy.degraded.failing) {
        let kind =
            voters.iter().find_map(|v| v.failure.as_ref()).map_or(Kind::DeadlineExceeded, |fault| fault.kind);
        return Fares::Sometimes(failed, u32::from(limit.of), kind);
    }
    let allowed =
        policy.degraded.within.map_or(u32::MAX, |d| u32::try_from(d.as_millis()).unwrap_or(u32::MAX));
    Fares::Slow(pace.unwrap_or(allowed), allowed)
}

const fn why(count: &Count) -> UnknownWhy {
    if count.blind > 0 && count.passing == 0 {
        UnknownWhy::Ours
    } else if count.heard == 0 {
        UnknownWhy::NeverMeasured
    } else if count.wavering > 0 {
        UnknownWhy::Confirming
    } else if count.passing + count.failing > 0 {
        UnknownWhy::TooFew
    } else {
        UnknownWhy::Silent
    }
}

fn commonest(voters: &[Voter], policy: &Policy, now: Timestamp) -> Kind {
    commonest_fault(voters, policy, now).map_or(Kind::DeadlineExceeded, |fault| fault.kind)
}

/// The commonest fault among the newest failing evidence; the newest where several are as common.
pub(crate) fn commonest_fault<'v>(voters: &'v [Voter], policy: &Policy, now: Timestamp) -> Option<&'v Fault> {
    let fresh = |v: &&Voter| v.failing_until(policy.lease).is_some_and(|until| now < until);
    let failing =
        || voters.iter().filter(fresh).filter_map(|v| v.failure.as_ref().map(|fault| (fault, v.failed_at)));
    failing()
        .max_by_key(|(fault, at)| (failing().filter(|(other, _)| other.kind == fault.kind).count(), *at))
        .or_else(|| {
            voters.iter().filter_map(|v| v.fault().map(|f| (f, v.failed_at))).max_by_key(|(_, at)| *at)
        })
        .map(|(fault, _)| fault)
}

fn whole(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
