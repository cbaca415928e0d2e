//! Copies: export, backup, restore.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use candor_core::fault::Kind;
use candor_ledger::{CopyError, Export, GENESIS, Ledger, entry_hash};
use serde_json::Value;

use crate::fixture::{Home, cell, check, entry, passes, run, vantage};

fn filled(home: &Home) -> Ledger {
    let mut ledger = home.open();
    ledger.name_checks(&[(check("buy"), cell("buy"), vantage())]).unwrap();
    ledger.observe(&[run("buy", 10, 120, Some(Kind::DnsNxdomain))]).unwrap();
    ledger.append_all(&[entry(0), entry(1), entry(1)]).unwrap();
    ledger
}

#[test]
fn the_chain_can_be_recomputed_from_an_export_alone() {
    let home = Home::new();
    let ledger = filled(&home);
    let mut out = Vec::new();
    ledger.export(&mut out, Export { observations: true }).unwrap();
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["candor_ledger"], 1);
    let mut prev = GENESIS.to_owned();
    for (line, text) in lines[1..4].iter().zip(out.lines().skip(1)) {
        let (_, entry) = text.split_once(r#","entry":"#).unwrap();
        prev = entry_hash(&prev, entry.strip_suffix('}').unwrap(), line["seq"].as_u64().unwrap());
        assert_eq!(line["hash"], prev);
    }
    assert_eq!(ledger.head().unwrap().unwrap().hash, prev);
    assert_eq!(lines[4]["cell"]["capability"], "buy");
    assert_eq!(lines[4]["check"], lines[5]["check"]);
    assert_eq!(lines[5]["observation"]["fault"]["kind"], "dns_nxdomain");
    assert_eq!(lines.len(), 6);
}

#[test]
fn a_backup_is_one_file_that_verifies_and_holds_no_secret() {
    let home = Home::new();
    let mut ledger = filled(&home);
    let to = home.beside("copy.db");
    let verified = ledger.backup(&to).unwrap();
    assert_eq!(verified.entries, 3);
    // The original goes on; the copy does not.
    ledger.append(&entry(1)).unwrap();
    assert_eq!(Ledger::open_to_read(&to).unwrap().verify().unwrap(), verified);
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    for name in ["copy.db-wal", "copy.db-shm", "copy.db.key", "copy.db.part"] {
        assert!(!home.beside(name).exists(), "{name}");
    }
    assert_eq!(
        fs::read(home.beside("copy.db.pub")).unwrap(),
        fs::read(home.beside("candor.db.pub")).unwrap()
    );
}

#[test]
fn a_backup_never_overwrites() {
    let home = Home::new();
    let ledger = filled(&home);
    let to = home.beside("copy.db");
    fs::write(&to, "precious").unwrap();
    assert!(matches!(ledger.backup(&to), Err(CopyError::Exists(_))));
    assert_eq!(fs::read(&to).unwrap(), b"precious");
}

#[test]
fn a_restored_ledger_goes_on_where_the_backup_ended() {
    let (home, other) = (Home::new(), Home::new());
    let backup = home.beside("copy.db");
    filled(&home).backup(&backup).unwrap();
    let verified = Ledger::restore(&backup, &other.path).unwrap();
    assert_eq!(verified.entries, 3);
    let mut ledger = other.open();
    assert_eq!(ledger.observe(&passes(1, 20)).unwrap(), 2);
    ledger.append(&entry(2)).unwrap();
    let verified = ledger.verify().unwrap();
    assert_eq!(verified.entries, 4);
    assert_eq!(
        verified.keys.len(),
        2,
        "the secret key was not in the backup, so a new one signs from here on"
    );
    assert!(matches!(Ledger::restore(&backup, &other.path), Err(CopyError::Exists(_))));
}

#[test]
fn a_backup_that_does_not_hold_is_not_restored() {
    let (home, other) = (Home::new(), Home::new());
    drop(filled(&home));
    home.tamper("UPDATE entries SET text = replace(text, 'started', 'stopped') WHERE seq = 2");
    let error = Ledger::restore(&home.path, &other.path).unwrap_err();
    assert!(matches!(&error, CopyError::Broken(broken) if broken.seq == 2), "{error:?}");
    assert!(!other.path.exists());
    let error = Ledger::open_to_read(&home.path).unwrap().backup(&home.beside("copy.db")).unwrap_err();
    assert!(matches!(error, CopyError::Broken(_)), "{error:?}");
    assert!(!home.beside("copy.db").exists());
}

#[test]
fn a_ledger_of_the_newest_layout_needs_no_migration() {
    let home = Home::new();
    drop(filled(&home));
    let migrated = Ledger::migrate(&home.path).unwrap();
    assert_eq!((migrated.from, migrated.to, migrated.backup), (1, 1, None));
}
