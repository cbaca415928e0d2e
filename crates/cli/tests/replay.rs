//! `candor replay`: every scenario of the repository keeps the bounds of detection, false green and scope, with several
//! seeds; and a scenario from anywhere runs the same way.

mod support;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use support::candor::run;
use support::normal::assert_narrow;

/// Seeds that each scenario is played with.
const SEEDS: &str = "2";

/// Scenarios that are played at once.
const AT_ONCE: usize = 2;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

fn scenarios() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(repository().join("scenarios")).expect("the folder of scenarios");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "yaml"));
    files.sort();
    files
}

fn words(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn every_scenario_keeps_its_bounds_with_several_seeds() {
    let left = Mutex::new(scenarios());
    let broken = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let next = || left.lock().expect("nobody panicked").pop();
                while let Some(path) = next() {
                    let folder = tempfile::tempdir().expect("an empty folder");
                    // Thirteen hours are long without optimisation.
                    let seeds = if path.ends_with("the-day.yaml") { "1" } else { SEEDS };
                    let said = run(folder.path(), &["replay", words(&path), "--simulated", "--seeds", seeds]);
                    if said.code != Some(0) {
                        broken.lock().expect("nobody panicked").push(format!(
                            "{}\n{}",
                            path.display(),
                            said.all()
                        ));
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().expect("nobody panicked");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_run_is_told_in_80_columns_and_is_the_same_each_time() {
    let folder = tempfile::tempdir().expect("an empty folder");
    let file = repository().join("scenarios/certificate-expired.yaml");
    let said = run(folder.path(), &["replay", words(&file), "--seed", "7"]);
    assert_narrow(&said.out);
    for words in [
        "cause  the certificate of us.apps has expired",
        "outage: ",
        "apps browse          truth ─",
        "passed",
    ] {
        assert!(said.out.contains(words), "{words} is missing in\n{}", said.all());
    }
    let again = run(folder.path(), &["replay", words(&file), "--seed", "7"]);
    assert_eq!(said.out, again.out);
}

#[test]
fn programs_get_the_object_of_the_contract_and_people_a_report() {
    let folder = tempfile::tempdir().expect("an empty folder");
    let file = repository().join("scenarios/place-cut.yaml");
    let report = folder.path().join("cut.html");
    let said = run(folder.path(), &["replay", words(&file), "--format", "json", "--report", words(&report)]);
    let object: serde_json::Value = serde_json::from_str(said.ended(0)).expect("one object");
    for key in ["scenario", "seed", "mode", "truth", "scores", "passed"] {
        assert!(object.get(key).is_some(), "{key} is missing");
    }
    for key in [
        "detected_s",
        "false_green_s",
        "false_red_s",
        "unknown_s",
        "cause_right",
        "cause_s",
        "scope_right",
        "recovered_s",
    ] {
        assert!(object["scores"].get(key).is_some(), "{key} is missing");
    }
    assert_eq!((object["mode"].as_str(), object["passed"].as_bool()), (Some("simulated"), Some(true)));
    let html = std::fs::read_to_string(&report).expect("a report");
    // The name of SVG's namespace, within a picture, is asked of nobody.
    let reaches_out = html.replace("http://www.w3.org/2000/svg", "").contains("http");
    assert!(html.contains("<svg") && !html.contains("<script") && !reaches_out);
}

#[test]
fn what_comes_and_goes_is_one_incident_and_blindness_is_none() {
    for (name, incidents) in [("flapping", 1), ("watcher-cut", 0), ("watcher-cut-in-one-place", 0)] {
        let folder = tempfile::tempdir().expect("an empty folder");
        let file = repository().join(format!("scenarios/{name}.yaml"));
        let said = run(folder.path(), &["replay", words(&file), "--format", "json"]);
        let object: serde_json::Value = serde_json::from_str(said.ended(0)).expect("one object");
        assert_eq!(object["scores"]["incidents"], incidents, "{name}");
    }
}

#[test]
fn the_example_of_the_docs_runs_as_it_stands_there() {
    let docs = std::fs::read_to_string(repository().join("docs/scenarios.md")).expect("docs/scenarios.md");
    let (_, rest) = docs.split_once("```yaml\n").expect("the example");
    let (example, _) = rest.split_once("```").expect("its end");
    let folder = tempfile::tempdir().expect("an empty folder");
    std::fs::write(folder.path().join("mine.yaml"), example).expect("a file");
    let said = run(folder.path(), &["replay", "mine.yaml"]);
    assert!(said.ended(0).contains("passed"));
}

#[test]
fn what_cannot_be_played_ends_with_2_and_says_why() {
    let folder = tempfile::tempdir().expect("an empty folder");
    let text = "scenario: Mine\nlasts: 10m\ntimeline:\n  - {at: 2m, for: 1m, kil: commerce}\n";
    std::fs::write(folder.path().join("mine.yaml"), text).expect("a file");
    insta::assert_snapshot!("faulty", run(folder.path(), &["replay", "mine.yaml"]).all());
    insta::assert_snapshot!("missing", run(folder.path(), &["replay", "nothing.yaml"]).all());
    insta::assert_snapshot!("folder", run(folder.path(), &["replay", "."]).all());
}

#[test]
fn what_cannot_be_played_live_is_refused_before_anything_starts_and_simulated_plays_it() {
    let folder = tempfile::tempdir().expect("an empty folder");
    let causes = [
        ("expire-certificate: id", "storefronts"),
        ("link: {copy: ns4, drop: 30%}", "name servers can be cut"),
        ("slow-disk: {role: commerce, by: 2m}", "a minute at most"),
    ];
    for (cause, why) in causes {
        let text = format!("scenario: Mine\nlasts: 10m\ntimeline:\n  - {{at: 2m, for: 4m, {cause}}}\n");
        std::fs::write(folder.path().join("mine.yaml"), text).expect("a file");
        let said = run(folder.path(), &["replay", "mine.yaml", "--live"]);
        assert_eq!(said.code, Some(2), "{}", said.all());
        assert!(said.err.contains(why) && said.err.contains("--simulated plays it"), "{}", said.all());
        assert!(!said.err.contains("Starting"), "{}", said.all());
    }
}
