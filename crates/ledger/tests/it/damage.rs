//! Damage done to real files: each is named with the way out, at the start and while the ledger is open, and what is
//! refused is left byte for byte as it was.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;

use candor_ledger::{CopyError, Ledger, LedgerError, OpenError, VerifyError};
use rusqlite::Connection;

use crate::fixture::{Home, entry, passes};

const PAGE: usize = 4_096;

/// Everything of a ledger on disk, by name.
fn files(home: &Home) -> Vec<(String, Vec<u8>)> {
    let folder = home.path.parent().unwrap();
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.metadata().unwrap().is_file())
        // The lock names a process, and the index of the log is made anew by whoever looks.
        .filter(|entry| !["lock", "shm"].iter().any(|end| entry.file_name().to_string_lossy().ends_with(end)))
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap_or_default()))
        .filter(|(name, bytes)| !(name.ends_with("-wal") && bytes.is_empty()))
        .collect();
    files.sort();
    files
}

/// What a start says; the files are as before, and what is said names a way out.
fn refused(home: &Home) -> OpenError {
    let before = files(home);
    let error = Ledger::open(&home.path).unwrap_err();
    assert_eq!(files(home), before, "{error}");
    assert!(
        ["restore", "put", "use the newer", "migrate", "name another"]
            .iter()
            .any(|out| error.to_string().contains(out)),
        "no way out: {error}"
    );
    error
}

/// A ledger with four entries in two groups over 3,000 observations, closed.
fn filled() -> Home {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&passes(3_000, 10)).unwrap();
    ledger.append_all(&[entry(1), entry(2), entry(3_000)]).unwrap();
    ledger.append(&entry(3_000)).unwrap();
    drop(ledger);
    home
}

/// The pages of the b-tree that holds this table, below its root; the root where it has one page alone.
#[expect(
    clippy::indexing_slicing,
    reason = "the file was just written by SQLite, in the form that it documents"
)]
fn pages_of(home: &Home, table: &str) -> Vec<usize> {
    let conn = Connection::open(&home.path).unwrap();
    let root: usize = conn
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [table], |row| row.get(0))
        .unwrap();
    drop(conn);
    let bytes = fs::read(&home.path).unwrap();
    let page = &bytes[(root - 1) * PAGE..root * PAGE];
    // An interior page of a table begins with 5; its cells begin with the number of a page.
    if page[0] != 5 {
        return vec![root];
    }
    let cells = usize::from(u16::from_be_bytes([page[3], page[4]]));
    let number =
        |at: usize| usize::try_from(u32::from_be_bytes(page[at..at + 4].try_into().unwrap())).unwrap();
    let cell = |nth: usize| usize::from(u16::from_be_bytes([page[12 + 2 * nth], page[13 + 2 * nth]]));
    (0..cells).map(|nth| number(cell(nth))).chain([number(8)]).collect()
}

fn overwrite(path: &Path, at: usize, length: usize) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&vec![0xa5; length], at as u64).unwrap();
    file.sync_all().unwrap();
}

fn verify(home: &Home) -> String {
    let reader = Ledger::open_to_read(&home.path).unwrap();
    let found = reader.integrity().map_err(VerifyError::from).and_then(|()| reader.verify().map(|_| ()));
    found.expect_err("it is damaged").to_string()
}

