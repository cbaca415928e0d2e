//! Start and stop: every process ends, nothing is left behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use candor_estate::{Estate, EstateError, EstateOptions, Role};
use candor_names::{Resolver, ServersResolver};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::customer::Customer;
use crate::{estate, options};

fn runs(pid: u32) -> bool {
    // A process that was killed and not yet waited for is a zombie: it does not run.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z')))
}

fn pids(estate: &mut Estate) -> Vec<u32> {
    estate.state().roles.iter().map(|role| role.pid.unwrap()).collect()
}

/// Waits, within bounds, for what is about to happen in other processes.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within ten seconds: {what}");
}

#[tokio::test]
async fn stopping_leaves_no_process_and_no_file() {
    let mut estate = estate().await;
    let (pids, dir) = (pids(&mut estate), estate.dir().to_owned());
    assert!(pids.len() == Role::ALL.len() && pids.iter().all(|pid| runs(*pid)) && dir.is_dir());
    estate.stop().await;
    assert!(!pids.iter().any(|pid| runs(*pid)) && !dir.exists());
}

#[tokio::test]
async fn dropping_leaves_no_process_and_no_file() {
    let mut estate = estate().await;
    let (pids, dir) = (pids(&mut estate), estate.dir().to_owned());
    drop(estate);
    assert!(!pids.iter().any(|pid| runs(*pid)) && !dir.exists());
}

#[tokio::test]
async fn when_the_parent_is_killed_its_roles_end_and_its_files_go() {
    let runtime = tempfile::tempdir().unwrap();
    let mut parent = tokio::process::Command::new(env!("CARGO_BIN_EXE_candor-estate"))
        .args(["up", "--everywhere"])
        .env("XDG_RUNTIME_DIR", runtime.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let mut dns = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(address) = line.strip_prefix("names ") {
            dns = address.trim().to_owned();
            break;
        }
    }
    assert!(dns.starts_with("127.77."), "{dns}");
    let resolver = ServersResolver::new(vec![dns.parse().unwrap()]);
    let last = resolver.lookup("za.books.shop.example", Duration::from_secs(5)).await.unwrap().addresses;
    assert!(last[0].to_string().starts_with("127.81."), "{last:?}");
    let parent_pid = parent.id().unwrap();
    let children = children_of(parent_pid);
    let dir: PathBuf = std::env::temp_dir().join(format!("candor-estate-{parent_pid}-0"));
    assert!(children.len() == Role::ALL.len() && dir.is_dir(), "{children:?}");

    parent.kill().await.unwrap();
    until("the roles end", || !children.iter().any(|pid| runs(*pid))).await;
    until("the files go", || !dir.exists()).await;
}

fn children_of(parent: u32) -> Vec<u32> {
    let listed = Path::new("/proc").join(parent.to_string()).join("task").join(parent.to_string());
    let all = std::fs::read_dir(listed.parent().unwrap()).unwrap();
    let of_threads =
        all.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap());
    of_threads
        .flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>())
        .collect()
}

#[tokio::test]
async fn estates_run_side_by_side() {
    let (one, two) = tokio::join!(Estate::start(options()), Estate::start(options()));
    let (mut one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one.dns_addr(), two.dns_addr());
    one.pull("all-names-gone").await.unwrap();
    assert!(Customer::of(&one).front("gb").await.is_err());
    assert_eq!(Customer::of(&two).front("gb").await.unwrap().status, 200);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn a_role_that_dies_by_itself_is_seen_and_started_by_the_next_mending() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    let store = estate.state().roles.iter().find(|role| role.role.word() == "apps").unwrap().pid.unwrap();
    assert!(Command::new("sh").args(["-c", &format!("kill -KILL {store}")]).status().unwrap().success());
    // A process can look ended a moment before it can be waited for, while its last threads end.
    let gone = || estate.state().roles.iter().any(|role| role.role.word() == "apps" && role.pid.is_none());
    until("the store is seen to have ended", gone).await;
    let roles = estate.state().roles;
    let seen = roles.iter().find(|role| role.role.word() == "apps").unwrap();
    assert!(seen.pid.is_none() && !seen.killed);
    assert!(customer.front("gb").await.is_err());
    estate.mend_all().await.unwrap();
    assert_eq!(customer.front("gb").await.unwrap().status, 200);
    estate.stop().await;
}

#[tokio::test]
async fn what_cannot_start_says_why_and_what_to_do() {
    let unknown = EstateOptions { places: vec!["atlantis".to_owned()], ..options() };
    let error = Estate::start(unknown).await.unwrap_err();
    let words = "the shop does not know the place \"atlantis\"; it knows gb, us, ca, in, ae, ";
    assert!(error.to_string().starts_with(words), "{error}");

    let missing = EstateOptions { exe: PathBuf::from("/nowhere/candor"), ..options() };
    assert!(matches!(Estate::start(missing).await.unwrap_err(), EstateError::Spawn { .. }));

    let held = std::net::TcpListener::bind("127.77.250.53:0").unwrap();
    let port = held.local_addr().unwrap().port();
    let error =
        Estate::start(EstateOptions { block: Some(250), port, ..options() }).await.unwrap_err().to_string();
    assert!(error.contains("127.77.250.53") && error.contains("choose another port"), "{error}");

    let odd = EstateOptions { lead: vec!["no-such-role".to_owned()], ..options() };
    let error = Estate::start(odd).await.unwrap_err().to_string();
    assert!(error.starts_with("dns: ended; its log ends:") && error.contains("there is no role"), "{error}");
}
