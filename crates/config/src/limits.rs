//! Every quantity of the language: its default and bounds, in one constant each.

use std::time::Duration;

use crate::quantity::Bounds;

const fn seconds(default: u64, min: u64, max: u64) -> Bounds<Duration> {
    Bounds {
        default: Duration::from_secs(default),
        min: Duration::from_secs(min),
        max: Duration::from_secs(max),
    }
}

const DAY: u64 = 86_400;

/// Time between two runs of a check.
pub(crate) static EVERY: Bounds<Duration> = seconds(30, 1, DAY);
/// The same, for journeys that write.
pub(crate) static EVERY_WRITING: Bounds<Duration> = seconds(300, 1, DAY);
/// How long a step may take.
pub(crate) static TIMEOUT: Bounds<Duration> = Bounds {
    default: Duration::from_secs(10),
    min: Duration::from_millis(50),
    max: Duration::from_secs(600),
};
/// How long a journey may take.
pub(crate) static DEADLINE: Bounds<Duration> = Bounds {
    default: Duration::from_secs(30),
    min: Duration::from_millis(50),
    max: Duration::from_secs(3600),
};
/// How long a pass counts; the default follows from interval and deadline.
pub(crate) static LEASE: Bounds<Duration> = seconds(90, 1, 7 * DAY);
/// Results in a row that change a vote.
pub(crate) static CONFIRM: Bounds<u64> = Bounds { default: 2, min: 1, max: 100 };
/// How long a step may take before it is a failure, or a journey before it is degraded.
pub(crate) static WITHIN: Bounds<Duration> = Bounds {
    default: Duration::from_secs(10),
    min: Duration::from_millis(1),
    max: Duration::from_secs(3600),
};
/// Longest time without a byte of content.
pub(crate) static STALL: Bounds<Duration> = Bounds {
    default: Duration::from_secs(10),
    min: Duration::from_millis(50),
    max: Duration::from_secs(600),
};
/// Redirects followed.
pub(crate) static REDIRECTS: Bounds<u64> = Bounds { default: 5, min: 0, max: 20 };
/// Bytes of content read.
pub(crate) static BODY_MAX: Bounds<u64> = Bounds { default: 10 << 20, min: 1, max: 1 << 30 };
/// A length of content that is expected.
pub(crate) static SIZE: Bounds<u64> = Bounds { default: 0, min: 0, max: 1 << 30 };
/// The slowest transfer accepted, in bytes a second.
pub(crate) static RATE: Bounds<u64> = Bounds { default: 0, min: 1, max: 100_000_000_000 };
/// How long a certificate must still be good.
pub(crate) static EXPIRES_IN: Bounds<Duration> = seconds(0, 0, 3650 * DAY);
/// How long a window of intended downtime lasts.
pub(crate) static MAINTENANCE_FOR: Bounds<Duration> = seconds(3600, 60, 90 * DAY);
/// How long raw observations are kept.
pub(crate) static KEEP_OBSERVATIONS: Bounds<Duration> = seconds(14 * DAY, DAY, 3660 * DAY);
/// How long rollups by the minute are kept.
pub(crate) static KEEP_MINUTES: Bounds<Duration> = seconds(90 * DAY, DAY, 3660 * DAY);
/// How long rollups by the hour are kept: 25 months.
pub(crate) static KEEP_HOURS: Bounds<Duration> = seconds(25 * 2_629_800, DAY, 36_600 * DAY);

/// Names of a zone that may vanish at once.
pub(crate) static REMOVED_NAMES: Bounds<u64> = Bounds { default: 1_000, min: 0, max: 1_000_000_000 };
/// How long a denial may be remembered.
pub(crate) static NEGATIVE_TTL: Bounds<Duration> = seconds(3 * 3600, 1, 365 * DAY);
/// How long a new record may be remembered.
pub(crate) static TTL: Bounds<Duration> = seconds(7 * DAY, 1, 3660 * DAY);

/// Steps of a journey.
pub(crate) const STEPS_MAX: usize = 64;
/// Names and words for readers, in characters.
pub(crate) const NAME_MAX: usize = 120;
/// Places of a plan.
pub(crate) const PLACES_MAX: usize = 500;
/// Vantages of a plan.
pub(crate) const VANTAGES_MAX: usize = 500;
/// Header fields of a request, or of an expectation.
pub(crate) const HEADERS_MAX: usize = 100;
/// Windows of intended downtime.
pub(crate) const MAINTENANCE_MAX: usize = 1_000;
/// Values of all files, with what aliases and templates make of them.
pub(crate) const VALUES_MAX: usize = 4_000_000;
/// Bytes of all texts, in the same way.
pub(crate) const BYTES_MAX: usize = 128 << 20;
/// Patterns beyond [`PATTERN_CHEAP`].
pub(crate) const COSTLY_PATTERNS_MAX: usize = 200;
/// What a pattern may become when compiled, in bytes.
pub(crate) const PATTERN_COMPILED: usize = 1 << 20;
/// The same for those of which there may be any number.
pub(crate) const PATTERN_CHEAP: usize = 32 << 10;
/// Brackets within brackets of a JSON path: reading one takes time that grows with the power of this.
pub(crate) const PATH_DEPTH_MAX: usize = 8;
/// Checks of a plan: cells x vantages.
pub(crate) const CHECKS_MAX: usize = 200_000;
/// Longest text that a step sends or expects, in bytes.
pub(crate) const TEXT_MAX: usize = 256 * 1024;
/// Longest window of `failing: n of m`; the verdict engine keeps the last results as bits of one word.
pub(crate) const WINDOW_MAX: u8 = 64;
/// Longest pattern, in bytes.
pub(crate) const PATTERN_MAX: usize = 4096;

const _: () = assert!(TIMEOUT.default.as_secs() <= DEADLINE.default.as_secs());
const _: () = assert!(DEADLINE.default.as_secs() <= EVERY.default.as_secs());
const _: () = assert!(LEASE.default.as_secs() == 2 * EVERY.default.as_secs() + DEADLINE.default.as_secs());