#[test]
fn garbage_a_wrong_beginning_and_a_cut_file_are_named_and_left_alone() {
    let home = filled();
    let whole = fs::read(&home.path).unwrap();
    let garbage: Vec<u8> = (0..whole.len()).map(|n| u8::try_from(n * 7 % 251).unwrap()).collect();
    let mut wrong_magic = whole.clone();
    wrong_magic[0] = b'X';
    let mut newer_format = whole.clone();
    newer_format[18..20].fill(9);
    for bytes in [&garbage[..], &wrong_magic, &newer_format, &whole[..7], &whole[..99]] {
        fs::write(&home.path, bytes).unwrap();
        let error = refused(&home);
        assert!(
            matches!(error, OpenError::Foreign(_) | OpenError::Corrupt { .. } | OpenError::ReadOnly(_)),
            "{error:?}"
        );
    }
    for cut in [whole.len() / 2, whole.len() - PAGE, whole.len() - 1, PAGE, 100] {
        fs::write(&home.path, &whole[..cut]).unwrap();
        let error = refused(&home);
        assert!(
            matches!(error, OpenError::Corrupt { .. } | OpenError::Foreign(_)),
            "cut at {cut}: {error:?}"
        );
    }
    fs::write(&home.path, "").unwrap();
    assert!(matches!(refused(&home), OpenError::Corrupt { .. }));
    fs::write(&home.path, &whole).unwrap();
    home.open().verify().unwrap();
}

#[test]
fn a_bad_page_anywhere_is_found_by_verify_and_at_the_start_where_it_matters() {
    for (table, starts) in [
        ("entries", false),
        ("keys", false),
        ("marks", false),
        ("snapshots", false),
        ("observations", true),
        ("reports", true),
        ("buckets", true),
        ("days", true),
        ("cells", true),
    ] {
        let home = filled();
        let page = pages_of(&home, table)[0];
        overwrite(&home.path, (page - 1) * PAGE, PAGE);
        let said = verify(&home);
        assert!(!said.is_empty());
        if starts {
            drop(home.open());
        } else {
            assert!(
                matches!(refused(&home), OpenError::Corrupt { .. } | OpenError::Broken { .. }),
                "{table}"
            );
        }
    }
}

#[test]
fn a_bad_page_among_the_free_ones_is_found_by_verify() {
    let home = filled();
    let conn = Connection::open(&home.path).unwrap();
    // What pruning does, and freed pages with it.
    conn.execute_batch(
        "DELETE FROM reports WHERE seq <= 2900; DELETE FROM observations WHERE seq <= 2900;
         INSERT INTO marks VALUES ('pruned', 2900)",
    )
    .unwrap();
    drop(conn);
    drop(home.open());
    let bytes = fs::read(&home.path).unwrap();
    let trunk = usize::try_from(u32::from_be_bytes(bytes[32..36].try_into().unwrap())).unwrap();
    assert!(trunk > 0, "there are free pages");
    overwrite(&home.path, (trunk - 1) * PAGE, PAGE);
    assert!(verify(&home).contains("damaged"));
    // The start does not need a free page; the first write that does says so, and keeps nothing by halves.
    let mut ledger = home.open();
    let error = loop {
        match ledger.observe(&passes(1_000, 20)) {
            Ok(seq) => assert!(seq < 100_000, "a free page is used some time"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, LedgerError::Corrupt(_)), "{error:?}");
    assert_eq!(ledger.watermark().unwrap() % 1_000, 0);
}

#[test]
fn a_bad_frame_in_the_log_ends_what_is_read_and_a_missing_end_of_the_chain_is_said() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.observe(&passes(10, 10)).unwrap();
    ledger.append(&entry(10)).unwrap();
    ledger.snapshot(10, 1, b"state").unwrap();
    // As a crash leaves it: the database as it was made, everything else in the log.
    let crashed = Home::new();
    for name in ["candor.db", "candor.db-wal", "candor.db.key", "candor.db.pub"] {
        fs::copy(home.beside(name), crashed.beside(name)).unwrap();
    }
    drop(ledger);
    let log = crashed.beside("candor.db-wal");
    let whole = fs::read(&log).unwrap();
    let read = |home: &Home| Ledger::open_to_read(&home.path).map(|reader| reader.verify().unwrap().entries);
    assert_eq!(read(&crashed).unwrap(), 1);
    // Every frame has a checksum that goes on from the one before it: what is behind damage was never acknowledged
    // as far as SQLite can tell, and a ledger without it is an older one, whole in itself.
    for frame in 0..(whole.len() - 32) / (PAGE + 24) {
        let crashed = Home::new();
        for name in ["candor.db", "candor.db.key", "candor.db.pub"] {
            fs::copy(home.beside(name), crashed.beside(name)).unwrap();
        }
        let mut bytes = whole.clone();
        bytes[32 + frame * (PAGE + 24) + 24 + 77] ^= 0xff;
        fs::write(crashed.beside("candor.db-wal"), &bytes).unwrap();
        match Ledger::open(&crashed.path) {
            Ok(ledger) => drop(ledger.verify().unwrap()),
            Err(error) => {
                assert!(matches!(error, OpenError::Broken { .. } | OpenError::Corrupt { .. }), "{error:?}");
            }
        }
    }
}

