//! Evidence with secrets in it: parts are a secret, another, a line, and a body. What comes out holds neither secret,
//! and keeps its bounds.
#![no_main]

use candor_core::observation::Evidence;
use candor_fuzz::parts;
use candor_probe::fuzzing::redacted;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parts = parts(text.as_bytes());
    let part =
        |at: usize| std::str::from_utf8(parts.get(at).copied().unwrap_or_default()).unwrap_or_default();
    let secrets = [part(0), part(1)];
    // In every second line a secret stands for `@`, so that it need not be guessed.
    let filled = |text: &str| text.replace('@', secrets[0]);
    let lines = part(2).lines().map(filled).collect();
    let shown = redacted(&secrets, &Evidence { lines, body: filled(part(3)) });
    assert!(shown.lines.len() <= 40 && shown.body.len() <= 2_048, "out of bounds");
    for line in shown.lines.iter().chain([&shown.body]) {
        for secret in secrets.iter().filter(|secret| !secret.is_empty() && !secret.contains('•')) {
            assert!(!line.contains(secret), "{secret:?} is shown: {line:?}");
        }
    }
    assert!(shown.lines.iter().all(|line| line.len() <= 200 && !line.chars().any(char::is_control)));
});
