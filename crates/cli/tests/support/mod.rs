//! What the tests of the whole share.
#![allow(dead_code, reason = "each test file is a crate of its own and uses its own part")]

pub(crate) mod browser;
mod webdriver;
