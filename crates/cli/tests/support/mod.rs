//! What the tests of the whole share: the binary as a process, the servers that it watches, a browser.
#![allow(dead_code, reason = "each test file is a crate of its own and uses its own part")]

pub(crate) mod browser;
pub(crate) mod candor;
pub(crate) mod demo;
pub(crate) mod http;
pub(crate) mod nginx;
pub(crate) mod normal;
pub(crate) mod origin;
mod webdriver;

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);

/// Looks until there is something, and returns it; fails the test where there is nothing within `limit`.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() <= limit, "not within {limit:?}: {what}");
        std::thread::sleep(POLL);
    }
}
