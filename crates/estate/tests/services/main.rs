//! The shop's other systems as their customers meet them: real processes, found by name, with real clients.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails in a test's own tools fails the test"
)]

mod accounts;
mod crowd;
#[path = "../it/customer.rs"]
#[expect(dead_code, reason = "shared with the shop's tests, which use more of it")]
mod customer;
mod developers;
mod documents;
mod letters;
mod loss;
mod names;
mod open;
mod person;
mod tickets;

use std::path::PathBuf;

use candor_estate::{Estate, EstateOptions};

/// An estate of this crate's own binary, with two places.
async fn estate() -> Estate {
    let options = EstateOptions {
        lead: Vec::new(),
        places: vec!["gb".to_owned(), "in".to_owned()],
        ..EstateOptions::new(PathBuf::from(env!("CARGO_BIN_EXE_candor-estate")))
    };
    Estate::start(options).await.unwrap()
}

/// Kills a role as `kill -9` does, and waits until it is gone; the next mending starts it again.
async fn kill(estate: &mut Estate, word: &str) {
    let pid_of =
        |estate: &mut Estate| estate.state().roles.iter().find(|role| role.role.word() == word).unwrap().pid;
    let pid = pid_of(estate).unwrap();
    let killed = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(killed.expect("kill (Debian: procps)").success());
    until("the process is gone", async || pid_of(estate).is_none()).await;
}

/// Waits, within bounds, for what is about to happen in other processes.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..1500 {
        if so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("not within half a minute: {what}");
}
