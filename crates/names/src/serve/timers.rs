//! When a copy is looked at again, and when it is too old: the timers of its SOA (RFC 1035, section 3.3.13), as a function of
//! the times that are handed in.

use std::time::Duration;

use domain::rdata::Soa;
use tokio::time::Instant;

use crate::name::Name;

/// Shortest wait between two looks, whatever the SOA says.
const SHORTEST: Duration = Duration::from_secs(1);
/// Longest wait for the next try where there is no zone yet, and no SOA that says.
const LONGEST_WITHOUT: Duration = Duration::from_secs(60);

/// The timers of one copy.
#[derive(Debug, Clone)]
pub(super) struct Timers {
    refresh: Duration,
    retry: Duration,
    expire: Duration,
    /// When it was last known to be current.
    good: Option<Instant>,
    next: Instant,
    /// Failures in a row.
    failures: u32,
}

impl Timers {
    /// No zone yet: looked for at once.
    pub(super) fn start(now: Instant) -> Self {
        Self { refresh: SHORTEST, retry: SHORTEST, expire: SHORTEST, good: None, next: now, failures: 0 }
    }

    /// The zone with this SOA was current at `at`.
    pub(super) fn good(&mut self, soa: &Soa<Name>, at: Instant) {
        let seconds = |ttl: domain::base::Ttl| Duration::from_secs(ttl.as_secs().into());
        self.refresh = seconds(soa.refresh()).max(SHORTEST);
        self.retry = seconds(soa.retry()).max(SHORTEST);
        self.expire = seconds(soa.expire());
        self.good = Some(at);
        self.failures = 0;
        self.next = at + self.refresh;
    }

    /// No primary gave an answer that can be used. Without a zone the tries become rarer.
    pub(super) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        let wait = match self.good {
            Some(_) => self.retry,
            None => (SHORTEST * 2u32.saturating_pow(self.failures.min(10) - 1)).min(LONGEST_WITHOUT),
        };
        self.next = now + wait;
    }

    /// Look at once, the next time that somebody asks.
    pub(super) fn at_once(&mut self, now: Instant) {
        self.next = now;
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Whether the copy is too old to be served.
    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.good.is_some_and(|good| now >= good + self.expire)
    }

    /// When there is something to do next.
    pub(super) fn wake_at(&self, now: Instant) -> Instant {
        let expiry = self.good.map(|good| good + self.expire).filter(|at| *at > now);
        expiry.map_or(self.next, |at| at.min(self.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;

    fn soa(text: &str) -> Soa<Name> {
        Zone::parse(&format!("z.example. 60 SOA a. b. 1 {text} 5\nz.example. 60 NS a.\n"), None, "z")
            .unwrap()
            .soa()
            .clone()
    }

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_copy_is_looked_at_after_refresh_then_after_each_retry_and_expires() {
        let start = Instant::now();
        let mut timers = Timers::start(start);
        assert!(timers.is_due(start) && !timers.is_expired(start + after(1_000_000)));
        timers.good(&soa("100 30 200"), start);
        assert!(!timers.is_due(start + after(99)) && timers.is_due(start + after(100)));
        timers.failed(start + after(100));
        assert!(!timers.is_due(start + after(129)) && timers.is_due(start + after(130)));
        timers.failed(start + after(190));
        assert_eq!(
            timers.wake_at(start + after(190)),
            start + after(200),
            "expiry comes before the next try"
        );
        assert!(!timers.is_expired(start + after(199)) && timers.is_expired(start + after(200)));
        assert_eq!(
            timers.wake_at(start + after(200)),
            start + after(220),
            "an expired copy is still looked for"
        );
        timers.good(&soa("100 30 200"), start + after(220));
        assert!(!timers.is_expired(start + after(419)));
    }

    #[test]
    fn without_a_zone_tries_become_rarer_but_never_stop() {
        let mut now = Instant::now();
        let mut timers = Timers::start(now);
        let mut waits = Vec::new();
        for _ in 0..9 {
            timers.failed(now);
            waits.push((timers.wake_at(now) - now).as_secs());
            now = timers.wake_at(now);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn timers_of_nought_do_not_spin() {
        let start = Instant::now();
        let mut timers = Timers::start(start);
        timers.good(&soa("0 0 10"), start);
        assert!(timers.wake_at(start) > start);
        timers.failed(start);
        assert!(timers.wake_at(start) > start);
    }

    #[test]
    fn a_bell_makes_it_due_at_once() {
        let start = Instant::now();
        let mut timers = Timers::start(start);
        timers.good(&soa("100 30 200"), start);
        timers.at_once(start);
        assert!(timers.is_due(start));
    }
}
