//! A config that is rewritten all the time, half written, or replaced by what is no config: nothing is held up, nothing
//! half is taken, and the page goes on.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Does, Folder, MAIL, Running, SHOP, Script, measured, notices};

/// Both services green; the first is there at once, the second may be.
async fn both_green(hub: &Running) {
    hub.until("both are green", |s| {
        measured(s, "shop") == "operational" && measured(s, "mail") == "operational"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_rewritten_a_hundred_times_a_second_holds_up_no_check_and_is_never_taken_in_part() {
    let whole = format!("{SHOP}{MAIL}");
    let folder = Folder::new(&whole);
    let script = Script::new(Does::Pass);
    let hub = folder.start(&script).await;
    both_green(&hub).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (stop, config, beside) = (Arc::clone(&stop), folder.config(), folder.path().join("beside"));
        std::thread::spawn(move || {
            let mut n = 0_usize;
            while !stop.load(Ordering::Relaxed) {
                n += 1;
                let text = format!("{whole}# {n}\n");
                if n.is_multiple_of(2) {
                    // In place, and in two parts: what stands between them lacks a service.
                    std::fs::write(&config, SHOP).unwrap();
                    std::thread::sleep(Duration::from_millis(5));
                    std::fs::write(&config, &text).unwrap();
                } else {
                    std::fs::write(&beside, &text).unwrap();
                    std::fs::rename(&beside, &config).unwrap();
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            n
        })
    };
    let (begun, before) = (Instant::now(), script.runs.load(Ordering::Relaxed));
    while begun.elapsed() < Duration::from_secs(6) {
        let status = hub.status().await;
        assert_eq!((measured(&status, "shop"), measured(&status, "mail")), ("operational", "operational"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let written = tokio::task::spawn_blocking(move || writer.join().unwrap()).await.unwrap();
    let ran = script.runs.load(Ordering::Relaxed) - before;
    assert!(written > 100, "{written} writes are no storm");
    assert!(ran >= 8, "two services ran {ran} times in six seconds");
    folder.write(SHOP);
    hub.until("the calm after it", |s| measured(s, "mail") == "none").await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_file_that_would_be_a_config_of_its_own_is_waited_for() {
    let whole = format!("{SHOP}{MAIL}");
    let folder = Folder::new(&whole);
    let hub = folder.start(&Script::new(Does::Pass)).await;
    both_green(&hub).await;
    // As far as a writer got whose disk is slow; all that is missing is the second service.
    folder.write(SHOP.trim_end());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        assert_eq!(measured(&hub.status().await, "mail"), "operational");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    folder.write(&format!("{whole}# done\n"));
    hub.until_details("nothing is refused", |d| notices(d).is_empty()).await;
    // A file that stays without its last line's end is taken all the same.
    folder.write(SHOP.trim_end());
    hub.until("it was meant so", |s| measured(s, "mail") == "none").await;
    hub.stop().await;
}

fn mkfifo(at: &Path) {
    let made = Command::new("mkfifo").arg(at).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of coreutils");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_becomes_something_else_is_said_and_the_old_one_stays_in_force() {
    let folder = Folder::new(SHOP);
    let hub = folder.start(&Script::new(Does::Pass)).await;
    hub.until("green", |s| measured(s, "shop") == "operational").await;
    let config = folder.config();
    type Become<'a> = (&'a str, &'a dyn Fn(&Path));
    let becomes: [Become<'_>; 5] = [
        ("no *.yaml", &|at| std::fs::create_dir(at).unwrap()),
        ("not a regular file", &mkfifo),
        ("larger than", &|at| std::fs::File::create(at).unwrap().set_len(1 << 30).unwrap()),
        ("not UTF-8", &|at| std::fs::write(at, b"\xff\xfes\0e\0r\0").unwrap()),
        ("candor.yaml", &|at| std::os::unix::fs::symlink(at, at).unwrap()),
    ];
    for (says, become_so) in becomes {
        std::fs::remove_file(&config).unwrap();
        become_so(&config);
        let details = hub.until_details(says, |d| notices(d).contains(says)).await;
        assert_eq!(measured(&details, "shop"), "operational");
        if config.is_dir() {
            std::fs::remove_dir(&config).unwrap();
        } else {
            std::fs::remove_file(&config).unwrap();
        }
        folder.write(SHOP);
        hub.until_details("it is mended", |d| notices(d).is_empty()).await;
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_never_end_are_taken_ever_so_often() {
    let folder = Folder::new(SHOP);
    let hub = folder.start(&Script::new(Does::Pass)).await;
    hub.until("green", |s| measured(s, "shop") == "operational").await;
    let stop = Arc::new(AtomicBool::new(false));
    // Each is long enough for a change to be taken, and none is the last.
    let writer = {
        let (stop, config) = (Arc::clone(&stop), folder.config());
        std::thread::spawn(move || {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                n += 1;
                let other = if n % 2 == 0 { MAIL } else { "" };
                std::fs::write(&config, format!("{SHOP}{other}# {n}\n")).unwrap();
                std::thread::sleep(Duration::from_millis(1_600));
            }
        })
    };
    tokio::time::sleep(Duration::from_secs(26)).await;
    stop.store(true, Ordering::Relaxed);
    tokio::task::spawn_blocking(move || writer.join().unwrap()).await.unwrap();
    hub.stop().await;
    let taken = crate::reload::count(&folder, |event| {
        matches!(event, candor_core::entry::Event::PlanAccepted { .. })
    });
    assert!((5..=12).contains(&taken), "{taken} of sixteen changes were taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_config_beside_a_ledger_of_another_version_is_refused_with_both() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    folder.start(&script).await.stop().await;
    folder.write("services: [");
    folder.start(&script).await.stop().await;
    let ledger = rusqlite::Connection::open(folder.ledger()).unwrap();
    ledger.pragma_update(None, "user_version", 999).unwrap();
    drop(ledger);
    let refused = folder.try_start(&script).await.map(drop).unwrap_err().to_string();
    assert!(
        refused.contains("not YAML") && refused.contains("nor can the config before it be had"),
        "{refused}"
    );
    assert!(refused.contains("layout 999"), "{refused}");
    std::fs::remove_file(folder.config()).unwrap();
    let refused = folder.try_start(&script).await.map(drop).unwrap_err().to_string();
    assert!(
        refused.contains("candor.yaml") && refused.contains("nor can the config before it be had"),
        "{refused}"
    );
}
