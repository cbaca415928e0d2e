//! A history of the engine: runs, waits, blindness, clock steps, reloads, restarts, an operator's words. The rules of the
//! engine hold after each of them.
#![no_main]

use candor_fuzz::history;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| history::live(data));
