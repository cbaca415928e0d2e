//! The machine turns on the hub: its clock is stepped or drifts, it is stopped and continued, its disk is slow or
//! nearly full, descriptors or memory run out. Never a false green, never an outage of a service that is well, and
//! operators are told which of our own parts is ill.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod machine_stage;
mod support;

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use candor_core::entry::Event;
use candor_core::verdict::Verdict;
use candor_ledger::{Ledger, Logged};
use machine_stage::clock::WallClock;
use machine_stage::disk::SlowDisk;
use machine_stage::site::Mood;
use machine_stage::{DECIDES, Props, Stage};
use support::candor::run;
use support::wait_for;

/// Longer than the lease of a stage that says nothing else.
const PAST_LEASE: Duration = Duration::from_secs(5);

fn events(folder: &Path) -> Vec<Event> {
    let mut events = Vec::new();
    let reader = Ledger::open_to_read(&folder.join("candor.db")).unwrap();
    let replayed = reader.replay(0, 0, |logged| {
        if let Logged::Entry(_, entry) = logged {
            events.push(entry.what.clone());
        }
        ControlFlow::Continue(())
    });
    replayed.unwrap();
    events
}

/// The steps that the ledger knows of, in milliseconds.
fn steps(folder: &Path) -> Vec<i64> {
    let events = events(folder).into_iter();
    events
        .filter_map(|event| if let Event::ClockStepped { by_ms } = event { Some(by_ms) } else { None })
        .collect()
}

fn opened(folder: &Path) -> usize {
    events(folder).iter().filter(|event| matches!(event, Event::IncidentOpened { .. })).count()
}

#[test]
fn a_clock_stepped_two_hours_either_way_makes_nothing_green_and_nothing_an_outage() {
    let folder = tempfile::tempdir().unwrap();
    let clock = WallClock::new(folder.path());
    let with = clock.environment();
    let mut stage = Stage::set(&Props { with: &with, services: &["steady", "shaky"], ..Props::default() });
    stage.until("green", |look| look.is_all("operational"));
    for by in ["+7200", "+0", "-7200", "+0"] {
        clock.set(by);
        stage.until("what was fresh is let go", |look| look.is_all("unknown"));
        stage.until("green by new evidence", |look| look.is_all("operational"));
    }
    // And where nobody answers any more, a step back keeps no green alive.
    stage.be("shaky", Mood::Silent);
    clock.set("-7200");
    stage.until("the other is out, not green", |look| look.measured("shaky") == "outage");
    let (folder, _) = stage.strike();
    let hours: Vec<i64> =
        steps(folder.path()).iter().map(|ms| (ms + 1_800_000).div_euclid(3_600_000)).collect();
    assert_eq!(hours, [2, -2, -2, 2, -2]);
    assert_eq!(opened(folder.path()), 1, "the one outage that was");
}

#[test]
fn a_step_too_small_to_be_told_lengthens_no_lease_by_more_than_a_tenth() {
    let folder = tempfile::tempdir().unwrap();
    let clock = WallClock::new(folder.path());
    let with = clock.environment();
    let services = ["steady", "shaky"];
    let lease = Duration::from_secs(6);
    let mut stage = Stage::set(&Props { with: &with, services: &services, lease, ..Props::default() });
    stage.until("green", |look| look.is_all("operational"));
    // Its last answer is given; the clock goes back in small steps while the other one has the page rendered anew.
    stage.be("shaky", Mood::Silent);
    for by in ["-1.5", "-3", "-4.5"] {
        clock.set(by);
        stage.watch(Duration::from_millis(1_100));
    }
    stage.until("not green any more", |look| look.measured("shaky") != "operational");
}

#[test]
fn a_clock_that_drifts_slowly_is_no_step_and_costs_no_green() {
    let folder = tempfile::tempdir().unwrap();
    let clock = WallClock::new(folder.path());
    clock.set("+0 x1.01");
    let with = clock.environment();
    let lease = Duration::from_secs(10);
    let mut stage = Stage::set(&Props { with: &with, lease, ..Props::default() });
    stage.until("green", |look| look.is_all("operational"));
    assert_eq!(stage.watch(Duration::from_secs(8)), ["operational"]);
    let (folder, _) = stage.strike();
    assert_eq!(steps(folder.path()), [] as [i64; 0]);
}

