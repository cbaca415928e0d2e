//! What the README shows works as it is written: its configuration resolves, and its levers exist.

use std::path::Path;

use candor_config::{Process, Source, SourceFile, resolve};
use candor_core::Timestamp;
use candor_estate::levers;

/// The README, at the root of the repository.
fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    std::fs::read_to_string(path).expect("the repository has a README")
}

/// The blocks of this language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(block, _)| block.into())
        .collect()
}

#[test]
fn the_configuration_of_the_readme_resolves_without_a_warning() {
    let blocks = blocks(&readme(), "yaml");
    assert!(!blocks.is_empty(), "the README shows a configuration");
    let now: Timestamp = "2015-03-11T09:00:00Z".parse().expect("a time");
    for block in blocks {
        let source = Source { files: vec![SourceFile::new("candor.yaml", &block)], folder: ".".into() };
        match resolve(&source, &Process, now) {
            Ok(resolved) => assert!(resolved.warnings.is_empty(), "{:#?}", resolved.warnings),
            Err(faults) => panic!("{faults}"),
        }
    }
}

#[test]
fn the_levers_of_the_readme_exist() {
    let text = readme();
    let words = ["candor demo break ", "candor demo mend "];
    let named: Vec<&str> = words
        .iter()
        .flat_map(|word| text.split(word).skip(1))
        .filter_map(|rest| rest.split(['`', ' ', '\n']).next())
        .filter(|word| !word.starts_with('-'))
        .collect();
    assert!(named.len() >= 5, "the README says what to try: {named:?}");
    for name in named {
        assert!(levers::ALL.iter().any(|lever| lever.id == name), "there is no lever {name}");
    }
}
