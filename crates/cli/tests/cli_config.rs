//! `candor config`: ten mistakes told in one run, a good file with its cost, the resolved form without its secrets,
//! and the schema.

mod support;

use std::path::Path;

use support::candor::{candor, finish, run};
use support::normal::assert_narrow;

const TEN_MISTAKES: &str = r#"# Ten mistakes, each of another kind.
page:
  titel: Shop status
  listen: 8080
places: [gb, no]
vantages:
  london: {in: fr}
defaults:
  every: 30
  timeout: 20m
  quorum: most
services:
  - id: Shop
    capabilities:
      browse:
        journey:
          - get: https://shop.example/{palce}/
            expect: {status: 2000}
      buy:
        journey:
          - psot: https://shop.example/orders
"#;

const GOOD: &str = r#"places: [gb, in]
services:
  - id: shop
    name: Shop
    capabilities:
      browse:
        journey:
          - get: https://shop.example/{place}/
            expect: {status: 200, text: "Top charts"}
      buy:
        journey:
          - post: https://id.shop.example/sign-in
            json: {user: "${PROBE_USER}", password: "${PROBE_PASSWORD}"}
            capture: {token: $.token}
          - post: https://buy.shop.example/orders
            headers: {authorization: "Bearer {token}"}
            json: {item: probe-item, key: "{run}"}
            expect: {status: 201}
"#;

fn file(folder: &Path, text: &str) {
    std::fs::write(folder.join("candor.yaml"), text).expect("a config can be written");
}

#[test]
fn ten_mistakes_are_ten_faults_in_one_run_each_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), TEN_MISTAKES);
    let said = run(folder.path(), &["config", "check"]);
    assert_eq!(said.code, Some(2));
    let places: Vec<&str> = said.err.lines().filter_map(|line| line.trim().strip_prefix("--> ")).collect();
    let expected =
        [(3, 3), (4, 11), (7, 16), (9, 10), (10, 12), (11, 11), (13, 9), (17, 39), (18, 30), (21, 13)];
    assert_eq!(places, expected.map(|(line, column)| format!("candor.yaml:{line}:{column}")));
    assert_narrow(&said.err);
    insta::assert_snapshot!(said.all());
}

#[test]
fn a_good_file_is_told_with_what_it_costs_its_targets() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), GOOD);
    let mut command = candor(folder.path());
    let said = finish(
        command.args(["config", "check"]).env("PROBE_USER", "probe").env("PROBE_PASSWORD", "hunter2-example"),
    );
    said.ended(0);
    assert_narrow(&said.all());
    insta::assert_snapshot!(said.all());
}

#[test]
fn the_resolved_form_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), GOOD);
    let mut command = candor(folder.path());
    command.env("PROBE_USER", "probe-account").env("PROBE_PASSWORD", "hunter2-example");
    let said = finish(command.args(["config", "show"]));
    let shown = said.ended(0);
    assert!(!shown.contains("hunter2-example") && !shown.contains("probe-account"), "{shown}");
    for default in ["buy.shop.example", "every", "quorum", "lease"] {
        assert!(shown.contains(default), "{default} is missing in\n{shown}");
    }
}

/// The faults that a refused secret leads to do not print it either.
#[test]
fn a_fault_does_not_print_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), &GOOD.replace("status: 201", "status: \"${PROBE_PASSWORD}\""));
    let mut command = candor(folder.path());
    command.env("PROBE_USER", "probe-account").env("PROBE_PASSWORD", "hunter2-example");
    let said = finish(command.args(["config", "check"]));
    assert_eq!(said.code, Some(2), "{}", said.all());
    assert!(!said.all().contains("hunter2-example"), "{}", said.all());
}

#[test]
fn an_unset_variable_is_a_fault_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), GOOD);
    let said = run(folder.path(), &["config", "check"]);
    insta::assert_snapshot!(said.all());
}

#[test]
fn the_schema_is_a_json_schema_of_the_words_of_the_language() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(folder.path(), &["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(said.ended(0)).expect("the schema is JSON");
    let dialect = schema.get("$schema").and_then(serde_json::Value::as_str).unwrap_or_default();
    assert!(dialect.starts_with("https://json-schema.org/"), "{dialect}");
    for word in ["page", "places", "vantages", "defaults", "services", "maintenance", "keep"] {
        assert!(schema.pointer(&format!("/properties/{word}")).is_some(), "{word}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(run(folder.path(), &["config", "check"]).all());
}
