//! What a careless or malicious hand can do to the command line: results that nobody can receive, arguments that are no
//! text, targets that are neither file nor site, and a config that is changed for the worse while a hub runs.

mod support;

use std::ffi::OsStr;
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use support::candor::{Running, candor, finish, run};
use support::http::{status, text};
use support::normal::assert_narrow;
use support::origin::Origin;
use support::wait_for;

const GOOD: &str = "page: {listen: \"127.0.0.1:0\"}\noperate: {listen: \"127.0.0.1:0\"}\ndefaults: {every: 1s, timeout: 500ms}\nservices:\n- {id: shop, capabilities: {open: {journey: [{get: \"URL\"}]}}}\n";

fn write(folder: &Path, text: &str) {
    std::fs::write(folder.join("candor.yaml"), text).expect("a config can be written");
}

/// A process that is gone when the test is.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Every command that prints results, with what it needs.
fn printing(folder: &Path, origin: &Origin) -> Vec<Vec<&'static str>> {
    write(folder, &GOOD.replace("URL", &origin.url()));
    vec![
        vec!["--help"],
        vec!["--version"],
        vec!["help", "serve"],
        vec!["config", "check"],
        vec!["config", "show"],
        vec!["config", "schema"],
        vec!["check"],
        vec!["check", "--format", "json"],
        vec!["check", "--format", "junit"],
        vec!["completions", "bash"],
        vec!["man"],
        vec!["man", "."],
    ]
}

#[test]
fn results_that_could_not_be_written_are_an_error() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    for words in printing(folder.path(), &origin) {
        let full = File::options().write(true).open("/dev/full").expect("Linux has /dev/full");
        let ended = candor(folder.path()).args(&words).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{words:?}: {errors}");
        assert!(
            errors.contains("could not be written") && errors.contains("No space left"),
            "{words:?}: {errors}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_had_enough_and_nothing_is_said() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    for words in printing(folder.path(), &origin) {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended =
            candor(folder.path()).args(&words).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{words:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{words:?}");
    }
}

/// The disk of the log is full, or its terminal gone: that is nobody's harm.
#[test]
fn a_hub_whose_log_cannot_be_written_goes_on() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let config = GOOD
        .replace("URL", &origin.url())
        .replace("page: {listen: \"127.0.0.1:0\"}", &format!("page: {{listen: \"127.0.0.1:{port}\"}}"));
    write(folder.path(), &config);
    let full = || File::options().write(true).open("/dev/full").expect("Linux has /dev/full");
    let mut hub =
        Killed(candor(folder.path()).args(["serve", "-vv"]).stdout(full()).stderr(full()).spawn().unwrap());
    let green = || status(port).filter(|seen| text(seen, "/overall") == "operational");
    wait_for("it is green", Duration::from_secs(30), green);
    write(folder.path(), "services: [");
    // The refusal is a line of the log that cannot be written.
    std::thread::sleep(Duration::from_secs(2));
    wait_for("it still answers", Duration::from_secs(30), green);
    let sent = std::process::Command::new("kill").args(["-s", "TERM", &hub.0.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    assert_eq!(hub.0.wait().unwrap().code(), Some(0));
}

#[test]
fn what_is_neither_file_nor_site_is_answered_with_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    for (target, says) in [
        ("127.0.0.1:1", "http://127.0.0.1:1"),
        ("shop.example", "https://shop.example"),
        ("ftp://shop.example", "not the URL of a site"),
        ("http://shop.example:0", "not the URL of a site"),
        ("https://user:secret@shop.example", "without user and password"),
        ("nothing.yaml", "No such file"),
        ("/dev/zero", "not a regular file"),
        ("a\u{1b}[31mb.c", "No such file"),
        ("http://a\u{1b}[31mb", "not the URL of a site"),
    ] {
        for command in ["check", "serve"] {
            let said = run(folder.path(), &[command, target]);
            assert_eq!(said.code, Some(2), "{target}: {}", said.all());
            assert!(said.err.contains(says), "{target}: {}", said.all());
            assert!(
                !said.err.contains(['\u{1b}']) && !said.err.contains("secret"),
                "{target}: {:?}",
                said.err
            );
        }
    }
    assert!(!folder.path().join("candor.db").exists(), "nothing is made for what does not start");
}

#[test]
fn a_scheme_in_capitals_is_a_site() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    run(folder.path(), &["check", &origin.url().replace("http://", "HTTP://")]).ended(0);
}

