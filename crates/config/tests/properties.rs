//! Whatever the text, resolving it ends and never panics; what it reads is bounded.

mod common;

use std::fs;

use candor_config::{FILE_MAX, ReadError, Source, for_url, resolve, show};
use proptest::prelude::*;

const SHOP: &str = include_str!("../../../examples/shop.yaml");
const MAIL: &str = include_str!("../../../examples/mail.yaml");

fn survive(text: &str) {
    let source = Source::of_text("candor.yaml", text);
    match resolve(&source, &common::environment(), common::now()) {
        Ok(resolved) => drop(show(&resolved.plan)),
        Err(faults) => {
            assert!(!faults.0.is_empty(), "refused without a reason");
            for fault in &faults.0 {
                assert!(source.files.iter().all(|f| f.text.get(fault.span.clone()).is_some()), "{fault:?}");
            }
            drop(faults.render(&source, true));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_a_plan_or_in_faults(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survive(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_yaml_like_text_ends(text in "[-a-z0-9:{}\\[\\]&*!|>'\"%@`#,?$\n\t .é]{0,300}") {
        survive(&text);
    }

    #[test]
    fn a_damaged_config_ends(
        sample in prop_oneof![Just(SHOP), Just(MAIL)],
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[-a-z0-9:{}\\[\\]&*'\"$\n \u{e9}]{0,6}"), 1..6),
    ) {
        let mut chars: Vec<char> = sample.chars().collect();
        for (at, len, with) in cuts {
            let at = at.index(chars.len());
            let end = (at + len).min(chars.len());
            chars.splice(at..end, with.chars());
        }
        survive(&chars.into_iter().collect::<String>());
    }

    #[test]
    fn any_value_in_the_place_of_any_other_ends(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let words: Vec<&str> = SHOP.split_inclusive([' ', '\n', ',', '}', ']']).collect();
        let (from, to) = (from.index(words.len()), to.index(words.len()));
        let mut changed = words.clone();
        changed[to] = words[from];
        survive(&changed.concat());
    }

    #[test]
    fn any_url_on_the_command_line_ends(text in ".{0,60}") {
        let _ = for_url(&text, &common::environment(), common::now());
        let _ = for_url(&format!("https://{text}"), &common::environment(), common::now());
    }
}

#[test]
fn a_folder_is_read_in_the_order_of_names_and_joined() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "10-page.yaml",
        "page: {title: A}\nplaces: [gb]\nservices:\n- {id: a, capabilities: {b: {journey: [{ping: a.example}]}}}\n",
    );
    write(
        "20-more.yml",
        "\u{feff}places: [us]\nvantages: {x: {in: us}}\nservices:\n- {id: c, capabilities: {d: {journey: [{ping: a.example}]}}}\n",
    );
    write(".hidden.yaml", "nonsense");
    write("notes.txt", "nonsense");
    let source = Source::read(folder.path()).unwrap();
    let resolved = resolve(&source, &common::environment(), common::now()).unwrap();
    assert_eq!(resolved.plan.services.len(), 2);
    assert_eq!(resolved.plan.places.len(), 2);
    write("30-again.yaml", "page: {title: B}\n");
    let source = Source::read(folder.path()).unwrap();
    let faults = resolve(&source, &common::environment(), common::now()).expect_err("two pages");
    assert!(
        faults.0[0].file.ends_with("30-again.yaml") && faults.0[0].message.contains("two files"),
        "{faults}"
    );
}

#[test]
fn what_is_read_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Source::read(folder.path()), Err(ReadError::Empty { .. })));
    assert!(matches!(Source::read(&folder.path().join("none")), Err(ReadError::System { .. })));
    let file = folder.path().join("a.yaml");
    fs::write(&file, b"page:\n  title: \xff").unwrap();
    assert!(matches!(Source::read(&file), Err(ReadError::NotUtf8 { line: 2, column: 10, .. })));
    let large = vec![b'#'; usize::try_from(FILE_MAX).unwrap() + 1];
    fs::write(&file, &large).unwrap();
    assert!(matches!(Source::read(&file), Err(ReadError::TooLarge { .. })));
    for n in 0..11 {
        fs::write(folder.path().join(format!("{n}.yaml")), &large[1..]).unwrap();
    }
    fs::remove_file(&file).unwrap();
    assert!(matches!(Source::read(folder.path()), Err(ReadError::TooLarge { .. })));
}

#[test]
fn a_large_config_with_many_faults_is_still_quick_to_report() {
    let text = "services:\n".to_owned() + &"- {idd: 1}\n".repeat(40_000);
    let source = Source::of_text("candor.yaml", &text);
    let faults = resolve(&source, &common::environment(), common::now()).expect_err("faults");
    assert_eq!(faults.0.len(), 500);
    assert!(faults.render(&source, false).len() < 1 << 20);
}

