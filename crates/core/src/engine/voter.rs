//! A voter: one cell seen from one vantage, and what its evidence amounts to at a moment.
//!
//! A pass counts until its lease ends. A first failure takes nothing back: it stops the lease from being renewed and
//! waits for its confirmation. Two results that lie closer together than [`APART`] confirm nothing: they saw the same
//! moment. Evidence of our own failing says nothing about the target and changes no stance.

use core::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::model::{FailingOf, Policy};
use crate::observation::Observation;
use crate::view::Vote;

/// Results this close together count as one in a row; half an interval, where that is less.
pub(crate) const APART: Duration = Duration::from_millis(1_500);

/// What confirmed evidence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stance {
    /// Nothing confirmed yet.
    Open,
    /// It passes.
    Passing,
    /// It fails.
    Failing,
}

/// What is remembered of a voter. A function of its observations alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Voter {
    /// The newest evidence about the target.
    pub(crate) last: Option<Seen>,
    /// The newest pass, in freshness time.
    pub(crate) passed_at: Option<Timestamp>,
    /// The newest failure, in freshness time.
    pub(crate) failed_at: Option<Timestamp>,
    /// What the newest failure was.
    pub(crate) failure: Option<Fault>,
    /// When the present run of passes or failures began.
    pub(crate) streak_from: Option<Timestamp>,
    /// When the failures began that it is not yet seen to have recovered from, whatever passed once in between.
    #[serde(default)]
    failing_from: Option<Timestamp>,
    /// The newest result that was counted on its own.
    counted_at: Option<Timestamp>,
    /// When we last failed to measure, if that is newer than `last`.
    pub(crate) ours_at: Option<Timestamp>,
    pub(crate) stance: Stance,
    passes: u16,
    failures: u16,
    slow: u16,
    fast: u16,
    is_slow: bool,
    /// What the newest slow pass took, in milliseconds.
    #[serde(default)]
    pub(crate) slow_ms: u32,
    /// The last runs since the stance was last confirmed good, newest in the lowest bit; 1 is a failure.
    recent: u64,
    runs: u8,
}

/// One piece of evidence about the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) observed_at: Timestamp,
    pub(crate) fresh_from: Timestamp,
    pub(crate) took_ms: u32,
    pub(crate) fault: Option<Fault>,
}

/// What a new observation asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Nothing more.
    Nothing,
    /// A recheck: a first failure, a first slow pass, or a first pass after an outage.
    Confirmation,
    /// A recheck where it stands alone: it was just confirmed to fail.
    AnotherLook,
}

impl Voter {
    pub(crate) const fn new() -> Self {
        Self {
            last: None,
            passed_at: None,
            failed_at: None,
            failure: None,
            streak_from: None,
            failing_from: None,
            counted_at: None,
            ours_at: None,
            stance: Stance::Open,
            passes: 0,
            failures: 0,
            slow: 0,
            fast: 0,
            is_slow: false,
            slow_ms: 0,
            recent: 0,
            runs: 0,
        }
    }

    /// Takes in an observation. Late evidence (older than what is known) changes nothing.
    pub(crate) fn take(&mut self, seen: &Observation, policy: &Policy) -> Wants {
        let fresh_from = seen.fresh_from();
        if self.last.as_ref().is_some_and(|last| fresh_from <= last.fresh_from) {
            return Wants::Nothing;
        }
        if seen.fault.as_ref().is_some_and(Fault::is_ours) {
            self.ours_at = Some(fresh_from);
            return Wants::Nothing;
        }
        self.ours_at = None;
        let streak_goes_on =
            self.last.as_ref().is_some_and(|last| last.fault.is_none() == seen.fault.is_none());
        let apart = APART.min(policy.every / 2);
        let again = streak_goes_on && self.counted_at.is_some_and(|at| fresh_from < after(at, apart));
        if !streak_goes_on {
            self.streak_from = Some(seen.observed_at.min(fresh_from));
        }
        self.last = Some(Seen {
            observed_at: seen.observed_at,
            fresh_from,
            took_ms: seen.took_ms,
            fault: seen.fault.clone(),
        });
        if !again {
            self.counted_at = Some(fresh_from);
            self.runs = self.runs.saturating_add(1).min(64);
            self.recent = (self.recent << 1) | u64::from(seen.fault.is_some());
        }
        if seen.fault.is_some() {
            self.failed_at = Some(fresh_from);
            self.failure.clone_from(&seen.fault);
            self.fail(again, policy)
        } else {
            self.passed_at = Some(fresh_from);
            self.pass(again, seen.took_ms, policy)
        }
    }