#[test]
fn arguments_that_are_no_text_or_absurdly_long_end_in_a_short_error() {
    let folder = tempfile::tempdir().unwrap();
    let (raw, long) = (OsStr::from_bytes(b"\xff\xfe\x1b[31m.yaml"), "x".repeat(100_000));
    for words in [
        vec![OsStr::new("check"), raw],
        vec![OsStr::new("serve"), raw],
        vec![OsStr::new("config"), OsStr::new("check"), raw],
        vec![OsStr::new("check"), OsStr::new("--format"), raw],
        vec![raw],
        vec![OsStr::new(&long)],
        vec![OsStr::new("check"), OsStr::new("--format"), OsStr::new(&long)],
        vec![OsStr::new("--no-such-flag\u{1b}[2J")],
        vec![OsStr::new("demo"), OsStr::new("break"), OsStr::new(&long)],
    ] {
        let said = finish(candor(folder.path()).args(&words));
        assert_eq!(said.code, Some(2), "{}", said.all());
        assert!(said.err.len() < 5_000 && !said.err.contains(['\u{1b}', '\0']), "{:?}", said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
    }
}

#[test]
fn a_file_whose_name_is_no_text_is_read_all_the_same() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    let name = OsStr::from_bytes(b"\xff.yaml");
    std::fs::write(folder.path().join(name), GOOD.replace("URL", &origin.url())).unwrap();
    finish(candor(folder.path()).arg("check").arg(name)).ended(0);
    finish(candor(folder.path()).args(["config", "check"]).arg(name)).ended(0);
}

#[test]
fn more_faults_than_anybody_reads_are_counted_as_the_first() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &format!("services:\n{}", "- {idd: 1}\n".repeat(5_000)));
    let said = run(folder.path(), &["config", "check"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.trim_end().ends_with("the first 500 faults in candor.yaml"), "{}", said.err.len());
    assert_narrow(&said.err);
}

#[test]
fn without_a_folder_the_first_man_page_goes_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let page = run(folder.path(), &["man"]);
    assert!(page.ended(0).contains(".TH candor 1") && page.out.contains(".SH SYNOPSIS"), "{}", page.out);
}

/// What came of a change is in the log without being asked for.
#[test]
fn a_changed_refused_and_mended_config_is_each_a_line_of_the_log() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    let good = GOOD.replace("URL", &origin.url());
    write(folder.path(), &good);
    let mut hub = Running::start(candor(folder.path()).arg("serve"));
    hub.after("Status page");
    let more = good.replace("id: shop", "ids: [shop, mail]");
    write(folder.path(), &more);
    let line = hub.after("the changed config is in force: ");
    assert!(line.starts_with("2 cells, 1 added, 0 removed, 0 changed; hash "), "{line}");
    write(folder.path(), &format!("{more}oops: 1\n"));
    hub.after("a changed config is refused; the old one stays in force:");
    hub.after("`oops` is not known here");
    write(folder.path(), &more);
    let line = hub.after("the mended config is as it was before: ");
    assert!(line.starts_with("2 cells, 0 added, 0 removed, 0 changed; hash "), "{line}");
    write(folder.path(), &good.replace("every: 1s", "every: 2s"));
    wait_for("the next change is said", Duration::from_secs(30), || {
        hub.noted().contains(": 1 cell, 0 added, 1 removed, 1 changed; hash ").then_some(())
    });
    assert_eq!(hub.stop().code(), Some(0));
}
