//! What users are told of a finding, kept beside the tests; the table in docs/dns.md is made from these files.

use candor_core::finding::Finding;
use candor_page::{Language, finding_words};

/// Compares what is told with the file of this name. Key tags differ from run to run, as keys do.
#[track_caller]
pub fn tell(case: &str, finding: &Finding) {
    let told = finding_words(finding, Language::English);
    let text = format!(
        "class: {}\nwords: {}\nwhere: {}\nseen: {}\nwho: {}\nnext: {}",
        finding.what.class(),
        told.words,
        told.place,
        told.seen,
        told.act,
        told.next
    );
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../told"}, {
        insta::assert_snapshot!(case, stable(&text));
    });
}

/// Moments, ports, key tags and what is left of a time as letters.
fn stable(text: &str) -> String {
    let is_signed = text.starts_with("class: F13") || text.starts_with("class: F14");
    let is_cached = text.starts_with("class: F15");
    text.split_inclusive([' ', '\n']).map(|word| steady(word, is_signed, is_cached)).collect()
}

fn steady(word: &str, is_signed: bool, is_cached: bool) -> String {
    let bare = word.trim_end().trim_end_matches(['.', ',', ';', ':']);
    let all_digits = |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit());
    if bare.len() == 10 && bare.matches('-').count() == 2 {
        word.replace(bare, "DATE")
    } else if bare.len() == 5 && bare.get(2..3) == Some(":") {
        word.replace(bare, "TIME")
    } else if is_signed && bare.len() > 2 && all_digits(bare) {
        word.replace(bare, "TAG")
    } else if is_cached && all_digits(bare) {
        word.replace(bare, "SOME")
    } else if let Some((ip, port)) = bare.rsplit_once(':').filter(|(_, port)| all_digits(port)) {
        word.replace(&format!("{ip}:{port}"), &format!("{ip}:PORT"))
    } else {
        word.to_owned()
    }
}