    fn fail(&mut self, again: bool, policy: &Policy) -> Wants {
        self.passes = 0;
        if self.failures == 0 && self.stance != Stance::Failing {
            self.failing_from = self.streak_from;
        }
        if again {
            return Wants::Nothing;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures < policy.confirm.down {
            return Wants::Confirmation;
        }
        self.stance = Stance::Failing;
        if self.failures == policy.confirm.down { Wants::AnotherLook } else { Wants::Nothing }
    }

    fn pass(&mut self, again: bool, took_ms: u32, policy: &Policy) -> Wants {
        self.failures = 0;
        if again {
            return Wants::Nothing;
        }
        self.passes = self.passes.saturating_add(1);
        let limit = policy.degraded.within.unwrap_or(Duration::MAX);
        let slow = Duration::from_millis(u64::from(took_ms)) > limit;
        if slow {
            self.slow_ms = took_ms;
        }
        self.note_pace(slow, policy);
        // A first slow pass is looked at again as a first failure is.
        let paced = if self.slow > 0 && !self.is_slow { Wants::Confirmation } else { Wants::Nothing };
        match self.stance {
            Stance::Passing => paced,
            Stance::Open => {
                self.stance = Stance::Passing;
                paced
            }
            Stance::Failing if self.passes >= policy.confirm.up => {
                self.stance = Stance::Passing;
                // What failed belonged to the outage, and that is over.
                self.recent = 0;
                self.runs = 0;
                paced
            }
            Stance::Failing => Wants::Confirmation,
        }
    }

    fn note_pace(&mut self, slow: bool, policy: &Policy) {
        if slow {
            self.fast = 0;
            self.slow = self.slow.saturating_add(1);
            self.is_slow |= self.slow >= policy.confirm.down;
        } else {
            self.slow = 0;
            self.fast = self.fast.saturating_add(1);
            self.is_slow &= self.fast < policy.confirm.up;
        }
    }

    /// Lets go of everything fresh: what it saw was seen by another clock.
    pub(crate) fn let_go(&mut self) {
        self.passed_at = None;
        self.failed_at = None;
        self.last = None;
        self.streak_from = None;
        self.failing_from = None;
        self.counted_at = None;
        self.ours_at = None;
        self.passes = 0;
        self.failures = 0;
    }

    /// Lets go of a run of failures: they were met while nothing at all could be reached, and accuse nobody. A pass that
    /// came before its vantage was known to see again stands.
    pub(crate) fn forget_failures(&mut self) {
        if self.fault().is_none() && self.stance != Stance::Failing {
            return;
        }
        let passed = self.last.take().filter(|last| last.fault.is_none());
        let (passed_at, streak_from) = (self.passed_at, self.streak_from);
        *self = Self { passed_at, ..Self::new() };
        if let Some(last) = passed {
            self.streak_from = streak_from;
            self.counted_at = Some(last.fresh_from);
            (self.stance, self.passes, self.runs) = (Stance::Passing, 1, 1);
            self.last = Some(last);
        }
    }

    /// When the run began that passed last.
    pub(crate) fn pass_began(&self) -> Option<Timestamp> {
        let last = self.last.as_ref().filter(|last| last.fault.is_none());
        let took = last.map_or(Duration::ZERO, |last| Duration::from_millis(u64::from(last.took_ms)));
        self.passed_at.map(|at| at.checked_sub(took).unwrap_or(Timestamp::MIN))
    }

    /// Its neighbours' failures confirm its own.
    pub(crate) const fn confirm(&mut self) {
        self.stance = Stance::Failing;
    }

    /// When what it votes failing for began.
    pub(crate) fn failing_from(&self) -> Option<Timestamp> {
        self.failing_from.or(self.streak_from)
    }

    /// When its passes run out.
    pub(crate) fn passing_until(&self, lease: Duration) -> Option<Timestamp> {
        if self.stance != Stance::Passing {
            return None;
        }
        self.passed_at.map(|at| after(at, lease))
    }

    /// When its failures run out.
    pub(crate) fn failing_until(&self, lease: Duration) -> Option<Timestamp> {
        if self.stance != Stance::Failing {
            return None;
        }
        self.failed_at.map(|at| after(at, lease))
    }

    /// Its vote at `now`. `sight` tells whether the vantage is known to see since its failures began.
    pub(crate) fn vote(&self, now: Timestamp, lease: Duration, sight: Sight) -> Vote {
        if self.passing_until(lease).is_some_and(|until| now < until) {
            return Vote::Passing;
        }
        let fresh = |at: Option<Timestamp>| at.is_some_and(|at| now < after(at, lease));
        if !fresh(self.last.as_ref().map(|last| last.fresh_from)) {
            return if sight == Sight::Blind || fresh(self.ours_at) { Vote::Blind } else { Vote::Silent };
        }
        match sight {
            Sight::Blind => Vote::Blind,
            Sight::Clear if self.failing_until(lease).is_some_and(|until| now < until) => Vote::Failing,
            Sight::Clear | Sight::Unasked => Vote::Wavering,
        }
    }

    /// Whether it passes, but slower than it should.
    pub(crate) const fn is_slow(&self) -> bool {
        self.is_slow
    }

    /// How many of its last runs failed, where that is too many.
    pub(crate) fn too_often(&self, limit: Option<FailingOf>) -> Option<u32> {
        let limit = limit?;
        let window = if limit.of >= 64 { u64::MAX } else { (1 << limit.of) - 1 };
        let failed = (self.recent & window).count_ones();
        (failed >= u32::from(limit.failing)).then_some(failed)
    }

    /// Whether its passes are in time, and few of its runs fail.
    pub(crate) fn is_steady(&self, policy: &Policy) -> bool {
        !self.is_slow && self.too_often(policy.degraded.failing).is_none()
    }

    /// Whether it has failed for so long, and so often in a row, that bad weather does not explain it.
    pub(crate) fn is_firm(&self, policy: &Policy) -> bool {
        let often = self.failures >= policy.confirm.down.saturating_mul(2);
        let (Some(from), Some(at)) = (self.streak_from, self.failed_at) else { return false };
        often && after(from, policy.every) <= at
    }

    /// Whether it has failed more often in a row than a confirmation takes.
    pub(crate) const fn is_sure(&self, policy: &Policy) -> bool {
        self.failures > policy.confirm.down
    }

    /// The fault of its last run, if that failed.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.last.as_ref().and_then(|last| last.fault.as_ref())
    }
}

/// What is known of a vantage's own sight, as seen from one voter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It reached an anchor since this voter's failures began, or there are no anchors to ask.
    Clear,
    /// It was not asked since.
    Unasked,
    /// It reaches none of its anchors.
    Blind,
}

/// `at + by`, held at the end of time.
pub(crate) fn after(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
