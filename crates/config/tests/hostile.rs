//! What a careless or malicious hand can write: each is refused at its place, with a way out, in bounded time and memory.

mod common;

use candor_config::{FAULTS_MAX, Source, resolve, show};
use common::{around, environment, faults, now, read, steps};

const GET: &str = "journey: [{get: https://a.example/}]";

/// One fault, which says this.
#[track_caller]
fn refused(text: &str, says: &[&str]) {
    let faults = faults(text);
    let [only] = faults.as_slice() else { panic!("{faults:#?}") };
    assert!(says.iter().all(|part| only.contains(part)), "{only}");
}

fn many(n: usize, each: impl Fn(usize) -> String) -> String {
    (0..n).map(each).collect()
}

// ---- names that lie or flood ----

#[test]
fn names_hold_no_unseen_characters_wherever_they_stand() {
    let shop = "id: shop, capabilities: {open: {journey: [{get: https://a.example/}]}}";
    let at = |name: &str| {
        [
            format!("page: {{title: {name}}}\nservices: [{{{shop}}}]"),
            format!("services: [{{name: {name}, {shop}}}]"),
            format!("services: [{{group: {name}, {shop}}}]"),
            format!("services: [{{labels: {{team: {name}}}, {shop}}}]"),
            around(&format!("name: {name}\n{GET}")),
            around(&format!("words: {{can: {name}}}\n{GET}")),
            around(&format!("words: {{doing: {name}}}\n{GET}")),
            format!("places: {{gb: {{name: {name}}}}}\nservices: [{{{shop}}}]"),
            format!("vantages: {{leeds: {{name: {name}}}}}\nservices: [{{{shop}}}]"),
            format!(
                "maintenance: [{{name: {name}, from: 2027-01-01T00:00Z, for: 1h}}]\nservices: [{{{shop}}}]"
            ),
        ]
    };
    for (name, says) in [
        (r#""a\u202Eb""#, "U+202E"),
        ("\"a\u{2066}b\"", "U+2066"),
        (r#""a\u200Bb""#, "U+200B"),
        (r#""a\eb""#, "U+001B"),
        (r#""a\0b""#, "U+0000"),
        (r#""a\nb""#, "a line break"),
        (r#""\u200D""#, "shows nothing"),
        (r#""\u00A0""#, "shows nothing"),
        (&format!("\"{}\"", "x".repeat(121)), "121 characters"),
        (&"x".repeat(100_000), "100000 characters"),
    ] {
        for text in at(name) {
            refused(&text, &[says]);
        }
    }
    for text in at("\"Überweisung \u{1f6d2}\u{fe0f} शॉप\"") {
        read(&text).unwrap_or_else(|faults| panic!("{faults}"));
    }
}

#[test]
fn ids_are_no_paths_and_no_tricks() {
    for id in [
        "../x",
        "a/b",
        "%2e",
        "CON",
        ".",
        "a.",
        "-a",
        "\"a\\u202Eb\"",
        "\"a\\0\"",
        "ａ",
        "''",
        &"a".repeat(64),
    ] {
        let text = format!("services: [{{id: {id}, capabilities: {{open: {{{GET}}}}}}}]");
        assert!(faults(&text).iter().any(|f| f.starts_with("1:17: ")), "{id}: {:?}", faults(&text));
    }
}

#[test]
fn what_is_printed_of_a_fault_shows_no_unseen_character() {
    let mut source = Source::of_text(
        "a\u{1b}[31m\u{202e}.yaml",
        "page: {\"ti\\u202Etle\": \"\u{202e}\"}\n\"a\\e[2Jb\": 1\n",
    );
    source.files.push(candor_config::SourceFile::new("b.yaml", "services: [\"\u{2066}\"]"));
    let faults = resolve(&source, &environment(), now()).expect_err("faults");
    let shown = format!("{}{}{}", faults.render(&source, false), faults, faults.to_json()[0]["text"]);
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{2066}', '\u{9b}']), "{shown:?}");
}

#[test]
fn the_resolved_form_shows_no_unseen_character() {
    let text = steps("- post: https://a.example/\n  body: \"a\\u202E\\e[31m\\U000E0041\"");
    let shown = show(&read(&text).expect("a body may hold anything").plan);
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{e0041}']), "{shown:?}");
    assert!(shown.contains(r"\u202e") && shown.contains(r"\udb40\udc41"), "{shown}");
}

// ---- YAML itself ----

#[test]
fn every_tag_is_refused() {
    for tagged in ["!!python/object shop", "!!str shop", "!x shop", "! shop", "!<tag:x,2000:y> shop"] {
        let text = format!("services: [{{id: {tagged}, capabilities: {{open: {{{GET}}}}}}}]");
        refused(&text, &["1:17: ", "tags mean nothing"]);
    }
    refused(&around(&format!("!!str {GET}")), &["5:7: ", "tags mean nothing"]);
}

#[test]
fn line_ends_and_marks_of_other_systems_are_read() {
    let text = around(GET);
    for text in [text.replace('\n', "\r\n"), text.replace('\n', "\r"), format!("\u{feff}{text}")] {
        read(&text).unwrap_or_else(|faults| panic!("{faults}"));
    }
    assert!(faults(&text.replace("  ", "\t"))[0].contains("tab"));
    assert!(faults("page: {title: \"a\0b\"}")[0].starts_with("1:15: not YAML"));
}

// ---- more than anybody means ----

#[test]
fn a_product_that_is_astronomical_is_one_fault() {
    let places = many(500, |n| format!("p{n},"));
    let ids = many(20_000, |n| format!("a{n},"));
    let capabilities = many(1_000, |n| format!("    b{n}: *a\n"));
    let text = format!(
        "places: [{places}]\nservices:\n- ids: [{ids}]\n  capabilities:\n    a: &a {{{GET}}}\n{capabilities}"
    );
    refused(&text, &["more than 200000 checks", "another hub"]);
}

#[test]
fn ids_that_multiply_what_they_share_are_one_fault() {
    let ids = many(20_000, |n| format!("a{n},"));
    let json = "1,".repeat(1_000);
    let text = format!(
        "services:\n- ids: [{ids}]\n  capabilities:\n    a: {{journey: [{{post: https://a.example/, json: [{json}]}}]}}\n"
    );
    refused(&text, &["more than 4000000 values"]);
}

#[test]
fn texts_that_are_written_out_too_often_are_one_fault() {
    let ids = many(2_000, |n| format!("a{n},"));
    let body = "y".repeat(250_000);
    let text = format!(
        "services:\n- ids: [{ids}]\n  capabilities:\n    a: {{journey: [{{post: https://a.example/, body: {body}}}]}}\n"
    );
    refused(&text, &["more than 128MiB of text"]);
}

#[test]
fn a_large_secret_is_counted_each_time_it_is_used() {
    let mut environment = environment();
    environment.files.insert("big".into(), "s".repeat(1 << 20));
    let secrets = "${file:big}".repeat(300);
    let source =
        Source::of_text("candor.yaml", &steps(&format!("- post: https://a.example/\n  body: {secrets}")));
    let faults = resolve(&source, &environment, now()).expect_err("too much");
    assert!(faults.0[0].message.contains("more than 128MiB of text"), "{faults}");
}

#[test]
fn lists_that_everything_is_compared_with_are_bounded() {
    let get = around(GET);
    refused(&format!("places: [{}]\n{get}", many(100_000, |n| format!("p{n},"))), &["100000 places", "500"]);
    refused(
        &format!("vantages: {{{}}}\n{get}", many(50_000, |n| format!("v{n}: {{}},"))),
        &["50000 vantages"],
    );
    let windows = many(2_000, |n| format!("- {{name: a, from: 2027-01-01T00:{:02}Z, for: 1h}}\n", n % 60));
    refused(&format!("maintenance:\n{windows}{get}"), &["2000 windows"]);
    let headers = many(60_000, |n| format!("h{n}: x,"));
    refused(
        &steps(&format!("- get: https://a.example/\n  headers: {{{headers}}}")),
        &["60000 header fields"],
    );
    let text = steps(&format!("- get: https://a.example/\n  expect: {{headers: {{{headers}}}}}"));
    refused(&text, &["60000 header fields"]);
}

#[test]
fn ids_by_the_thousand_are_told_apart_quickly() {
    let ids = many(10_000, |n| format!("a{n},"));
    let text = format!("services:\n- ids: [{ids}]\n  capabilities: {{open: {{{GET}}}}}\n");
    assert_eq!(read(&text).expect("few enough").plan.services.len(), 10_000);
}

#[test]
fn any_number_of_faults_is_reported_in_bounded_time_and_space() {
    let near_templates = format!(
        "templates:\n{}services:\n{}",
        many(20_000, |n| format!("  t{n}: {{}}\n")),
        many(20_000, |n| format!("- {{id: a{n}, template: u{n}}}\n"))
    );
    for text in [
        format!("services: [{}]", "{idd: 1},".repeat(90_000)),
        many(100_000, |n| format!("k{n}: 1\n")),
        format!("page: {{{}}}", "title: a,".repeat(90_000)),
        steps(&format!(
            "- get: https://a.example/\n  capture: {{{}}}",
            many(50_000, |n| format!("'{n}': $.a,"))
        )),
        near_templates,
    ] {
        let source = Source::of_text("candor.yaml", &text);
        let faults = resolve(&source, &environment(), now()).expect_err("faults");
        assert!(!faults.0.is_empty() && faults.0.len() <= FAULTS_MAX, "{}", faults.0.len());
        assert!(faults.to_string().len() < 400_000);
    }
}

#[test]
fn a_fault_in_a_line_of_a_megabyte_is_shown_without_the_line() {
    let text = format!("page: {{titel: 1, title: {}}}\n{}", "x ".repeat(500_000), around(GET));
    let source = Source::of_text("candor.yaml", &text);
    let faults = resolve(&source, &environment(), now()).expect_err("faults");
    insta::assert_snapshot!(faults.render(&source, false));
}

// ---- patterns, paths and selectors ----

#[test]
fn a_json_path_with_brackets_in_brackets_is_refused_before_it_is_parsed() {
    let nest = |open: &str, n: usize, close: &str| format!("$[?{}@.a{}]", open.repeat(n), close.repeat(n));
    for path in [
        nest("(", 1_500, ")"),
        nest("@[?", 900, "]"),
        nest("count(@[?", 25, "])>1"),
        nest("length(value(@.a[?", 12, "]))==1"),
    ] {
        let text = steps(&format!("- get: https://a.example/\n  capture: {{t: \"{path}\"}}"));
        refused(&text, &["7:", "nested more than 8 deep"]);
        let text = steps(&format!("- get: https://a.example/\n  expect: {{json: {{\"{path}\": 1}}}}"));
        refused(&text, &["7:", "nested more than 8 deep"]);
    }
    let worst = nest("count(@[?", 3, "])>1");
    read(&steps(&format!("- get: https://a.example/\n  capture: {{t: \"{worst}\"}}"))).expect("few enough");
}

#[test]
fn a_pattern_that_grows_when_compiled_is_refused() {
    let of = |pattern: &str| {
        steps(&format!("- get: https://a.example/\n  capture: {{t: {{regex: '{pattern}'}}}}"))
    };
    refused(&of(r"(\w{100}){100}"), &["7:", "too large when compiled"]);
    refused(&of(&"a".repeat(5_000)), &["7:", "at most 4096 bytes"]);
    refused(&of(&"(".repeat(4_000)), &["7:", "is not a pattern"]);
    let ids = many(2_000, |n| format!("a{n},"));
    let text = format!(
        "services:\n- ids: [{ids}]\n  capabilities:\n    a: {{journey: [{{get: https://a.example/, capture: {{t: {{regex: '\\w{{10}}'}}}}}}]}}\n"
    );
    read(&text).expect("compiled once");
    let each = many(300, |n| {
        format!(
            "    a{n}: {{journey: [{{get: https://a.example/, capture: {{t: {{regex: '\\w{{5}}{n}'}}}}}}]}}\n"
        )
    });
    refused(&format!("services:\n- id: a\n  capabilities:\n{each}"), &["more than 200 patterns"]);
}

#[test]
fn the_same_wrong_pattern_is_a_fault_at_each_of_its_places() {
    let step = "- get: https://a.example/\n  capture: {t: $.}\n- get: https://a.example/\n  capture: {u: $.}";
    let faults = faults(&steps(step));
    let [first, second] = faults.as_slice() else { panic!("{faults:?}") };
    assert!(first.starts_with("7:22:") && second.starts_with("9:22:"), "{faults:?}");
}

// ---- numbers, times, addresses ----

#[test]
fn numbers_are_digits_and_finite() {
    for (text, says) in [
        (around(&format!("quorum: +1\n{GET}")), "not a quorum"),
        (around(&format!("degraded: {{failing: +1 of +2}}\n{GET}")), "not `n of m`"),
        (around(&format!("every: 0s\n{GET}")), "out of bounds"),
        (around(&format!("every: 1ns\n{GET}")), "not a duration"),
        (around(&format!("every: -30s\n{GET}")), "not a duration"),
        (around(&format!("every: ３０s\n{GET}")), "not a duration"),
        (around(&format!("every: 1e3s\n{GET}")), "not a duration"),
        (around(&format!("every: 1000000000 years\n{GET}")), "not a duration"),
        (around(&format!("confirm: {{down: 0o7}}\n{GET}")), "does not fit"),
        (steps("- tcp: a.example:+80"), "not a host and port"),
        (steps("- get: https://a.example/\n  expect: {status: +200}"), "not a status"),
        (steps("- get: https://a.example/\n  expect: {json: {$.a: {at_least: 1e400}}}"), "not a number"),
        (steps("- get: https://a.example/\n  expect: {json: {$.a: {at_most: NaN}}}"), "not a number"),
        (steps("- get: https://a.example/\n  expect: {json: {$.a: {at_most: 0x10}}}"), "not a number"),
    ] {
        refused(&text, &[says]);
    }
}

#[test]
fn an_address_where_nothing_can_be_is_refused() {
    for (text, says) in [
        (steps("- get: http://a.example:0/"), "port 0"),
        (steps("- get: \"http://a.example/\\nx\""), "line break"),
        (steps("- get: \"https://a.example/${LINES}\""), "line break"),
        (format!("page: {{url: \"https://a.example:0/\"}}\n{}", around(GET)), "not a URL of a page"),
        (format!("page: {{url: \"https://a.example/ <b>\"}}\n{}", around(GET)), "not a URL of a page"),
        (
            format!("page: {{url: \"https://a.example/{}\"}}\n{}", "x".repeat(2_000), around(GET)),
            "not a URL of a page",
        ),
    ] {
        let mut environment = environment();
        environment.variables.insert("LINES".into(), "one\ntwo".into());
        let faults =
            resolve(&Source::of_text("candor.yaml", &text), &environment, now()).expect_err("refused");
        assert!(faults.0.len() == 1 && faults.0[0].message.contains(says), "{faults}");
    }
    for url in ["http://a.example:0", "https://", "//a.example", "HTTPS:", "file:///etc/passwd", "\u{202e}"] {
        let faults = candor_config::for_url(url, &environment(), now()).expect_err("no site");
        assert!(
            faults.to_string().contains("is not the URL of a site")
                && !faults.to_string().contains('\u{202e}')
        );
    }
    candor_config::for_url("HTTP://A.example", &environment(), now()).expect("schemes have no case");
}

#[test]
fn absurd_times_are_refused() {
    let window = |keys: &str| format!("maintenance: [{{name: a, for: 1h, {keys}}}]\n{}", around(GET));
    for (keys, says) in [
        ("from: \"9999-12-30T21:59:59Z\"", "the year 9999"),
        ("from: \"-009999-01-02T01:59:59Z\"", "the year"),
        ("from: 1969-12-31T00:00, timezone: UTC", "the year 1969"),
        ("from: 2027-02-30T00:00Z", "not a date and time"),
        ("on_calendar: daily 03:00, timezone: ../../../etc/passwd", "not a time zone"),
        ("on_calendar: daily 03:00, timezone: AAA-24BBB", "not a time zone"),
        ("on_calendar: daily 03:00, timezone: \"\\0\"", "U+0000"),
    ] {
        refused(&window(keys), &[says]);
    }
}
