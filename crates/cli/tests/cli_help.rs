//! What people see who ask the binary about itself: help, completions, man pages, and what it says to nonsense.

mod support;

use std::process::{Command, Stdio};

use support::candor::{candor, files_in, finish, run};
use support::normal::{VERSION, assert_narrow, normal};

/// Runs the binary where no files are, and returns all that it said.
fn said(words: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("an empty folder");
    run(folder.path(), words).all()
}

#[test]
fn help_of_every_command_fits_80_columns() {
    for words in [
        &["--help"][..],
        &["help", "serve"],
        &["help", "check"],
        &["help", "explain"],
        &["help", "config"],
        &["help", "config", "check"],
        &["help", "config", "schema"],
        &["help", "config", "show"],
        &["help", "ledger"],
        &["help", "ledger", "backup"],
        &["help", "demo"],
        &["help", "demo", "break"],
        &["help", "zone"],
        &["help", "zone", "serve"],
        &["help", "zone", "versions"],
        &["help", "zone", "rollback"],
        &["help", "completions"],
        &["help", "man"],
    ] {
        let help = said(words);
        assert_narrow(&help);
        insta::assert_snapshot!(words.join("_").trim_start_matches('-').to_owned(), help);
    }
}

#[test]
fn the_version_is_one_line() {
    insta::assert_snapshot!(normal(&said(&["--version"]), &[VERSION]), @"
    candor VERSION
    -- standard error --
    -- exit 0 --
    ");
}

#[test]
fn a_word_that_is_no_command_is_answered_with_the_nearest() {
    insta::assert_snapshot!(said(&["chek"]));
}

#[test]
fn without_a_word_the_help_is_shown_and_nothing_runs() {
    let nothing = said(&[]);
    assert!(nothing.contains("Usage: candor [OPTIONS] <COMMAND>"), "{nothing}");
    assert!(nothing.ends_with("-- exit 2 --\n"), "{nothing}");
}

#[test]
fn completions_know_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let completions = run(folder.path(), &["completions", shell]);
        for command in ["serve", "check", "config", "ledger", "demo", "zone"] {
            assert!(completions.ended(0).contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn bash_can_read_its_completions() {
    let folder = tempfile::tempdir().unwrap();
    let completions = run(folder.path(), &["completions", "bash"]);
    std::fs::write(folder.path().join("candor.bash"), completions.ended(0)).unwrap();
    let read = Command::new("bash").arg("-n").arg(folder.path().join("candor.bash")).status();
    assert!(read.expect("bash runs").success());
}

/// mandoc (Debian package `mandoc`) reads each page strictly where it is installed; the pages are read either way.
#[test]
fn every_command_has_a_man_page_that_is_well_formed() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["man", "."]).ended(0);
    let pages = files_in(folder.path());
    for name in ["candor.1", "candor-serve.1", "candor-check.1", "candor-ledger-verify.1", "candor-demo.1"] {
        assert!(pages.contains(&folder.path().join(name)), "{name} is missing in {pages:?}");
    }
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{}", page.display());
        if let Ok(read) = Command::new("mandoc").args(["-Tlint", "-Wunsupp"]).arg(page).output() {
            let found = String::from_utf8_lossy(&read.stdout);
            assert!(read.status.success(), "{}: {found}", page.display());
        }
    }
}

#[test]
fn man_pages_need_a_folder_that_exists() {
    insta::assert_snapshot!(said(&["man", "nowhere"]), @"
    -- standard error --
    error: nowhere is not a folder; create it first
    -- exit 2 --
    ");
}

/// `candor … | head -1`: the reader goes while the binary still writes.
#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["--help"][..], &["config", "schema"], &["completions", "bash"], &["man", "."]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = candor(folder.path());
        let ended = command.args(words).stdout(Stdio::from(writer)).stderr(Stdio::piped()).output();
        let ended = ended.expect("the binary starts");
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert!(!errors.contains("panicked"), "{words:?}: {errors}");
        assert!(matches!(ended.status.code(), Some(0..=2)), "{words:?}: {:?} {errors}", ended.status);
    }
}

#[test]
fn broken_arguments_end_with_2_and_name_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    for (words, named) in [
        (&["serve", "--listen", "everywhere"][..], "everywhere"),
        (&["check", "--format", "xml"], "xml"),
        (&["zone", "serve"], "FILE"),
        (&["completions", "tcsh"], "tcsh"),
    ] {
        let said = finish(candor(folder.path()).args(words));
        assert_eq!(said.code, Some(2), "{}", said.all());
        assert!(said.err.contains(named), "{}", said.all());
    }
}