#[test]
fn a_broken_chain_is_not_gone_on_with() {
    for (change, why) in [
        ("UPDATE entries SET text = replace(text, 'started', 'stopped') WHERE seq = 2", "entry 2"),
        ("UPDATE entries SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 4", "entry 4"),
        (
            "UPDATE entries SET signature = (SELECT signature FROM entries WHERE seq = 3) WHERE seq = 4",
            "entry 4: its signature",
        ),
        ("UPDATE entries SET signature = NULL WHERE seq = 4", "not signed"),
        ("DELETE FROM entries WHERE seq = 2", "entry 2: it is missing"),
        ("UPDATE entries SET text = CAST(x'ff7b7d' AS TEXT) WHERE seq = 4", "entry 4"),
        ("DELETE FROM keys", "no public key is known"),
        ("DELETE FROM observations WHERE seq = 3000", "entry 3: its watermark"),
        ("INSERT INTO snapshots VALUES (1, 3000, 5, '', x'00')", "a snapshot holds it"),
        ("INSERT INTO snapshots VALUES (1, 3001, 4, '', x'00')", "a snapshot holds observation 3001"),
    ] {
        let home = filled();
        home.tamper(change);
        let error = refused(&home);
        assert!(matches!(error, OpenError::Broken { .. }), "{change}: {error:?}");
        assert!(error.to_string().contains(why), "{change}: {error}");
        assert!(error.to_string().contains("candor ledger verify"), "{error}");
        assert!(verify(&home).contains(why), "{change}");
        // With another key, which would be a new one to announce: not a word, not a row of it.
        fs::remove_file(home.beside("candor.db.key")).unwrap();
        refused(&home);
        assert!(!home.beside("candor.db.key").exists());
    }
}

#[test]
fn what_a_start_would_stumble_over_verify_finds() {
    for (change, why) in [
        (
            "UPDATE observations SET kind = 'dns.gremlins', step = 0, detail = '' WHERE seq = 7",
            "observation 7",
        ),
        ("UPDATE observations SET took_ms = -1 WHERE seq = 8", "observation 8"),
        ("UPDATE observations SET kind = CAST(x'ff' AS TEXT) WHERE seq = 9", "observation 9"),
        ("DELETE FROM observations WHERE seq = 10", "observation 10: it is missing"),
        ("UPDATE reports SET steps = '[' WHERE seq = 11", "observation 11: its report"),
        ("INSERT INTO cells VALUES (1, 'A Name', 'buy', NULL)", "a cell's name"),
    ] {
        let home = filled();
        home.tamper(change);
        assert!(verify(&home).contains(why), "{change}: {}", verify(&home));
        let error = Ledger::restore(&home.path, &home.beside("other.db")).unwrap_err();
        assert!(matches!(error, CopyError::Broken(_)), "{error:?}");
    }
}

#[test]
fn a_table_that_is_missing_or_another_is_damage_and_not_a_bug_of_ours() {
    for change in ["DROP TABLE days", "ALTER TABLE observations ADD COLUMN more TEXT"] {
        let home = filled();
        Connection::open(&home.path).unwrap().execute_batch(change).unwrap();
        let error = refused(&home);
        assert!(matches!(&error, OpenError::Corrupt { why, .. } if why.contains("its table")), "{error:?}");
    }
}