#[test]
fn a_url_alone_makes_a_plan() {
    let capabilities = |url: &str| {
        let resolved =
            for_url(url, &common::environment(), common::now()).unwrap_or_else(|f| panic!("{url}: {f}"));
        let service = &resolved.plan.services[0];
        let ids: Vec<String> = service.capabilities.iter().map(|c| c.id.to_string()).collect();
        format!("{} {}", service.id, ids.join(" "))
    };
    assert_eq!(capabilities("https://shop.example"), "shop.example front-page certificate dns");
    assert_eq!(capabilities("http://shop.example/{a}$b?c=\"d\""), "shop.example front-page dns");
    assert_eq!(capabilities("http://127.0.0.1:8080/"), "127.0.0.1 front-page");
    assert_eq!(capabilities("https://[2001:db8::1]/"), "2001-db8--1 front-page certificate");
    assert_eq!(capabilities("http://localhost:8080"), "localhost front-page");
    for bad in ["", "shop.example", "ftp://shop.example", "https://u:p@shop.example", "https://"] {
        assert!(for_url(bad, &common::environment(), common::now()).is_err(), "{bad}");
    }
}

#[test]
fn long_runs_of_one_mark_end() {
    let size = usize::try_from(FILE_MAX / 8).unwrap();
    for unit in [
        "[", "{", "- ", "? ", "a: ", "a:\n", "[a,", "&a ", "*a ", "\"", "'", "|\n ", "\u{e9}", "# ", "---\n",
        "{a: 1}, ", "- a: b\n", "  ",
    ] {
        survive(&unit.repeat(size / unit.len()));
    }
}

#[test]
fn every_file_that_is_not_yaml_is_named_before_anything_else() {
    let mut source = Source::of_text("a.yaml", "services: [");
    source.files.push(candor_config::SourceFile::new("b.yaml", "page: {titel: x}"));
    source.files.push(candor_config::SourceFile::new("c.yaml", "x: y: z"));
    let faults = resolve(&source, &common::environment(), common::now()).expect_err("not YAML");
    let files: Vec<&str> = faults.0.iter().map(|f| f.file.as_str()).collect();
    assert_eq!(files, ["a.yaml", "c.yaml"], "{faults}");
    assert!(faults.0.iter().all(|f| f.message.starts_with("not YAML")), "{faults}");
}

#[test]
fn a_plan_that_is_rude_to_its_targets_is_told_so() {
    let text = "services:\n- id: shop\n  capabilities:\n    buy: {every: 10s, journey: [{post: https://a.example/}, {get: {first_link: a}}]}\n    \
        open: {every: 1s, journey: [{get: https://a.example/, expect: {size: 1kB}}]}\n";
    let cost = candor_config::cost(&common::read(text).expect("a plan").plan);
    let host = &cost.hosts[0];
    assert_eq!(
        (host.host.as_str(), host.requests, host.writing_journeys),
        ("a.example", 86_400 + 2 * 8_640, 8_640)
    );
    assert_eq!(
        cost.warnings,
        [
            "shop/buy writes every 10s; at most every 1m is polite",
            "a.example gets 1.2 requests a second, day and night"
        ]
    );
}

#[test]
fn a_pipe_is_refused_and_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of coreutils");
    let refused = Source::read(&pipe).unwrap_err().to_string();
    assert!(refused.contains("not a regular file"), "{refused}");
    let secret = candor_config::Environment::read(&candor_config::Process, &pipe).unwrap_err().to_string();
    assert!(secret.contains("not a regular file"), "{secret}");
}

#[test]
fn a_folder_loses_no_file_without_a_word() {
    let service = "services:\n- {id: a, capabilities: {b: {journey: [{ping: a.example}]}}}\n";
    let with = |add: &dyn Fn(&std::path::Path)| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("10-a.yaml"), service).unwrap();
        fs::create_dir(folder.path().join("old.yaml")).unwrap();
        add(folder.path());
        Source::read(folder.path()).map_err(|error| error.to_string())
    };
    assert_eq!(with(&|_| ()).unwrap().files.len(), 1);
    let gone =
        |folder: &std::path::Path| std::os::unix::fs::symlink("nowhere", folder.join("20-b.yaml")).unwrap();
    assert!(with(&gone).unwrap_err().contains("20-b.yaml"));
    let loops =
        |folder: &std::path::Path| std::os::unix::fs::symlink("20-b.yaml", folder.join("20-b.yaml")).unwrap();
    assert!(with(&loops).unwrap_err().contains("20-b.yaml"));
    let pipe = |folder: &std::path::Path| {
        let made = std::process::Command::new("mkfifo").arg(folder.join("20-b.yaml")).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of coreutils");
    };
    assert!(with(&pipe).unwrap_err().contains("not a regular file"));
    let odd = |folder: &std::path::Path| {
        let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"20-\xff\x1b.yaml");
        fs::write(folder.join(name), "page: {title: Odd}\n").unwrap();
    };
    let read = with(&odd).unwrap();
    assert_eq!(read.files.len(), 2);
    assert!(!read.files[1].name.contains('\u{1b}'));
    let crowd = |folder: &std::path::Path| {
        for n in 0..candor_config::ENTRIES_MAX {
            fs::write(folder.join(n.to_string()), "").unwrap();
        }
    };
    assert!(with(&crowd).unwrap_err().contains("files in this folder"));
}

#[test]
fn a_file_of_a_terabyte_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("candor.yaml");
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(Source::read(&path), Err(ReadError::TooLarge { .. })));
    let secret = candor_config::Environment::read(&candor_config::Process, &path).unwrap_err().to_string();
    assert!(secret.contains("larger than 1 MiB"), "{secret}");
    assert!(
        Source::read(std::path::Path::new("/dev/zero"))
            .unwrap_err()
            .to_string()
            .contains("not a regular file")
    );
}
