//! P11: the cause is named right at first, within seconds of detection, and the DNS is never accused wrongly, over seeded
//! variations of every kind of cause, two at once among them. One that fails is printed, and can be replayed from a file.

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use candor_stage::variations::text;
use support::candor::run;

/// Variations that are played.
const VARIATIONS: u64 = 66;
/// Of a hundred, so many must be right.
const RIGHT: u64 = 95;
/// Played at once.
const AT_ONCE: usize = 2;

/// What came of one.
#[derive(Debug)]
struct Outcome {
    seed: u64,
    right: bool,
    accused: bool,
    said: String,
}

fn play(seed: u64) -> Outcome {
    let folder = tempfile::tempdir().expect("an empty folder");
    let file = folder.path().join("variation.yaml");
    std::fs::write(&file, text(seed)).expect("room for a scenario");
    let file = file.to_str().expect("a path in UTF-8");
    let said = run(folder.path(), &["replay", file, "--simulated", "--seed", "1", "--format", "json"]);
    let score: serde_json::Value = serde_json::from_str(&said.out).unwrap_or_default();
    let broken = score.pointer("/scores/broken").and_then(|broken| broken.as_array()).cloned();
    let broken: Vec<String> =
        broken.unwrap_or_default().iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect();
    let right = score.pointer("/scores/cause_right") == Some(&serde_json::Value::Bool(true));
    let accused = broken.iter().any(|line| line.contains("nothing was wrong with the DNS"));
    let of_cause: Vec<String> = broken.into_iter().filter(|line| line.ends_with("(P11)")).collect();
    let right = right && of_cause.is_empty();
    let said = if score.is_null() { said.all() } else { of_cause.join("\n") };
    Outcome { seed, right, accused, said }
}

#[test]
fn causes_are_named_right_at_first_and_the_dns_is_never_accused_wrongly() {
    let (next, all) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= VARIATIONS {
                        return;
                    }
                    let outcome = play(seed);
                    all.lock().expect("nobody panicked").push(outcome);
                }
            });
        }
    });
    let mut all = all.into_inner().expect("nobody panicked");
    all.sort_by_key(|outcome| outcome.seed);
    let wrong: Vec<&Outcome> = all.iter().filter(|outcome| !outcome.right).collect();
    let told: Vec<String> =
        wrong.iter().map(|o| format!("seed {}: {}\n{}", o.seed, o.said, text(o.seed))).collect();
    let told = told.join("\n");
    assert!(all.iter().all(|outcome| !outcome.accused), "the DNS was accused wrongly:\n{told}");
    let right = VARIATIONS - u64::try_from(wrong.len()).expect("a small number");
    println!("{right} of {VARIATIONS} causes were named right at first\n{told}");
    assert!(right * 100 >= VARIATIONS * RIGHT, "{right} of {VARIATIONS} are right:\n{told}");
}