#[test]
fn a_ledger_that_is_gone_is_not_begun_anew_beside_what_it_left() {
    let home = filled();
    let away = home.beside("elsewhere");
    fs::rename(&home.path, &away).unwrap();
    let error = refused(&home);
    assert!(matches!(&error, OpenError::Gone { left, .. } if left.ends_with("candor.db.key")), "{error:?}");
    assert!(!home.path.exists());
    assert!(matches!(Ledger::open_to_read(&home.path), Err(OpenError::Gone { .. })));
    assert!(matches!(Ledger::migrate(&home.path), Err(OpenError::Gone { .. })));
    // A log without its database would be read into the next one.
    fs::remove_file(home.beside("candor.db.key")).unwrap();
    fs::write(home.beside("candor.db-wal"), "frames").unwrap();
    let error = refused(&home);
    assert!(matches!(&error, OpenError::Gone { left, .. } if left.ends_with("candor.db-wal")), "{error:?}");
    fs::remove_file(home.beside("candor.db-wal")).unwrap();
    fs::rename(&away, &home.path).unwrap();
    assert_eq!(home.open().verify().unwrap().entries, 4);
}

#[test]
fn a_link_is_followed_and_one_that_leads_nowhere_is_a_disk_that_is_not_there() {
    let home = filled();
    let link = home.beside("link.db");
    symlink(&home.path, &link).unwrap();
    let ledger = Ledger::open(&link).unwrap();
    assert!(matches!(Ledger::open(&home.path), Err(OpenError::Locked { .. })), "one ledger, one lock");
    drop(ledger);
    fs::remove_file(&link).unwrap();
    symlink(home.beside("unmounted").join("candor.db"), &link).unwrap();
    assert!(matches!(Ledger::open(&link), Err(OpenError::Gone { .. })));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "the link is left alone");
}

#[test]
fn pipes_and_folders_are_not_waited_for() {
    let home = filled();
    let pipe = home.beside("pipe.db");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(Ledger::open(&pipe), Err(OpenError::Foreign(_))));
    assert!(matches!(Ledger::open_to_read(&pipe), Err(OpenError::Foreign(_))));
    let key = home.beside("candor.db.key");
    fs::remove_file(&key).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&key).status().unwrap().success());
    assert!(matches!(refused(&home), OpenError::Key { .. }));
    fs::remove_file(&key).unwrap();
    fs::create_dir(&key).unwrap();
    assert!(matches!(refused(&home), OpenError::Key { .. }));
}

#[test]
fn a_key_file_of_any_bytes_is_refused_without_harm() {
    let home = filled();
    let key = home.beside("candor.db.key");
    let good = fs::read_to_string(&key).unwrap();
    let (comment, line) = good.split_once('\n').unwrap();
    let line = line.trim();
    let mut bad = vec![
        String::new(),
        "\n".into(),
        "\0\0".into(),
        "x".repeat(5_000),
        comment.into(),
        format!("{comment}\n"),
    ];
    bad.extend((1..line.len()).step_by(5).map(|cut| format!("{comment}\n{}\n", &line[..cut])));
    bad.push(format!("{comment}\n{}\n", "A".repeat(line.len())));
    for text in bad {
        fs::write(&key, &text).unwrap();
        let error = refused(&home);
        assert!(matches!(error, OpenError::Key { .. }), "{text:?}: {error:?}");
    }
    fs::write(&key, [0xff, 0xfe, 0x00]).unwrap();
    assert!(matches!(refused(&home), OpenError::Key { .. }));
    fs::write(&key, good).unwrap();
    drop(home.open());
}

