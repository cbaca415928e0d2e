//! The chain: whatever is done to it is found, and named.

use std::fs;

use candor_core::entry::LedgerHead;
use candor_ledger::{Broken, Expected, GENESIS, Ledger, LedgerError, VerifyError, entry_hash, verify_head};

use crate::fixture::{Home, entry, passes};

/// Five entries in groups of 1, 3 and 1, over four observations.
fn five(home: &Home) -> Ledger {
    let mut ledger = home.open();
    ledger.append(&entry(0)).unwrap();
    ledger.observe(&passes(4, 10)).unwrap();
    ledger.append_all(&[entry(1), entry(1), entry(3)]).unwrap();
    ledger.append(&entry(4)).unwrap();
    ledger
}

fn broken(home: &Home) -> Broken {
    match Ledger::open_to_read(&home.path).unwrap().verify() {
        Err(VerifyError::Broken(broken)) => broken,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hash_is_of_the_hash_before_the_text_and_the_number() {
    let text = format!("{GENESIS}\n{{\"a\":1}}\n1");
    assert_eq!(entry_hash(GENESIS, "{\"a\":1}", 1), blake3::hash(text.as_bytes()).to_hex().to_string());
}

#[test]
fn a_whole_chain_verifies_and_its_head_with_it() {
    let home = Home::new();
    let ledger = five(&home);
    let verified = ledger.verify().unwrap();
    assert_eq!((verified.entries, verified.signatures), (5, 3));
    assert_eq!(verified.head, ledger.head().unwrap());
    let public = fs::read_to_string(home.beside("candor.db.pub")).unwrap();
    let head = verified.head.unwrap();
    verify_head(&public, &head).unwrap();
    verify_head(&verified.keys[0].0, &head).unwrap();
    assert!(!head.signature.contains('\n'));
}

#[test]
fn an_empty_ledger_verifies() {
    let home = Home::new();
    let verified = home.open().verify().unwrap();
    assert_eq!((verified.entries, verified.head), (0, None));
}

#[test]
fn a_head_does_not_pass_for_another_nor_under_another_key() {
    let (home, other) = (Home::new(), Home::new());
    let head = five(&home).head().unwrap().unwrap();
    let public = fs::read_to_string(home.beside("candor.db.pub")).unwrap();
    drop(other.open());
    let stranger = fs::read_to_string(other.beside("candor.db.pub")).unwrap();
    assert!(verify_head(&stranger, &head).is_err());
    assert!(verify_head(&public, &LedgerHead { seq: 4, ..head.clone() }).is_err());
    assert!(verify_head(&public, &LedgerHead { hash: GENESIS.to_owned(), ..head }).is_err());
}

#[test]
fn a_malformed_signature_is_refused_without_harm() {
    let home = Home::new();
    let head = five(&home).head().unwrap().unwrap();
    let public = fs::read_to_string(home.beside("candor.db.pub")).unwrap();
    for (from, to) in
        [(0, 0), (0, 8), (0, 100), (0, 300), (0, head.signature.len() - 4), (4, head.signature.len())]
    {
        let signature = head.signature[from..to].to_owned();
        assert!(verify_head(&public, &LedgerHead { signature, ..head.clone() }).is_err(), "{from}..{to}");
    }
    assert!(verify_head("", &head).is_err());
    assert!(verify_head("RWnonsense", &head).is_err());
}

#[test]
fn any_change_to_any_entry_is_found_and_the_entry_named() {
    for seq in 1..=5 {
        for change in [
            "text = replace(text, '2015', '2016')",
            "text = text || ' '",
            "text = ''",
            "hash = replace(hash, substr(hash, 1, 1), 'x')",
        ] {
            let home = Home::new();
            drop(five(&home));
            home.tamper(&format!("UPDATE entries SET {change} WHERE seq = {seq}"));
            assert_eq!(broken(&home).seq, seq, "{change}");
        }
    }
}

#[test]
fn a_removed_entry_is_found() {
    for seq in 1..=4 {
        let home = Home::new();
        drop(five(&home));
        home.tamper(&format!("DELETE FROM entries WHERE seq = {seq}"));
        let broken = broken(&home);
        assert_eq!(broken.seq, seq);
        assert!(broken.why.starts_with("it is missing"), "{broken}");
    }
}

#[test]
fn a_forged_signature_is_found() {
    let home = Home::new();
    drop(five(&home));
    home.tamper("UPDATE entries SET signature = (SELECT signature FROM entries WHERE seq = 1) WHERE seq = 4");
    assert_eq!(broken(&home).seq, 4);
    home.tamper("UPDATE entries SET signature = 'x' WHERE seq = 4");
    assert_eq!(broken(&home).seq, 4);
}

#[test]
fn a_chain_written_anew_by_somebody_without_the_key_is_found() {
    let home = Home::new();
    let mut ledger = home.open();
    ledger.append(&entry(0)).unwrap();
    drop(ledger);
    let text = serde_json::to_string(&entry(0)).unwrap().replace("0.1.0", "0.2.0");
    let hash = entry_hash(GENESIS, &text, 1);
    home.tamper(&format!("UPDATE entries SET text = '{text}', hash = '{hash}'"));
    let broken = broken(&home);
    assert!(broken.why.contains("signature"), "{broken}");
}

#[test]
fn a_cut_tail_is_found_where_the_head_is_known_or_the_cut_is_inside_a_group() {
    let home = Home::new();
    let head = five(&home).head().unwrap().unwrap();
    home.tamper("DELETE FROM entries WHERE seq = 5");
    let reader = Ledger::open_to_read(&home.path).unwrap();
    // At the end of a group the chain alone cannot tell; who has seen the head can.
    reader.verify().unwrap();
    let expected = Expected { key: None, head: Some((head.seq, head.hash)) };
    assert!(matches!(reader.verify_expecting(&expected), Err(VerifyError::Broken(Broken { seq: 5, .. }))));
    home.tamper("DELETE FROM entries WHERE seq = 4");
    assert!(broken(&home).why.contains("cut off"));
}

#[test]
fn a_chain_under_a_key_that_is_not_the_expected_one_is_found() {
    let (home, other) = (Home::new(), Home::new());
    let ledger = five(&home);
    let expecting = |home: &Home| Expected {
        key: Some(fs::read_to_string(home.beside("candor.db.pub")).unwrap()),
        head: None,
    };
    ledger.verify_expecting(&expecting(&home)).unwrap();
    drop(other.open());
    assert!(matches!(
        ledger.verify_expecting(&expecting(&other)),
        Err(VerifyError::Broken(Broken { seq: 1, .. }))
    ));
}

#[test]
fn a_watermark_that_goes_back_or_beyond_the_observations_is_refused() {
    let home = Home::new();
    let mut ledger = five(&home);
    let before = ledger.head().unwrap();
    for watermark in [3, 5] {
        assert!(matches!(ledger.append(&entry(watermark)), Err(LedgerError::Refused(_))), "{watermark}");
    }
    assert!(matches!(ledger.append_all(&[entry(4), entry(9)]), Err(LedgerError::Refused(_))));
    assert_eq!(ledger.head().unwrap(), before, "all or none");
    ledger.append(&entry(ledger.decided().unwrap())).unwrap();
}

#[test]
fn observations_that_vanished_are_found_by_the_entries_that_rest_on_them() {
    let home = Home::new();
    drop(five(&home));
    home.tamper("DELETE FROM observations WHERE seq = 4");
    let broken = broken(&home);
    assert_eq!(broken.seq, 5);
    assert!(broken.why.contains("beyond the last observation 3"), "{broken}");
}