#[test]
fn a_clock_stepped_back_while_no_hub_ran_is_neither_refused_nor_believed() {
    let folder = tempfile::tempdir().unwrap();
    let clock = WallClock::new(folder.path());
    clock.set("+7200");
    let with = clock.environment();
    let props = Props { with: &with, services: &["steady", "shaky"], ..Props::default() };
    let mut stage = Stage::set(&props);
    stage.be("shaky", Mood::Broken);
    stage.until("an outage", |look| {
        look.measured("shaky") == "outage" && look.measured("steady") == "operational"
    });
    let (world, site) = stage.strike();
    clock.set("+0");
    // All that the ledger knows lies two hours ahead. The site answers nothing now.
    site.be("steady", Mood::Silent);
    let mut stage = Stage::set_in(world, site, &props);
    let first = stage.look();
    assert_eq!(first.measured("steady"), "unknown", "{first:?}");
    assert_eq!(first.incidents(), 1, "what was open is open: {first:?}");
    stage.be("steady", Mood::Well);
    stage.be("shaky", Mood::Well);
    stage.until("green by new evidence", |look| look.is_all("operational"));
    let (world, _) = stage.strike();
    assert_eq!(steps(world.path()).len(), 1, "{:?}", steps(world.path()));
    assert_eq!(opened(world.path()), 1);
}

#[test]
fn a_hub_stopped_for_longer_than_a_lease_and_continued_claims_nothing_and_accuses_nobody() {
    let mut stage = Stage::set(&Props::default());
    stage.site.takes("steady", Duration::from_millis(300));
    stage.until("green", |look| look.is_all("operational"));
    for _ in 0..2 {
        stage.hub.signal("STOP");
        std::thread::sleep(PAST_LEASE);
        stage.hub.signal("CONT");
        stage.until("green again", |look| look.is_all("operational"));
    }
    stage.until("operators know", |look| look.tells_operators("Candor stood still for"));
    let (folder, _) = stage.strike();
    assert_eq!(opened(folder.path()), 0);
}

/// Each stop is longer than a run may take and shorter than the watchdog waits: a run in flight, with questions still to
/// ask, finds its time over when the process goes on. Again and again, and the site answered all that it was asked.
#[test]
fn runs_in_flight_while_the_hub_was_stopped_are_never_the_services_failures() {
    let mut stage = Stage::set(&Props { asks: 3, ..Props::default() });
    stage.site.takes("steady", Duration::from_millis(230));
    stage.until("green", |look| look.is_all("operational"));
    for _ in 0..10 {
        stage.hub.signal("STOP");
        std::thread::sleep(Duration::from_millis(1_400));
        stage.hub.signal("CONT");
        stage.watch(Duration::from_millis(500));
    }
    stage.until("green again", |look| look.is_all("operational"));
    let (folder, _) = stage.strike();
    assert_eq!(opened(folder.path()), 0);
}

#[test]
fn on_a_slow_disk_checks_are_on_time_verdicts_go_on_and_operators_know_why() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SlowDisk::new(folder.path());
    let with = disk.environment();
    let lease = Duration::from_secs(20);
    let services = ["steady", "shaky"];
    let mut stage = Stage::set(&Props { with: &with, lease, services: &services, ..Props::default() });
    stage.until("green", |look| look.is_all("operational"));
    let skipped = stage.figure("candor_runs_skipped_total");
    for takes in [Duration::from_millis(1_200), Duration::from_secs(4)] {
        disk.takes(takes);
        let slow = takes < Duration::from_secs(2);
        let told = if slow { "The ledger is slow" } else { "History has not been recorded" };
        stage.until(told, |look| look.tells_operators(told) && look.measured("steady") == "operational");
        let begun = stage.figure("candor_runs_started_total");
        stage.be("shaky", Mood::Broken);
        stage.until("the outage", |look| look.measured("shaky") == "outage");
        stage.be("shaky", Mood::Well);
        stage.until("the recovery", |look| look.is_all("operational"));
        assert!(stage.figure("candor_runs_started_total") > begun, "checks go on");
    }
    assert_eq!(stage.figure("candor_runs_skipped_total"), skipped, "every planned start was made");
    disk.takes(Duration::ZERO);
    stage.until("nothing is told any more", |look| {
        !look.tells_operators("The ledger is slow") && !look.tells_operators("History has not been recorded")
    });
    let (folder, _) = stage.strike();
    let is_outage = |event: &&Event| matches!(event, Event::VerdictChanged { to: Verdict::Outage, .. });
    assert_eq!(
        events(folder.path()).iter().filter(is_outage).count(),
        2,
        "also what was told while nothing was kept"
    );
}

#[test]
fn without_file_descriptors_services_are_unknown_and_operators_know_why() {
    let mut stage = Stage::set(&Props::default());
    stage.until("green", |look| look.is_all("operational"));
    // Both readers have their connections; from here on nothing more can be opened. Half of what is open now is well below
    // what stays open: a run in flight at this moment gives its descriptors back, and they must not be found again.
    let open = std::fs::read_dir(format!("/proc/{}/fd", stage.hub.id())).unwrap().count();
    stage.limit("nofile", &(open / 2).to_string());
    stage.until("operators are told", |look| look.tells_operators("File descriptors are used up"));
    stage.until("it is unknown", |look| {
        look.is_all("unknown") && look.tells_all("has been out of order since")
    });
    // The config's file cannot be read either: that is no refusal of it.
    let said = stage.watch(PAST_LEASE);
    assert_eq!(said, ["unknown"]);
    assert!(!stage.look().tells_operators("refused"), "{}", stage.hub.noted());
    stage.limit("nofile", "1024");
    stage.until("green again", |look| look.is_all("operational") && !look.tells_operators("descriptors"));
    let (folder, _) = stage.strike();
    assert_eq!(opened(folder.path()), 0);
}