#[test]
fn a_ledger_that_is_moved_or_replaced_under_the_hub_acknowledges_nothing_more() {
    for name in ["candor.db", "candor.db-wal"] {
        let home = filled();
        let mut ledger = home.open();
        let (there, away) = (home.beside(name), home.beside("away"));
        ledger.observe(&passes(1, 20)).unwrap();
        fs::rename(&there, &away).unwrap();
        assert_eq!(ledger.observe(&passes(1, 20)), Err(LedgerError::Gone), "{name} moved");
        assert_eq!(ledger.append(&entry(3_001)), Err(LedgerError::Gone));
        fs::copy(&away, &there).unwrap();
        assert_eq!(ledger.observe(&passes(1, 20)), Err(LedgerError::Gone), "{name} replaced");
        fs::rename(&away, &there).unwrap();
        assert_eq!(ledger.observe(&passes(1, 20)).unwrap(), 3_002, "{name} put back");
        ledger.append(&entry(3_002)).unwrap();
        drop(ledger);
        assert_eq!(home.open().verify().unwrap().entries, 5);
    }
}

#[test]
fn a_page_that_goes_bad_under_the_hub_is_said_and_not_signed_over() {
    let home = filled();
    let mut ledger = home.open();
    let page = pages_of(&home, "entries")[0];
    overwrite(&home.path, (page - 1) * PAGE, PAGE);
    match ledger.append(&entry(3_000)) {
        Err(LedgerError::Corrupt(_)) => {}
        // SQLite had the page in memory still, and puts it back whole with the next write.
        Ok(_) => drop(ledger.verify().unwrap()),
        other => panic!("{other:?}"),
    }
    drop(ledger);
    let page = pages_of(&home, "observations")[0];
    let mut ledger = home.open();
    overwrite(&home.path, (page - 1) * PAGE, PAGE);
    // Nobody needs this page now: writing goes on, and whoever looks at everything finds it.
    ledger.observe(&passes(1, 20)).unwrap();
    assert!(verify(&home).contains("damaged"));
}

#[test]
fn an_entry_changed_under_the_hub_is_not_signed_over() {
    let home = filled();
    let mut ledger = home.open();
    ledger.append(&entry(3_000)).unwrap();
    home.tamper("UPDATE entries SET hash = (SELECT hash FROM entries WHERE seq = 1) WHERE seq = 5");
    let error = ledger.append(&entry(3_000)).unwrap_err();
    assert!(matches!(&error, LedgerError::Corrupt(why) if why.contains("last entry")), "{error:?}");
}

#[test]
fn a_restore_leaves_no_lock_and_none_is_put_under_a_hub() {
    let home = filled();
    let (backup, to) = (home.beside("copy.db"), home.beside("other.db"));
    home.open().backup(&backup).unwrap();
    Ledger::restore(&backup, &to).unwrap();
    assert!(!home.beside("other.db.lock").exists());
    let hub = home.open();
    fs::rename(&home.path, home.beside("away")).unwrap();
    let error = Ledger::restore(&backup, &home.path).unwrap_err();
    assert!(matches!(error, CopyError::Open(OpenError::Locked { .. })), "{error:?}");
    assert!(!home.path.exists() && home.beside("candor.db.lock").exists());
    drop(hub);
    // What it did not fold in still belongs to the file that was moved away.
    let log = home.beside("candor.db-wal");
    if fs::metadata(&log).is_ok_and(|meta| meta.len() > 0) {
        assert!(matches!(Ledger::restore(&backup, &home.path), Err(CopyError::Exists(_))));
        fs::remove_file(&log).unwrap();
    }
    Ledger::restore(&backup, &home.path).unwrap();
    home.open().verify().unwrap();
}

#[test]
fn what_a_crash_left_of_a_copy_does_not_get_into_the_next() {
    let home = filled();
    let ledger = home.open();
    fs::write(home.beside("copy.db.part"), "half").unwrap();
    fs::write(home.beside("copy.db.part-journal"), "half").unwrap();
    ledger.backup(&home.beside("copy.db")).unwrap();
    assert!(!home.beside("copy.db.part").exists() && !home.beside("copy.db.part-journal").exists());
}
