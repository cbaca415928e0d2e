//! `candor check` against nginx: one journey passes and one fails, printed for people, programs and CI.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use support::candor::{candor, finish, run};
use support::http::{list, text};
use support::nginx::Nginx;
use support::normal::{MS, PORT, SECONDS, TIME, TOOK, assert_narrow, normal};
use support::origin::{Mood, Origin};

/// A shop on this port: browsing works, buying answers 503, the help desk is a service of its own.
fn shop(folder: &Path, port: u16) {
    let config = format!(
        r#"places: [gb, in]
defaults: {{timeout: 5s, deadline: 10s}}
services:
  - id: shop
    name: Shop
    capabilities:
      browse: {{journey: [{{get: "http://127.0.0.1:{port}/", expect: {{text: Top charts}}}}]}}
      buy:
        journey:
          - get: http://127.0.0.1:{port}/
          - get: http://127.0.0.1:{port}/buy
  - id: help
    name: Help & support
    places: none
    capabilities:
      read: {{journey: [{{get: "http://127.0.0.1:{port}/"}}]}}
"#
    );
    std::fs::write(folder.join("candor.yaml"), config).expect("a config can be written");
}

#[test]
fn people_read_what_failed_at_which_step_and_who_must_act() {
    let (folder, nginx) = (tempfile::tempdir().unwrap(), Nginx::start());
    shop(folder.path(), nginx.port);
    let said = run(folder.path(), &["check"]);
    said.ended(1);
    assert_narrow(&said.all());
    insta::assert_snapshot!(normal(&said.all(), &[PORT, TOOK]));
}

#[test]
fn all_that_pass_end_with_0() {
    let (folder, nginx) = (tempfile::tempdir().unwrap(), Nginx::start());
    shop(folder.path(), nginx.port);
    let said = run(folder.path(), &["check", "candor.yaml", "help"]);
    said.ended(0);
    insta::assert_snapshot!(normal(&said.all(), &[PORT, TOOK]));
}

/// The names of an object's fields.
fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

#[test]
fn programs_get_the_object_of_the_contract_and_no_other() {
    let (folder, nginx) = (tempfile::tempdir().unwrap(), Nginx::start());
    shop(folder.path(), nginx.port);
    let said = run(folder.path(), &["check", "--format", "json"]);
    let report: Value = serde_json::from_str(said.ended(1)).expect("the report is JSON");
    assert_eq!(keys(&report), ["as_of", "checks"].into());
    let checks = list(&report, "/checks");
    assert_eq!(checks.len(), 5);
    for check in checks {
        let expected =
            ["service", "capability", "place", "vantage", "passed", "fault", "steps", "took_ms"].into();
        assert_eq!(keys(check), expected);
        let buys = text(check, "/capability") == "buy";
        assert_eq!(check.get("passed"), Some(&Value::Bool(!buys)));
        match check.get("fault") {
            Some(Value::Null) => assert!(!buys),
            Some(fault) => {
                assert_eq!(keys(fault), ["layer", "kind", "step", "detail", "act"].into());
                assert_eq!((text(fault, "/layer"), text(fault, "/kind")), ("http", "status"));
                assert_eq!((fault.get("step"), text(fault, "/act")), (Some(&Value::from(1)), "service"));
            }
            None => panic!("no fault field in {check}"),
        }
        for step in list(check, "/steps") {
            assert_eq!(keys(step), ["step", "target", "passed", "phases", "address"].into());
            let phases = step.get("phases").expect("asserted above");
            let expected = ["dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "body_ms"].into();
            assert_eq!(keys(phases), expected);
        }
    }
    insta::assert_snapshot!(normal(&said.out, &[PORT, TIME, MS]));
}

/// What Python's parser, which CI systems use too, finds in a JUnit report.
const READ_JUNIT: &str = "import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.stdin).getroot()
for suite in root:
    print(suite.tag, suite.get('name'), suite.get('tests'), suite.get('failures'), suite.get('errors'))
    for case in suite:
        print(' ', case.tag, case.get('classname'), case.get('name'), [(c.tag, c.get('type')) for c in case])
";

#[test]
fn ci_systems_get_junit_that_is_well_formed() {
    let (folder, nginx) = (tempfile::tempdir().unwrap(), Nginx::start());
    shop(folder.path(), nginx.port);
    let said = run(folder.path(), &["check", "--format", "junit"]);
    let junit = said.ended(1);
    std::fs::write(folder.path().join("candor.xml"), junit).unwrap();
    insta::assert_snapshot!("junit", normal(junit, &[PORT, TIME, SECONDS]));
    let report = std::fs::File::open(folder.path().join("candor.xml")).unwrap();
    let read = std::process::Command::new("python3").args(["-c", READ_JUNIT]).stdin(report).output();
    let read = read.expect("this test reads XML with python3: install the Debian package python3");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    insta::assert_snapshot!("junit_as_python_reads_it", String::from_utf8_lossy(&read.stdout));
}

#[test]
fn what_cannot_run_ends_with_2_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let missing = run(folder.path(), &["check"]);
    insta::assert_snapshot!("missing_file", missing.all());
    shop(folder.path(), 1);
    insta::assert_snapshot!("unknown_service", run(folder.path(), &["check", "candor.yaml", "mail"]).all());
    insta::assert_snapshot!("bad_url", run(folder.path(), &["check", "https://"]).all());
    insta::assert_snapshot!("url_with_password", {
        let said = run(folder.path(), &["check", "https://user:hunter2-example@shop.example/"]);
        assert!(!said.all().contains("hunter2-example"), "{}", said.all());
        said.all()
    });
    std::fs::write(folder.path().join("candor.yaml"), "services: 7\n").unwrap();
    assert_eq!(run(folder.path(), &["check"]).code, Some(2));
}

#[test]
fn a_site_is_checked_with_no_file_at_all() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    let good = run(folder.path(), &["check", &origin.url()]);
    good.ended(0);
    insta::assert_snapshot!("url_that_works", normal(&good.all(), &[PORT, TOOK]));
    origin.be(Mood::Broken);
    let bad = run(folder.path(), &["check", &origin.url()]);
    bad.ended(1);
    insta::assert_snapshot!("url_that_fails", normal(&bad.all(), &[PORT, TOOK]));
}

/// Nothing on that port speaks TLS.
#[test]
fn an_https_site_that_speaks_no_tls_fails_at_that_layer() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    let url = origin.url().replace("http:", "https:");
    let said = run(folder.path(), &["check", &url, "--format", "json"]);
    let report: Value = serde_json::from_str(said.ended(1)).expect("the report is JSON");
    for check in list(&report, "/checks") {
        assert_eq!(text(check, "/fault/layer"), "tls", "{check:#}");
    }
}

/// `candor check | grep -q …` under `pipefail`: a journey that failed stays failed though nobody reads the words.
#[test]
fn a_failure_is_told_by_the_exit_code_though_nobody_reads() {
    let (folder, origin) = (tempfile::tempdir().unwrap(), Origin::start());
    origin.be(Mood::Broken);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let ended = candor(folder.path()).args(["check", &origin.url()]).stdout(writer).status();
    assert_eq!(ended.expect("the binary starts").code(), Some(1));
    let said = finish(candor(folder.path()).args(["check", &origin.url()]));
    assert_eq!(said.code, Some(1));
}