#[test]
fn with_little_memory_left_operators_know_and_no_service_is_accused() {
    let mut stage = Stage::set(&Props::default());
    stage.until("green", |look| look.is_all("operational"));
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", stage.hub.id())).unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    // 96 of 100 parts of it are in use at once.
    stage.limit("as", &(pages * 4_096 / 96 * 100).to_string());
    stage.until("operators are told", |look| look.tells_operators("Memory is nearly used up"));
    stage.watch(PAST_LEASE);
    stage.limit("as", "unlimited");
    stage.until("green, and well", |look| look.is_all("operational") && !look.tells_operators("emory"));
    let (folder, _) = stage.strike();
    assert_eq!(opened(folder.path()), 0);
}

#[test]
fn a_limit_on_the_size_of_files_ends_nothing_and_what_could_not_be_kept_is_said() {
    let mut stage = Stage::set(&Props::default());
    stage.until("green", |look| look.is_all("operational"));
    stage.limit("fsize", "8192");
    stage.until("operators are told", |look| look.tells_operators("not been recorded"));
    assert_eq!(stage.watch(PAST_LEASE), ["operational"], "what is measured goes on");
    stage.limit("fsize", "unlimited");
    stage.until("it is well again", |look| {
        look.is_all("operational") && !look.tells_operators("not been recorded")
    });
    let (folder, _) = stage.strike();
    assert_eq!(opened(folder.path()), 0);
}

/// A small file system of its own, as only root can have it.
struct SmallDisk(PathBuf);

impl SmallDisk {
    #[expect(clippy::print_stdout, reason = "whoever reads the test's output must see what was not tested")]
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs"];
        match Command::new("mount").args(mount).arg(at).output() {
            Ok(output) if output.status.success() => Some(Self(at.to_path_buf())),
            why => {
                println!("SKIPPED: a small disk needs root, to mount a small tmpfs: {why:?}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

#[test]
fn a_disk_that_is_nearly_full_is_told_before_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk")) else { return };
    let (ledger, filler) = (disk.0.join("candor.db"), disk.0.join("filler"));
    let mut stage = Stage::set(&Props { ledger: Some(&ledger), ..Props::default() });
    stage.until("green", |look| look.is_all("operational") && !look.tells_operators("are left on the disk"));
    let mut file = File::create(&filler).unwrap();
    // 3 MiB of 64 are below a twentieth, and room enough to go on.
    let free = Command::new("df").args(["--output=avail", "-k"]).arg(&disk.0).output().unwrap();
    let free: usize = String::from_utf8_lossy(&free.stdout).lines().nth(1).unwrap().trim().parse().unwrap();
    file.write_all(&vec![b'x'; (free - 3 * 1_024) * 1_024]).unwrap();
    let told = stage.until("it is told", |look| look.tells_operators("are left on the disk of the ledger"));
    assert!(!told.tells_all("disk"), "the public need not know: {told:?}");
    assert!(told.is_all("operational"));
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    stage.until("it is well again", |look| !look.tells_operators("are left on the disk"));
    assert_eq!(stage.hub.stop().code(), Some(0));
    let ledger = ledger.to_str().unwrap();
    run(folder.path(), &["ledger", "verify", ledger]).ended(0);
}

#[test]
fn a_low_limit_on_descriptors_and_a_crowd_of_idle_readers_keep_nothing_from_being_measured() {
    let mut stage = Stage::set(&Props::default());
    stage.until("green", |look| look.is_all("operational"));
    stage.limit("nofile", "160");
    let begun = Instant::now();
    let port = stage.port();
    let mut crowd = Vec::new();
    while crowd.len() < 400 && begun.elapsed() < DECIDES {
        crowd.push(std::net::TcpStream::connect(("127.0.0.1", port)));
    }
    stage.watch(PAST_LEASE);
    drop(crowd);
    stage.until("green again", |look| look.is_all("operational"));
    wait_for("the crowd is gone", DECIDES, || {
        let open = std::fs::read_dir(format!("/proc/{}/fd", stage.hub.id())).unwrap().count();
        (open < 100).then_some(())
    });
    let (folder, _) = stage.strike();
    assert_eq!(opened(folder.path()), 0);
}
