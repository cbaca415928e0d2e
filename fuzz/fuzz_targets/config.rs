//! A whole configuration, one file or several: it ends in a plan that can be shown, or in faults with their places.
//! What the environment keeps secret is never shown.
#![no_main]

use candor_config::{Source, SourceFile, cost, resolve, show};
use candor_fuzz::parts;
use candor_fuzz::surroundings::{SECRET, Surroundings, now};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut source = Source::of_text("0.yaml", "");
    let files = parts(text.as_bytes()).into_iter().enumerate();
    let file =
        |(n, part): (usize, &[u8])| SourceFile::new(&format!("{n}.yaml"), &String::from_utf8_lossy(part));
    source.files = files.map(file).collect();
    let said = match resolve(&source, &Surroundings, now()) {
        Ok(resolved) => {
            let cost = cost(&resolved.plan);
            format!("{}\n{cost:?}", show(&resolved.plan))
        }
        Err(faults) => {
            assert!(!faults.0.is_empty(), "refused without a reason");
            for fault in &faults.0 {
                let place = source.files.iter().find_map(|file| file.text.get(fault.span.clone()));
                assert!(place.is_some(), "a fault without a place: {fault:?}");
                assert!(!fault.message.is_empty() && fault.line > 0 && fault.column > 0);
            }
            faults.render(&source, false) + &faults.render(&source, true)
        }
    };
    assert!(text.contains(SECRET) || !said.contains(SECRET), "the secret is shown");
});
